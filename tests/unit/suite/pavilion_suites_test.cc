// Suites in the style of sites' own (tests/data/pavilion) against what the real Pavilion makes
// of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "scratch_suites.h"

using namespace pavtest;
using namespace pavtest::suite;
using nlohmann::json;

namespace {

const std::string kFolder = PAVTEST_SOURCE_DIR "/tests/data/pavilion";

// Without what is null or empty.
json pruned(const json& value) {
    if (!value.is_object()) {
        return value;
    }
    json out = json::object();
    for (const auto& [key, item] : value.items()) {
        json kept = pruned(item);
        if (!kept.is_null() && !((kept.is_object() || kept.is_array()) && kept.empty())) {
            out[key] = std::move(kept);
        }
    }
    return out;
}

json shown(const ResolvedTest& test) {
    json config = pruned(json(test.config));
    for (const char* key : {"suite_path", "working_dir", "cfg_label", "overrides"}) {
        config.erase(key);
    }
    return {{"full_name", test.full_name},
            {"skip_reasons", test.skip_reasons},
            {"config", std::move(config)}};
}

Selection selection_of(const std::string& options) {
    Selection selection;
    selection.host = "testhost";
    selection.os = "debian-12";
    std::istringstream words(options);
    for (std::string word; words >> word;) {
        std::string value;
        if (word == "-H" && words >> value) {
            selection.host = value;
        } else if (word == "-o" && words >> value) {
            selection.os = value;
        } else if (word == "-m" && words >> value) {
            selection.modes.push_back(value);
        } else if (word == "-c" && words >> value) {
            selection.overrides.push_back(value);
        } else {
            selection.requests.push_back(word);
        }
    }
    return selection;
}

World pinned_world() {
    World world;
    world.directories = {{"main", kFolder}};
    world.scheduler = std::make_shared<NoSlurm>();
    world.pinned_facts = {{"sys_name", "testhost"}, {"sys_host", "testhost"},
                          {"sys_arch", "x86_64"},   {"sys_os.name", "debian"},
                          {"sys_os.version", "12"}, {"pav.user", "pavuser"},
                          {"pav.year", "2023"},     {"pav.month", "11"}};
    return world;
}

}  // namespace

TEST(PavilionSuites, ResolveToWhatPavilionMakesOfThem) {
    const World world = pinned_world();
    std::ifstream list(kFolder + "/CASES");
    std::size_t cases = 0;
    for (std::string line; std::getline(list, line);) {
        const std::size_t colon = line.find(':');
        ASSERT_NE(colon, std::string::npos) << line;
        ++cases;
        std::ifstream file(kFolder + "/expected/" + line.substr(0, colon) + ".json");
        const json expected = json::parse(file);
        const Resolution resolution = resolve(world, selection_of(line.substr(colon + 1)));
        std::string errors;
        for (const Error& error : resolution.errors) {
            errors += describe(error);
        }
        EXPECT_EQ(resolution.errors.size(), expected["errors"].get<std::size_t>())
            << line << errors;
        // Pavilion resolves in parallel: its order within a test is any.
        std::vector<json> ours;
        for (const ResolvedTest& test : resolution.tests) {
            ours.push_back(shown(test));
        }
        std::vector<json> theirs = expected["tests"];
        const auto by_name = [](const json& a, const json& b) {
            return a["full_name"].get_ref<const std::string&>() <
                   b["full_name"].get_ref<const std::string&>();
        };
        std::stable_sort(ours.begin(), ours.end(), by_name);
        std::stable_sort(theirs.begin(), theirs.end(), by_name);
        ASSERT_EQ(ours.size(), theirs.size()) << line << "\n" << errors;
        for (std::size_t i = 0; i < ours.size(); ++i) {
            EXPECT_EQ(ours[i]["full_name"], theirs[i]["full_name"]) << line;
            EXPECT_EQ(ours[i], theirs[i]) << line << "\n" << json::diff(theirs[i], ours[i]).dump(1);
        }
    }
    EXPECT_EQ(cases, 21U);
}
