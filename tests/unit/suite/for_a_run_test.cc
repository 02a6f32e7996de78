// What a resolution for a run has that one to be shown has not.
#include <gtest/gtest.h>

#include "scratch_suites.h"

namespace pavtest::suite {
namespace {

class ForARun : public ScratchSuites {
  protected:
    ForARun() { selection_.for_a_run = true; }
};

TEST_F(ForARun, APermutationKeepsItsOwnValueAlone) {
    write("suites/s.yaml",
          "t:\n  permute_on: [n]\n  variables: {n: [a, b, c], all: [x, y]}\n  run: {cmds: "
          "['{{n}}']}\n");
    const Resolution run = resolved({"s"});
    ASSERT_EQ(run.tests.size(), 3U);
    EXPECT_EQ(run.tests[1].config["variables"], Json::parse(R"({"n":["b"],"all":["x","y"]})"));
    EXPECT_EQ(run.tests[1].config["run"]["cmds"], Json::parse(R"(["b"])"));
    selection_.for_a_run = false;
    EXPECT_EQ(resolved({"s"}).tests[1].config["variables"]["n"], Json::parse(R"(["a","b","c"])"));
}

}  // namespace
}  // namespace pavtest::suite
