// only_if and not_if: decided at submission, or on the node where their keys wait for it.
#include <sys/stat.h>

#include "scratch_suites.h"
#include "suite/deferred.h"

using namespace pavtest;
using namespace pavtest::suite;

namespace {

class Conditions : public ScratchSuites {
  protected:
    Conditions() {
        fact("site", "echo known");
        fact("mpi", "# deferrable\necho yes");
        fact("gpu", "# deferrable\necho no");
    }
    void fact(const std::string& name, const std::string& script) const {
        const std::string path = write("facts/" + name, "#!/bin/sh\n" + script + "\n");
        ASSERT_EQ(::chmod(path.c_str(), 0755), 0);
    }
    ResolvedTest test(const std::string& conditions) {
        write("suites/s.yaml", "t: {" + conditions + ", run: {cmds: ['true']}}\n");
        return only("s");
    }
    // Why it is skipped on the node.
    std::vector<std::string> on_node(const ResolvedTest& test) const {
        const SystemClock clock;
        NodeWorld node;
        node.clock = &clock;
        node.environment = world_.environment;
        NodeFacts facts;
        facts.name = "n1";
        node.nodes = {facts};
        const auto finished = finish_deferred(test.config, test.variables, node);
        if (!finished) {
            ADD_FAILURE() << described(finished.error());
            return {};
        }
        const auto reasons = skip_reasons_on_node(*finished);
        EXPECT_TRUE(reasons.has_value());
        return reasons.value_or(std::vector<std::string>{});
    }
};

}  // namespace

TEST_F(Conditions, AreDecidedAtSubmissionWhereTheyCanBe) {
    EXPECT_TRUE(test("only_if: {'{{site}}': kno.*}").skip_reasons.empty());
    EXPECT_EQ(test("only_if: {'{{site}}': [a, b]}").skip_reasons,
              std::vector<std::string>{"Skipping because only_if key 'known' failed to match any "
                                       "of '['a', 'b']'"});
    EXPECT_EQ(
        test("not_if: {'{{site}}': known}").skip_reasons,
        std::vector<std::string>{"Skipping due to not_if match for key 'known' with 'known$'"});
}

TEST_F(Conditions, WaitForTheNodeByTheirKeys) {
    const ResolvedTest waits = test("only_if: {'{{mpi}}': ['yes']}");
    EXPECT_TRUE(waits.deferred);
    EXPECT_TRUE(waits.skip_reasons.empty());
    EXPECT_EQ(waits.config["only_if"].begin().key(), "!deferred!{{mpi}}");
    EXPECT_TRUE(on_node(waits).empty());
    EXPECT_EQ(on_node(test("only_if: {'{{gpu}}': ['yes']}")),
              std::vector<std::string>{"Skipping because only_if key 'no' failed to match any of "
                                       "'['yes']'"});
    EXPECT_EQ(on_node(test("not_if: {'{{mpi}}': ['yes']}")),
              std::vector<std::string>{"Skipping due to not_if match for key 'yes' with 'yes$'"});
}

TEST_F(Conditions, WhatIsKnownSkipsAtOnceEvenIfTheRestWaits) {
    EXPECT_FALSE(test("only_if: {'{{site}}': other, '{{mpi}}': ['yes']}").skip_reasons.empty());
}

TEST_F(Conditions, KeysThatBecomeTheSameOnTheNodeAllCount) {
    EXPECT_FALSE(on_node(test("only_if: {'{{mpi}}': ['no'], '{{mpi}}{{\"\"}}': ['yes']}")).empty());
    EXPECT_FALSE(on_node(test("only_if: {'{{mpi}}': ['yes'], '{{mpi}}{{\"\"}}': ['no']}")).empty());
}

TEST_F(Conditions, ABadPatternIsFoundBeforeTheNode) {
    write("suites/s.yaml", "t: {only_if: {'{{mpi}}': ['(']}, run: {cmds: ['true']}}\n");
    const Resolution resolution = resolved({"s"});
    ASSERT_EQ(resolution.errors.size(), 1U);
    EXPECT_NE(resolution.errors.front().what.find("regular expression"), std::string::npos);
}

TEST_F(Conditions, PatternsThemselvesCannotWait) {
    write("suites/s.yaml", "t: {only_if: {a: ['{{mpi}}']}, run: {cmds: ['true']}}\n");
    EXPECT_EQ(resolved({"s"}).errors.size(), 1U);
}

// Not a condition, but the same question: what may wait for the node.
TEST_F(Conditions, ABuildWaitsForTheNodeOnlyIfEachNodeMakesItsOwn) {
    write("suites/s.yaml",
          "t: {build: {on_nodes: true, cmds: ['make {{mpi}}']}, run: {cmds: ['true']}}\n");
    const ResolvedTest waits = only("s");
    EXPECT_TRUE(waits.deferred);
    EXPECT_EQ(waits.config["build"]["cmds"][0], "!deferred!make {{mpi}}");
}
