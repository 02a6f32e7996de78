// The cases in ../shared/conformance: what the real Pavilion makes of its own tests'
// configuration files. Skipped, loudly, where they are not there.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "base/file.h"
#include "base/text.h"
#include "suite/resolve.h"
#include "suite/scheduler_facts.h"

using namespace pavtest;
using nlohmann::json;

namespace {

const std::string kFolder = std::string(PAVTEST_SOURCE_DIR) + "/../shared/conformance";

/// A host without Slurm, as the cases were made on.
class NoSlurm : public suite::SchedulerFacts {
  public:
    [[nodiscard]] bool available() const override { return false; }
    [[nodiscard]] const Result<std::vector<suite::NodeFacts>>& nodes() const override {
        return none_;
    }

  private:
    Result<std::vector<suite::NodeFacts>> none_;
};

suite::World pinned_world() {
    suite::World world;
    world.directories = {{"main", kFolder + "/config"}};
    world.scheduler = std::make_shared<NoSlurm>();
    world.pinned_facts = {{"sys_name", "testhost"},
                          {"sys_host", "testhost"},
                          {"sys_arch", "x86_64"},
                          {"sys_os.name", "debian"},
                          {"sys_os.version", "12"},
                          {"pav.user", "pavuser"},
                          {"pav.user_id", "1000"},
                          {"pav.timestamp", "1700000000.0"},
                          {"pav.year", "2023"},
                          {"pav.month", "11"},
                          {"pav.day", "14"},
                          {"pav.weekday", "Tuesday"},
                          {"pav.time", "22:13:20.000000"},
                          {"pav.version", "2.4"}};
    return world;
}

json load(const std::string& path) {
    std::ifstream file(path);
    return json::parse(file);
}

// Our resolution in the shape of the expected files.
json shown(const suite::Resolution& resolution, bool merged) {
    json tests = json::array();
    for (const suite::ResolvedTest& test : resolution.tests) {
        json one;
        one["config"] = test.config;
        one["full_name"] = test.full_name;
        one["name"] = test.test;
        one["subtitle"] = test.subtitle ? json(*test.subtitle) : json(nullptr);
        if (!merged) {
            one["skip_reasons"] = test.skip_reasons;
            if (!test.permute_vars.empty()) {
                one["permute_vars"] = test.permute_vars;
            }
        }
        std::string& path = one["config"]["suite_path"].get_ref<std::string&>();
        path = "<cfg0>" + path.substr((kFolder + "/config").size());
        tests.push_back(std::move(one));
    }
    return tests;
}

json sorted(json tests) {
    std::sort(tests.begin(), tests.end(), [](const json& a, const json& b) {
        return std::pair(a["full_name"].get<std::string>(), a.dump()) <
               std::pair(b["full_name"].get<std::string>(), b.dump());
    });
    return tests;
}

struct Case {
    std::string name;
    std::string expected;
    suite::Selection selection;
    bool merged = false;
};

std::vector<Case> cases() {
    std::vector<Case> all;
    for (const char* stage : {"merged", "resolved"}) {
        for (const auto& entry :
             std::filesystem::directory_iterator(kFolder + "/expected/" + stage)) {
            Case one;
            one.name = std::string(stage) + "/" + entry.path().stem().string();
            one.expected = entry.path().string();
            one.merged = std::string(stage) == "merged";
            one.selection.requests = {entry.path().stem().string()};
            one.selection.host = "this";
            one.selection.os = "debian-12";
            all.push_back(std::move(one));
        }
    }
    std::ifstream index(kFolder + "/expected/combo/INDEX");
    for (std::string line; std::getline(index, line);) {
        const std::size_t colon = line.find(':');
        if (colon == std::string::npos) {
            continue;
        }
        Case one;
        one.name = "combo/" + line.substr(0, colon);
        one.expected = kFolder + "/expected/combo/" + line.substr(0, colon) + ".json";
        std::istringstream words(line.substr(colon + 1));
        for (std::string word; words >> word;) {
            std::string value;
            if (word == "-H" && words >> value) {
                one.selection.host = value;
            } else if (word == "-o" && words >> value) {
                one.selection.os = value;
            } else if (word == "-m" && words >> value) {
                one.selection.modes.push_back(value);
            } else if (word == "-c" && words >> value) {
                one.selection.overrides.push_back(value);
            } else {
                one.selection.requests.push_back(word);
            }
        }
        all.push_back(std::move(one));
    }
    std::sort(all.begin(), all.end(), [](const Case& a, const Case& b) { return a.name < b.name; });
    return all;
}

}  // namespace

TEST(Conformance, EveryCaseAgrees) {
    if (!std::filesystem::is_directory(kFolder)) {
        GTEST_SKIP() << "NOT CHECKED: there is no " << kFolder
                     << ", so nothing was compared with the real Pavilion";
    }
    const suite::World world = pinned_world();
    int agreed = 0;
    const std::vector<Case> all = cases();
    for (const Case& one : all) {
        const json expected = load(one.expected);
        const suite::Resolution resolution =
            one.merged ? resolve_merged(world, one.selection) : resolve(world, one.selection);
        const json ours = sorted(shown(resolution, one.merged));
        const json theirs = sorted(expected["tests"]);
        std::string difference;
        if (ours != theirs) {
            difference = json::diff(theirs, ours).dump(1).substr(0, 3000);
        }
        std::string errors;
        for (const Error& error : resolution.errors) {
            errors += describe(error);
        }
        EXPECT_EQ(ours == theirs, true) << one.name << "\n" << difference << "\n" << errors;
        EXPECT_EQ(resolution.errors.size(), expected["errors"].size())
            << one.name << "\n"
            << errors << expected["errors"].dump(1);
        if (ours == theirs && resolution.errors.size() == expected["errors"].size()) {
            ++agreed;
        }
    }
    std::cout << agreed << " of " << all.size() << " conformance cases agree\n";
    EXPECT_EQ(static_cast<std::size_t>(agreed), all.size());
}
