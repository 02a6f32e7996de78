#include "base/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace pavtest {
namespace {

class SettingsTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "pavtest-settings-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        path_ = pattern;
        account_ = {::getuid(), "alice", path_ + "/home"};
        environment_.set("PAVTEST_CONFIG", path_ + "/site.yaml");
        site("");
    }
    void TearDown() override { std::filesystem::remove_all(path_); }

    void site(const std::string& text) { write(path_ + "/site.yaml", text); }
    void own(const std::string& text) {
        std::filesystem::create_directories(path_ + "/home/.config/pavtest");
        write(path_ + "/home/.config/pavtest/pavtest.yaml", text);
    }
    static void write(const std::string& path, const std::string& text) {
        std::ofstream(path) << text;
        ::chmod(path.c_str(), 0644);
    }
    Result<Settings> load() { return load_settings(environment_, account_); }

    std::string path_;
    Account account_;
    Environment environment_;
};

TEST_F(SettingsTest, DefaultsToTheHomeDirectory) {
    EXPECT_EQ(load()->store, path_ + "/home/.pavtest");
}

TEST_F(SettingsTest, TheSiteNamesStoresByUser) {
    site("store: /scratch/pavtest/{user}\nhook_deadline: 5\n");
    const auto settings = load();
    ASSERT_TRUE(settings);
    EXPECT_EQ(settings->store, "/scratch/pavtest/alice");
    EXPECT_EQ(settings->store_templates.front(), "/scratch/pavtest/{user}");
    EXPECT_EQ(settings->hook_deadline.count(), 5);
}

TEST_F(SettingsTest, TheUserMaySetOnlyWhatIsTheirs) {
    own("store: '{home}/mine'\n");
    EXPECT_EQ(load()->store, path_ + "/home/mine");
    own("hook_deadline: 1\n");
    ASSERT_FALSE(load());
    EXPECT_THAT(load().error().what, testing::HasSubstr("for the site"));
}

TEST_F(SettingsTest, MistakesAreNamedWithTheirPlace) {
    site("store: /a\nstor: /b\n");
    const auto settings = load();
    ASSERT_FALSE(settings);
    EXPECT_EQ(settings.error().place->line, 2);
    EXPECT_THAT(settings.error().hint, testing::HasSubstr("'store'"));
    for (const char* text : {"store: [1, 2]\n", "store: relative\n", "hook_deadline: soon\n",
                             "hook_deadline: 100000\n", "- a\n", "a: b: c\n"}) {
        site(text);
        EXPECT_FALSE(load()) << text;
    }
}

TEST_F(SettingsTest, AFileThatOthersMayWriteIsRefused) {
    ::chmod((path_ + "/site.yaml").c_str(), 0666);
    ASSERT_FALSE(load());
    EXPECT_THAT(load().error().hint, testing::HasSubstr("chmod go-w"));
}

TEST_F(SettingsTest, AFileThatOthersMayReplaceIsRefused) {
    std::filesystem::create_directories(path_ + "/open/etc");
    write(path_ + "/open/etc/site.yaml", "hook_deadline: 5\n");
    environment_.set("PAVTEST_CONFIG", path_ + "/open/etc/site.yaml");
    EXPECT_TRUE(load());
    ::chmod((path_ + "/open").c_str(), 0777);
    ASSERT_FALSE(load());
    EXPECT_THAT(load().error().what, testing::HasSubstr("/open' others may write it"));
    std::filesystem::create_symlink(path_ + "/open/etc/site.yaml", path_ + "/link.yaml");
    environment_.set("PAVTEST_CONFIG", path_ + "/link.yaml");
    EXPECT_FALSE(load());
    ::chmod((path_ + "/open").c_str(), 01777);  // where others may only add
    EXPECT_TRUE(load());
}

TEST_F(SettingsTest, ASetuidFileIsRefused) {
    ::chmod((path_ + "/site.yaml").c_str(), 04644);
    ASSERT_FALSE(load());
    EXPECT_THAT(load().error().what, testing::HasSubstr("setuid"));
}

TEST_F(SettingsTest, WhatTheSitePinsNobodyElseSets) {
    site("store: /site/{user}\npinned: [store, config_dirs]\n");
    EXPECT_EQ(load()->store, "/site/alice");
    own("store: /mine\n");
    ASSERT_FALSE(load());
    EXPECT_THAT(load().error().what, testing::HasSubstr("pinned"));
    own("job_margin: 1\n");
    EXPECT_TRUE(load());
    environment_.set("PAVTEST_STORE_DIR", "/mine");
    ASSERT_FALSE(load());
    EXPECT_THAT(load().error().what, testing::HasSubstr("PAVTEST_STORE_DIR"));
}

TEST_F(SettingsTest, OnlyWhatAUserMaySetCanBePinned) {
    site("pinned: stor\n");
    ASSERT_FALSE(load());
    EXPECT_THAT(load().error().hint, testing::HasSubstr("'store'"));
    site("pinned: hook_deadline\n");
    EXPECT_FALSE(load());
}

TEST_F(SettingsTest, TheSiteSaysWhoMayUseIt) {
    EXPECT_TRUE(check_user(*load(), account_));
    site("allow_users: [bob, al*]\n");
    EXPECT_TRUE(check_user(*load(), account_));
    site("allow_users: bob\n");
    ASSERT_FALSE(check_user(*load(), account_));
    EXPECT_THAT(check_user(*load(), account_).error().what, testing::HasSubstr("alice"));
    // root's own group has the same name everywhere.
    site("allow_groups: root\n");
    EXPECT_TRUE(check_user(*load(), {0, "root", "/root"}));
    EXPECT_FALSE(check_user(*load(), account_));
    site("allow_users: []\n");
    EXPECT_FALSE(check_user(*load(), account_));
}

TEST_F(SettingsTest, LimitsAreNumbers) {
    site("max_tests: 100\nmax_job_time: 60\nallowed_modes: [night*]\n");
    const auto settings = load();
    ASSERT_TRUE(settings);
    EXPECT_EQ(settings->policy.max_tests, 100U);
    EXPECT_EQ(settings->policy.max_job_time.count(), 60);
    EXPECT_THAT(*settings->policy.allowed_modes, testing::ElementsAre("night*"));
    site("max_tests: 0\n");
    EXPECT_FALSE(load());
    own("max_tests: 5\n");
    site("");
    EXPECT_FALSE(load());
}

TEST_F(SettingsTest, AMissingNamedFileIsAnError) {
    std::filesystem::remove(path_ + "/site.yaml");
    EXPECT_FALSE(load());
}

TEST_F(SettingsTest, TheEnvironmentMovesTheStore) {
    environment_.set("PAVTEST_STORE_DIR", "/elsewhere");
    EXPECT_EQ(load()->store, "/elsewhere");
    EXPECT_THAT(load()->store_templates, testing::ElementsAre("/elsewhere"));
    environment_.set("PAVTEST_STORE_DIR", "elsewhere");
    EXPECT_FALSE(load());
}

}  // namespace
}  // namespace pavtest
