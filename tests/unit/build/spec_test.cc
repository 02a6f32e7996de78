#include "build/spec.h"

#include <gtest/gtest.h>

namespace pavtest::build {
namespace {

using nlohmann::json;

Spec spec(json build, const std::optional<std::string>& source = std::nullopt) {
    return *read_spec({{"shebang", "#!/bin/bash"}, {"build", std::move(build)}}, source);
}

TEST(BuildSpec, NothingToDoIsEmpty) {
    EXPECT_TRUE(spec(json::object()).empty());
    EXPECT_TRUE(read_spec(json::object(), std::nullopt)->empty());
    EXPECT_FALSE(spec({{"cmds", {"make"}}}).empty());
    EXPECT_FALSE(spec({{"create_files", {{"a", {"b"}}}}}).empty());
    EXPECT_FALSE(spec(json::object(), "/x/sources/0000/src").empty());
}

TEST(BuildSpec, EqualContentIsOneBuild) {
    const json make = {{"cmds", {"make"}}, {"timeout", "30"}};
    json patient = make;
    patient["timeout"] = "300";
    patient["copy_files"] = {"*.dat"};
    EXPECT_EQ(identity(spec(make)), identity(spec(patient)));
}

TEST(BuildSpec, WhateverGoesIntoABuildMakesItAnother) {
    const json make = {{"cmds", {"make"}}};
    for (const json& other :
         {json{{"cmds", {"make all"}}}, json{{"cmds", {"make"}}, {"env", {{"CC", "gcc"}}}},
          json{{"cmds", {"make"}}, {"create_files", {{"a", {"1"}}}}},
          json{{"cmds", {"make"}}, {"specificity", "x"}},
          json{{"cmds", {"make"}}, {"modules", {"gcc"}}}}) {
        EXPECT_NE(identity(spec(make)), identity(spec(other))) << other;
    }
    EXPECT_NE(identity(spec(make)), identity(spec(make, "/s/sources/0000/a")));
}

}  // namespace
}  // namespace pavtest::build
