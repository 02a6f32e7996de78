#include "build/spec.h"

#include <gtest/gtest.h>

#include "build/shelf.h"

namespace pavtest::build {
namespace {

using nlohmann::json;

Spec spec(json build, const std::optional<std::string>& source = std::nullopt,
          const std::string& digest = "d") {
    session::PlannedTest test;
    test.config = {{"shebang", "#!/bin/bash"}, {"build", std::move(build)}};
    test.source = source;
    test.source_digest = digest;
    return *read_spec(test, "/session");
}

std::string hash(const Spec& spec) {
    Digests digests;
    return *identity(spec, digests);
}

TEST(BuildSpec, NothingToDoIsEmpty) {
    EXPECT_TRUE(spec(json::object()).empty());
    EXPECT_TRUE(read_spec(session::PlannedTest{}, "/session")->empty());
    EXPECT_FALSE(spec({{"cmds", {"make"}}}).empty());
    EXPECT_FALSE(spec({{"create_files", {{"a", {"b"}}}}}).empty());
    EXPECT_FALSE(spec(json::object(), "/x/sources/0000/src").empty());
}

TEST(BuildSpec, EqualContentIsOneBuild) {
    const json make = {{"cmds", {"make"}}, {"timeout", "30"}};
    json patient = make;
    patient["timeout"] = "300";
    patient["copy_files"] = {"*.dat"};
    EXPECT_EQ(hash(spec(make)), hash(spec(patient)));
    EXPECT_TRUE(is_hash(hash(spec(make))));
}

TEST(BuildSpec, WhateverGoesIntoABuildMakesItAnother) {
    const json make = {{"cmds", {"make"}}};
    for (const json& other :
         {json{{"cmds", {"make all"}}}, json{{"cmds", {"make"}}, {"env", {{"CC", "gcc"}}}},
          json{{"cmds", {"make"}}, {"create_files", {{"a", {"1"}}}}},
          json{{"cmds", {"make"}}, {"specificity", "x"}},
          json{{"cmds", {"make"}}, {"modules", {"gcc"}}}}) {
        EXPECT_NE(hash(spec(make)), hash(spec(other))) << other;
    }
    EXPECT_NE(hash(spec(make)), hash(spec(make, "sources/0000/a")));
    EXPECT_NE(hash(spec(make, "sources/0000/a", "1")), hash(spec(make, "sources/0000/a", "2")));
}

TEST(BuildSpec, ANodesOwnBuildIsOneForEachNode) {
    EXPECT_TRUE(spec({{"cmds", {"make"}}, {"on_nodes", "True"}}).on_nodes);
    EXPECT_FALSE(spec({{"cmds", {"make"}}, {"on_nodes", "False"}}).on_nodes);
    const std::string common = hash(spec({{"cmds", {"make"}}}));
    EXPECT_TRUE(is_hash(identity_on(common, "n1")));
    EXPECT_NE(identity_on(common, "n1"), common);
    EXPECT_NE(identity_on(common, "n1"), identity_on(common, "n2"));
}

TEST(BuildSpec, WhatSpackIsToInstallAndHowIsPartOfIt) {
    session::PlannedTest test;
    test.config = {{"spack", {{"build_jobs", "4"}}},
                   {"build", {{"spack", {{"install", {"zlib"}}, {"load", json::array()}}}}},
                   {"run", {{"spack", {{"load", {"zlib"}}}}}}};
    const Spec four = *read_spec(test, "/session");
    EXPECT_FALSE(four.empty());
    test.config["spack"]["build_jobs"] = "8";
    EXPECT_NE(hash(four), hash(*read_spec(test, "/session")));
    // What only the run loads needs the environment of a build, too.
    test.config["build"].clear();
    EXPECT_FALSE(read_spec(test, "/session")->empty());
    test.config["run"].clear();
    EXPECT_TRUE(read_spec(test, "/session")->empty());
}

TEST(BuildSpec, WhereASessionKeepsItsCopiesIsNoPartOfIt) {
    const json make = {{"cmds", {"make"}}};
    EXPECT_EQ(hash(spec(make, "sources/0000/a")), hash(spec(make, "sources/0007/a")));
    Spec elsewhere = spec(make, "sources/0000/a");
    elsewhere.source->path = "/other/store/sources/0000/a";
    EXPECT_EQ(hash(spec(make, "sources/0000/a")), hash(elsewhere));
}

}  // namespace
}  // namespace pavtest::build
