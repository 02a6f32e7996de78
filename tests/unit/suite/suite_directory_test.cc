// Suite directories, sentence by sentence of their description.
#include "scratch_suites.h"

using namespace pavtest;
using namespace pavtest::suite;

namespace {

constexpr const char* kTest = "t: {run: {cmds: ['true']}, variables: {from?: nobody}}\n";

class SuiteDirectory : public ScratchSuites {
  protected:
    // The value of the variable `from`, which says who set it.
    std::string from(const std::string& request = "s") {
        const ResolvedTest test = only(request);
        return test.config["variables"]["from"].size() == 1
                   ? test.config["variables"]["from"][0].get<std::string>()
                   : test.config["variables"]["from"].dump();
    }
    static std::string sets(const std::string& who) { return "variables: {from: " + who + "}\n"; }
    static std::string entry(const std::string& name, const std::string& who) {
        return name + ": {variables: {from: " + who + "}}\n";
    }
};

}  // namespace

TEST_F(SuiteDirectory, ASimpleSuiteIsOneFile) {
    const std::string path = write("suites/s.yaml", kTest);
    const ResolvedTest test = only("s");
    EXPECT_EQ(test.suite, "s");
    EXPECT_EQ(test.suite_path, path);
    EXPECT_EQ(test.suite_directory, "");
}

TEST_F(SuiteDirectory, ADirectoryHoldsSuiteYamlAndNamesTheSuite) {
    const std::string path = write("suites/s/suite.yaml", kTest);
    write("suites/s/src/program.c", "int main(void) {}\n");
    write("suites/s/anything.else", "x");
    const ResolvedTest test = only("s");
    EXPECT_EQ(test.full_name, "s.t");
    EXPECT_EQ(test.suite_path, path);
    EXPECT_EQ(test.suite_directory, directory_ + "/suites/s");
}

TEST_F(SuiteDirectory, WithoutSuiteYamlItIsNoSuite) {
    write("suites/s/other.yaml", kTest);
    write("suites/s/s.yaml", kTest);
    const Resolution resolution = resolved({"s"});
    ASSERT_EQ(resolution.errors.size(), 1U);
    EXPECT_NE(resolution.errors.front().what.find("no suite.yaml"), std::string::npos);
}

TEST_F(SuiteDirectory, SuiteFilesInSubdirectoriesOfIt) {
    write("suites/s/suite.yaml", kTest);
    write("suites/s/deeper/suite.yaml", kTest);
    EXPECT_FALSE(resolved({"deeper"}).errors.empty());
    EXPECT_FALSE(resolved({"s/deeper"}).errors.empty());
}

TEST_F(SuiteDirectory, TheOldFoldersWorkWithAWarningThatNamesTheNewOne) {
    const std::string path = write("tests/old.yaml", kTest);
    write("test_src/program.c", "int main(void) {}\n");
    const Resolution resolution = resolved({"old"});
    EXPECT_TRUE(resolution.errors.empty());
    ASSERT_EQ(resolution.tests.size(), 1U);
    EXPECT_EQ(resolution.tests.front().suite_path, path);
    ASSERT_EQ(resolution.warnings.size(), 1U);
    const std::string shown = described(resolution.warnings, "warning");
    EXPECT_NE(shown.find("deprecated"), std::string::npos) << shown;
    EXPECT_NE(shown.find(directory_ + "/suites/old.yaml"), std::string::npos) << shown;
}

TEST_F(SuiteDirectory, NewFoldersHaveNoWarning) {
    write("suites/s/suite.yaml", kTest);
    EXPECT_TRUE(resolved({"s"}).warnings.empty());
}

TEST_F(SuiteDirectory, GlobalFilesAreNamedAfterTheirHostSystemOrMode) {
    write("suites/s.yaml", kTest);
    write("hosts/here.yaml", sets("host"));
    EXPECT_EQ(from(), "host");
    selection_.host = "other";
    EXPECT_EQ(from(), "nobody");
    write("os/linux-1.yaml", sets("os"));
    EXPECT_EQ(from(), "os");
    write("modes/quick.yaml", sets("mode"));
    EXPECT_EQ(from(), "os");
    selection_.modes = {"quick"};
    EXPECT_EQ(from(), "mode");
}

TEST_F(SuiteDirectory, ItsOwnFilesAreOptionalAndPlural) {
    write("suites/s/suite.yaml", kTest);
    EXPECT_EQ(from(), "nobody");
    write("suites/s/host.yaml", entry("here", "singular"));
    write("suites/s/mode.yaml", entry("quick", "singular"));
    EXPECT_EQ(from(), "nobody");
    write("suites/s/hosts.yaml", entry("here", "hosts"));
    EXPECT_EQ(from(), "hosts");
}

TEST_F(SuiteDirectory, TheyExtendRatherThanOverrideTheGlobalOnes) {
    write("suites/s/suite.yaml", kTest);
    write("hosts/here.yaml", "variables: {from: global, only_global: g}\nrun: {timeout: 11}\n");
    write("suites/s/hosts.yaml", "here: {variables: {from: own, only_own: o}}\n");
    const ResolvedTest test = only("s");
    EXPECT_EQ(test.config["variables"]["from"][0], "own");
    EXPECT_EQ(test.config["variables"]["only_global"][0], "g");
    EXPECT_EQ(test.config["variables"]["only_own"][0], "o");
    EXPECT_EQ(test.config["run"]["timeout"], "11");
}

TEST_F(SuiteDirectory, AModeOfTheSuiteExtendsTheGlobalOneAndGoesOverIt) {
    write("suites/s/suite.yaml", kTest);
    write("modes/quick.yaml", "variables: {from: global, only_global: g}\n");
    write("suites/s/modes.yaml", "quick: {variables: {from: own}}\nown: {run: {timeout: 3}}\n");
    selection_.modes = {"quick"};
    const ResolvedTest test = only("s");
    EXPECT_EQ(test.config["variables"]["from"][0], "own");
    EXPECT_EQ(test.config["variables"]["only_global"][0], "g");
    // One that the suite alone has is enough.
    selection_.modes = {"own"};
    EXPECT_EQ(only("s").config["run"]["timeout"], "3");
}

TEST_F(SuiteDirectory, ModesApplyInTheOrderGivenEachGlobalThenOwn) {
    write("suites/s/suite.yaml", kTest);
    write("modes/a.yaml", "run: {cmds+: [global_a]}\n");
    write("modes/b.yaml", "run: {cmds+: [global_b]}\n");
    write("suites/s/modes.yaml", "a: {run: {cmds+: [own_a]}}\nb: {run: {cmds+: [own_b]}}\n");
    selection_.modes = {"b", "a"};
    EXPECT_EQ(only("s").config["run"]["cmds"].dump(),
              R"(["true","global_b","own_b","global_a","own_a"])");
}

TEST_F(SuiteDirectory, AModeFoundNowhereIsAnErrorAHostOrSystemIsNot) {
    write("suites/s/suite.yaml", kTest);
    write("suites/s/hosts.yaml", entry("far", "far"));
    selection_.host = "unknown";
    selection_.os = "unknown";
    EXPECT_EQ(from(), "nobody");
    write("suites/s/modes.yaml", entry("quick", "mode"));
    selection_.modes = {"slow"};
    EXPECT_EQ(resolved({"s"}).errors.size(), 1U);
}

TEST_F(SuiteDirectory, AModeOfOneSuiteIsNoneOfAnother) {
    write("suites/s/suite.yaml", kTest);
    write("suites/s/modes.yaml", entry("quick", "mode"));
    write("suites/other.yaml", kTest);
    selection_.modes = {"quick"};
    EXPECT_EQ(from("s"), "mode");
    EXPECT_EQ(resolved({"other"}).errors.size(), 1U);
}

TEST_F(SuiteDirectory, ItsSettingsDoNotClutterOtherSuites) {
    write("suites/s/suite.yaml", kTest);
    write("suites/s/hosts.yaml", entry("here", "own"));
    write("suites/other.yaml", kTest);
    EXPECT_EQ(from("s"), "own");
    EXPECT_EQ(from("other"), "nobody");
}

TEST_F(SuiteDirectory, OneFileHoldsSeveralAndTheDetectedOneIsTaken) {
    write("suites/s/suite.yaml", kTest);
    write("suites/s/hosts.yaml", entry("here", "here") + entry("there", "there"));
    EXPECT_EQ(from(), "here");
    selection_.host = "there";
    EXPECT_EQ(from(), "there");
    selection_.host = "elsewhere";
    write("suites/s/os.yaml", entry("linux-1", "one") + entry("linux-2", "two"));
    EXPECT_EQ(from(), "one");
    selection_.os = "linux-2";
    EXPECT_EQ(from(), "two");
}

TEST_F(SuiteDirectory, LayersGoOverEachOtherInOrder) {
    write("suites/s/suite.yaml", "t: {run: {cmds: ['true']}}\n");
    const auto set = [&](const std::string& path, const std::string& text) { write(path, text); };
    set("os/linux-1.yaml", sets("os"));
    EXPECT_EQ(from(), "os");
    set("hosts/here.yaml", sets("host"));
    EXPECT_EQ(from(), "host");
    set("suites/s/os.yaml", entry("linux-1", "own_os"));
    EXPECT_EQ(from(), "own_os");
    set("suites/s/hosts.yaml", entry("here", "own_host"));
    EXPECT_EQ(from(), "own_host");
    set("suites/s/suite.yaml", "_p: {variables: {from: parent}}\nt: {inherits_from: _p}\n");
    EXPECT_EQ(from(), "parent");
    set("suites/s/suite.yaml",
        "_p: {variables: {from: parent}}\nt: {inherits_from: _p, variables: {from: test}}\n");
    EXPECT_EQ(from(), "test");
    set("modes/quick.yaml", sets("mode"));
    selection_.modes = {"quick"};
    EXPECT_EQ(from(), "mode");
    set("suites/s/modes.yaml", entry("quick", "own_mode"));
    EXPECT_EQ(from(), "own_mode");
    selection_.overrides = {"variables.from=command_line"};
    EXPECT_EQ(from(), "command_line");
}

// The example of the description, its older `slurm:` section included.
TEST_F(SuiteDirectory, TheExampleOfItsDescription) {
    write("suites/s/suite.yaml", "t: {run: {cmds: ['true']}}\n");
    write("suites/s/hosts.yaml",
          "host1:\n  scheduler: slurm\n  slurm:\n    partition: user\n    qos: user\n"
          "host2:\n  scheduler: raw\n  variables:\n    foo: bar\n");
    selection_.host = "host2";
    EXPECT_EQ(only("s").config["variables"]["foo"][0], "bar");
    EXPECT_EQ(only("s").config["scheduler"], "raw");
    selection_.host = "host1";
    selection_.requests = {"s"};
    const Resolution merged = resolve_merged(world_, selection_);
    ASSERT_EQ(merged.tests.size(), 1U) << described(merged.errors);
    EXPECT_EQ(merged.tests.front().config["schedule"]["partition"], "user");
    EXPECT_EQ(merged.tests.front().config["schedule"]["qos"], "user");
    EXPECT_EQ(merged.tests.front().config["scheduler"], "slurm");
    EXPECT_NE(described(merged.warnings, "warning").find("schedule.partition"), std::string::npos);
}

TEST_F(SuiteDirectory, ItsFilesNeedTopLevelNames) {
    write("suites/s/suite.yaml", kTest);
    write("suites/s/hosts.yaml", "- here\n");
    EXPECT_EQ(resolved({"s"}).errors.size(), 1U);
    write("suites/s/hosts.yaml", "");
    EXPECT_EQ(from(), "nobody");
    write("suites/s/hosts.yaml", "here:\n");
    EXPECT_EQ(from(), "nobody");
}

TEST_F(SuiteDirectory, ASuiteInTwoPlacesOfOneDirectoryIsAnError) {
    for (const char* second : {"suites/s.yaml", "tests/s.yaml"}) {
        write("suites/s/suite.yaml", kTest);
        const std::string path = write(second, kTest);
        EXPECT_EQ(resolved({"s"}).errors.size(), 1U) << second;
        std::filesystem::remove(path);
        EXPECT_TRUE(resolved({"s"}).errors.empty());
    }
}

TEST_F(SuiteDirectory, TheFirstConfigurationDirectoryThatHasItWins) {
    const std::string second = directory_ + "/second";
    world_.directories.push_back({"second", second});
    write_in(second, "suites/s/suite.yaml", kTest);
    write_in(second, "suites/s/hosts.yaml", entry("here", "second"));
    write_in(second, "modes/quick.yaml", sets("second_mode"));
    EXPECT_EQ(from(), "second");
    write("suites/s.yaml", kTest);
    EXPECT_EQ(from(), "nobody");
    selection_.modes = {"quick"};
    EXPECT_EQ(from(), "second_mode");
    write("modes/quick.yaml", sets("first_mode"));
    EXPECT_EQ(from(), "first_mode");
}
