// build.templates and run.templates.
#include <sys/stat.h>

#include "scratch_suites.h"

using namespace pavtest;
using namespace pavtest::suite;

namespace {

class TemplateFilesTest : public ScratchSuites {
  protected:
    TemplateFilesTest() {
        const std::string fact = write("facts/late", "#!/bin/sh\n# deferrable\necho 1\n");
        EXPECT_EQ(::chmod(fact.c_str(), 0755), 0);
    }
    ResolvedTest test(const std::string& body) {
        write("suites/s.yaml", "t: {variables: {n: ['4', '8'], one: '1'}, " + body + "}\n");
        return only("s.t");
    }
    std::string errors(const std::string& body) {
        write("suites/s.yaml", "t: {variables: {one: '1'}, " + body + "}\n");
        return described(resolved({"s.t"}).errors);
    }
};

}  // namespace

TEST_F(TemplateFilesTest, LinesAreTextsOfTheTest) {
    write("test_src/in.pav", "plain $HOME\nsize={{one + 1}}\n[~{{n}} ~]end\n\nlast");
    const ResolvedTest both =
        test("build: {templates: {in.pav: sub/out}}, run: {templates: {in.pav: out}}");
    const Json lines = {"plain $HOME", "size=2", "4 8 end", "", "last"};
    EXPECT_EQ(both.template_files["build"]["sub/out"], lines);
    EXPECT_EQ(both.template_files["run"]["out"], lines);
    EXPECT_FALSE(both.deferred);
    // The configuration is shown as it was written.
    EXPECT_EQ(both.config["build"]["templates"]["in.pav"], "sub/out");
}

TEST_F(TemplateFilesTest, TheSuitesOwnDirectoryComesFirst) {
    write("test_src/in", "common");
    write("suites/own/suite.yaml", "t: {run: {templates: {in: out}}}\n");
    EXPECT_EQ(only("own").template_files["run"]["out"][0], "common");
    write("suites/own/in", "own");
    EXPECT_EQ(only("own").template_files["run"]["out"][0], "own");
}

TEST_F(TemplateFilesTest, WhatTheNodeKnowsWaitsForItInARunAndInABuildOnNodes) {
    write("test_src/in", "{{late}}\n");
    const ResolvedTest run = test("run: {templates: {in: out}}");
    EXPECT_TRUE(run.deferred);
    EXPECT_EQ(run.template_files["run"]["out"][0], "!deferred!{{late}}");
    EXPECT_TRUE(test("build: {on_nodes: true, templates: {in: out}}").deferred);
    EXPECT_NE(errors("build: {templates: {in: out}}").find("known on the node only"),
              std::string::npos);
}

TEST_F(TemplateFilesTest, WhatIsWrongIsSaidWithItsPlaceInTheTemplate) {
    write("test_src/in", "good\nbad {{nothing}}\n");
    EXPECT_NE(errors("run: {templates: {in: out}}").find("test_src/in:2:7: error"),
              std::string::npos);
    EXPECT_NE(errors("run: {templates: {none: out}}").find("suites/s.yaml:1:"), std::string::npos);
    EXPECT_NE(errors("run: {templates: {none: out}}").find("'none' is not there"),
              std::string::npos);
    EXPECT_NE(errors("run: {templates: {in: ../out}}").find("leads out"), std::string::npos);
    EXPECT_NE(errors("run: {templates: {in: /out}}").find("leads out"), std::string::npos);
}

TEST_F(TemplateFilesTest, ASkippedTestNeedsNone) {
    EXPECT_FALSE(
        test("only_if: {'{{one}}': '2'}, run: {templates: {none: out}}").skip_reasons.empty());
}
