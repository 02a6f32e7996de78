#include "build/script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/process.h"

namespace pavtest::build {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

ScriptFrame frame() {
    return {.shebang = "#!/bin/bash",
            .directory = "/tmp",
            .test_id = "s/1",
            .environment = {{"PAVTEST_TEST_NAME", "it's"}}};
}

// What the script prints and how it ends.
Completed run_script(const Section& section, const std::vector<std::string>& arguments = {}) {
    Command command;
    command.arguments = {"bash", "-c", compose_script(section, frame()), "run.sh"};
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
    auto done = run(command);
    EXPECT_TRUE(done);
    return *done;
}

TEST(Script, RunsItsCommandsInItsDirectory) {
    Section section;
    section.commands = {"pwd", "echo \"$PAVTEST_TEST_NAME $TEST_ID\""};
    EXPECT_EQ(run_script(section).output, "/tmp\nit's s/1\n");
    EXPECT_EQ(run_script(section, {"other"}).output, "/tmp\nit's other\n");
}

TEST(Script, StopsAtTheFirstFailureAlsoInAPipe) {
    Section section;
    section.commands = {"false | cat", "echo no"};
    EXPECT_EQ(run_script(section).exit_status, 1);
    EXPECT_EQ(run_script(section).output, "");
    section.autoexit = false;
    EXPECT_EQ(run_script(section).output, "no\n");
}

TEST(Script, AutoexitStartsWithTheCommands) {
    Section section;
    section.preamble = {"false"};
    section.commands = {"echo yes"};
    EXPECT_EQ(run_script(section).output, "yes\n");
}

TEST(Script, EnvironmentIsTheShellsToExpand) {
    Section section;
    section.environment = {{"A", "one"}, {"B", "$A two"}, {"C", "'$A two'"}, {"PATH", "$PATH"}};
    section.commands = {"echo \"$A|$B|$C\"", "unset A"};
    EXPECT_EQ(run_script(section).output, "one|one two|$A two\n");
    section.environment = {{"PAVTEST_TEST_NAME", std::nullopt}};
    section.commands = {"echo \"<${PAVTEST_TEST_NAME-unset}>\""};
    EXPECT_EQ(run_script(section).output, "<unset>\n");
}

TEST(Script, PreambleComesBeforeModulesAndEnvironment) {
    Section section;
    section.preamble = {"module() { echo \"module $*\"; }", "X=early"};
    section.modules = {"gcc/12", "-intel", "openmpi -> mpich", " "};
    section.environment = {{"Y", "$X"}};
    section.commands = {"echo $Y"};
    EXPECT_EQ(run_script(section).output,
              "module load gcc/12\nmodule unload intel\nmodule swap openmpi mpich\nearly\n");
}

TEST(Script, AModuleThatDoesNotLoadEndsIt) {
    Section section;
    section.preamble = {"module() { return 1; }"};
    section.modules = {"gcc"};
    section.commands = {"echo no"};
    const Completed done = run_script(section);
    EXPECT_EQ(done.exit_status, 1);
    EXPECT_THAT(done.errors, HasSubstr("failed: module load 'gcc'"));
    EXPECT_THAT(done.output, Not(HasSubstr("no")));
}

TEST(Script, BeginsWithTheShebang) {
    Section section;
    ScriptFrame other = frame();
    other.shebang = "/bin/sh -u";
    EXPECT_THAT(compose_script(section, other), testing::StartsWith("#!/bin/sh -u\n"));
}

TEST(Script, InterpreterIsTheKernelsReadingOfAShebang) {
    EXPECT_THAT(interpreter_of("#!/bin/bash"), ElementsAre("/bin/bash"));
    EXPECT_THAT(interpreter_of("#! /usr/bin/env  python3 -u "),
                ElementsAre("/usr/bin/env", "python3 -u"));
    EXPECT_THAT(interpreter_of("/bin/sh"), ElementsAre("/bin/sh"));
    EXPECT_THAT(interpreter_of(""), ElementsAre("/bin/bash"));
}

}  // namespace
}  // namespace pavtest::build
