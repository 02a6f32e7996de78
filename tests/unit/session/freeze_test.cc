#include "session/freeze.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "session/id.h"

namespace pavtest::session {
namespace {

namespace fs = std::filesystem;

class FreezeTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "pavtest-freeze-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        path_ = pattern;
        fs::create_directories(path_ + "/suites/hpl/src");
        std::ofstream(path_ + "/suites/hpl/src/main.c") << "int main(void) { return 0; }\n";
        settings_.store = path_ + "/store";
        resolved_.full_name = "hpl.run";
        resolved_.suite = "hpl";
        resolved_.test = "run";
        resolved_.suite_directory = path_ + "/suites/hpl";
        resolved_.config["build"]["source_path"] = "src";
    }
    void TearDown() override { fs::remove_all(path_); }

    Result<Plan> plan() {
        suite::Resolution resolution;
        resolution.tests = {resolved_, resolved_};
        return plan_of(resolution, {{"main", path_}}, "x");
    }
    Bundle bundle() {
        Bundle bundle;
        bundle.header.id = make_id(clock_.now(), 7);
        bundle.header.tests = 2;
        bundle.header.submit_host = "login1";
        bundle.plan = *plan();
        bundle.plan.id = bundle.header.id;
        bundle.store = settings_.store;
        return bundle;
    }

    std::string path_;
    Settings settings_;
    SystemClock clock_;
    suite::ResolvedTest resolved_;
};

TEST_F(FreezeTest, ABundleSurvivesTheWayThroughADescriptor) {
    const Bundle before = bundle();
    const auto after = bundle_from_json(to_json(before));
    ASSERT_TRUE(after);
    EXPECT_EQ(after->header.id, before.header.id);
    EXPECT_EQ(after->plan.tests.size(), 2U);
    EXPECT_EQ(after->store, before.store);
    for (const char* text : {"", "{}", "[1]", R"({"session":1,"plan":2,"store":3})"}) {
        EXPECT_FALSE(bundle_from_json(text)) << text;
    }
}

TEST_F(FreezeTest, SourcesAreCopiedOnceAndOutliveTheSuite) {
    const auto session = freeze(bundle(), settings_, clock_, "login1");
    ASSERT_TRUE(session) << describe(session.error());
    fs::remove_all(path_ + "/suites");
    const auto plan = session->plan();
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->tests[0].source, "sources/0000/src");
    EXPECT_EQ(plan->tests[1].source, "sources/0000/src");
    EXPECT_TRUE(fs::exists(session->directory().path() + "/sources/0000/src/main.c"));
}

TEST_F(FreezeTest, TheFirstRecordsAreThereWithTheSession) {
    const auto session = freeze(bundle(), settings_, clock_, "login1");
    ASSERT_TRUE(session);
    const auto text = session->directory().read("submit.jsonl");
    ASSERT_TRUE(text);
    EXPECT_THAT(*text, testing::HasSubstr("CREATED"));
    EXPECT_THAT(*text, testing::HasSubstr("SCHEDULED"));
    ASSERT_TRUE(record_submission(*session, 1, clock_, "login1"));
    EXPECT_THAT(*session->directory().read("submit.jsonl"), testing::HasSubstr("refused"));
}

TEST_F(FreezeTest, SourcesBeyondTheLimitAreRefusedAndNothingIsLeft) {
    settings_.source_limit = 4;
    const auto session = freeze(bundle(), settings_, clock_, "login1");
    ASSERT_FALSE(session);
    EXPECT_THAT(session.error().hint, testing::HasSubstr("source_limit"));
    EXPECT_FALSE(fs::exists(settings_.store + "/sessions"));
}

TEST_F(FreezeTest, AMissingSourceNamesThePlacesLookedAt) {
    resolved_.config["build"]["source_path"] = "nowhere";
    const auto missing = plan();
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().hint, testing::HasSubstr("/suites/hpl/nowhere"));
    EXPECT_THAT(missing.error().hint, testing::HasSubstr("/test_src/nowhere"));
}

TEST_F(FreezeTest, AnUrlIsNoNeedOfTheNetworkWhereTheSourceIsThere) {
    resolved_.config["build"]["source_url"] = "http://example.org/src.tgz";
    resolved_.config["build"]["source_download"] = "missing";
    EXPECT_TRUE(plan());
    resolved_.config["build"]["source_download"] = "latest";
    ASSERT_FALSE(plan());
    EXPECT_THAT(plan().error().hint, testing::HasSubstr("'latest'"));
    resolved_.config["build"]["source_path"] = "gone";
    resolved_.config["build"]["source_download"] = "missing";
    ASSERT_FALSE(plan());
    EXPECT_THAT(plan().error().what, testing::HasSubstr("not fetched here"));
    resolved_.config["build"]["source_download"] = "never";
    EXPECT_THAT(plan().error().what, testing::HasSubstr("is not there"));
}

TEST_F(FreezeTest, WhatTemplatesBecameIsAmongTheFilesToCreate) {
    resolved_.config["build"]["create_files"] = {{"a", {"1"}}, {"b", {"2"}}};
    resolved_.template_files = {{"build", {{"b", {"3", "4"}}}}, {"run", {{"c", {"5"}}}}};
    const nlohmann::json config = plan()->tests[0].config;
    EXPECT_EQ(config["build"]["create_files"], nlohmann::json({{"a", {"1"}}, {"b", {"3", "4"}}}));
    EXPECT_EQ(config["run"]["create_files"], nlohmann::json({{"c", nlohmann::json{"5"}}}));
}

TEST_F(FreezeTest, ASkippedTestNeedsNoSource) {
    resolved_.config["build"]["source_path"] = "nowhere";
    resolved_.skip_reasons = {"not here"};
    EXPECT_TRUE(plan());
}

}  // namespace
}  // namespace pavtest::session
