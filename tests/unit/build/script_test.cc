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

// Stands for a module system: says what it is told, and lists what is loaded.
constexpr const char* kModules = R"sh(
loaded="intel/18 openmpi/4"
module() {
    case $1 in
        load) echo "load $2" >>$log; loaded="$loaded $2" ;;
        unload) echo "unload $2" >>$log; loaded=$(for m in $loaded; do case $m in $2|$2/*) ;; *) echo $m ;; esac; done) ;;
        swap) echo "swap $2 $3" >>$log; loaded="$3 $(for m in $loaded; do [ $m = $2 ] || echo $m; done)" ;;
        -t) for m in $loaded; do echo "$m(default)"; done >&2 ;;
    esac
})sh";

// What the module system was told.
std::string told(Section section) {
    section.preamble.insert(section.preamble.begin(), {"log=$(mktemp)", kModules});
    section.commands = {"cat $log >&2", "rm $log"};
    const Completed done = run_script(section);
    EXPECT_EQ(done.exit_status, 0) << done.output << done.errors;
    return done.errors;
}

TEST(Script, ModulesAreLoadedUnloadedAndSwapped) {
    Section section;
    section.modules = {"gcc/12", "-intel", "openmpi -> mpich/3", "notthere->x", " "};
    EXPECT_EQ(told(section), "load gcc/12\nunload intel\nswap openmpi/4 mpich/3\nload x\n");
    section.modules = {"op*->mpich"};
    EXPECT_EQ(told(section), "swap openmpi/4 mpich\n");
}

TEST(Script, ModuleWrappersReplaceWhatIsLoaded) {
    Section section;
    section.wrappers = {{"gcc", {"intel->Prg-gnu", "gcc"}, {{"CC", "gcc-$gcc_VERSION"}}},
                        {"mpi-*", {"mpi-*"}, {}}};
    section.modules = {"gcc/12", "mpi-x/2"};
    EXPECT_EQ(told(section), "swap intel/18 Prg-gnu\nload gcc/12\nload mpi-x/2\n");
    const std::string script = compose_script(section, frame());
    EXPECT_THAT(script, HasSubstr("export gcc_VERSION='12'\nexport CC=gcc-$gcc_VERSION\n"));
    EXPECT_THAT(script, HasSubstr("export mpi_any_VERSION='2'\n"));
}

TEST(Script, PreambleComesBeforeTheEnvironment) {
    Section section;
    section.preamble = {"X=early"};
    section.environment = {{"Y", "$X"}};
    section.commands = {"echo $Y"};
    EXPECT_EQ(run_script(section).output, "early\n");
}

TEST(Script, AModuleThatDoesNotLoadEndsItWithItsOwnMessage) {
    Section section;
    section.preamble = {
        "PAVTEST_TEST_DIR=$(mktemp -d); trap 'cat $PAVTEST_TEST_DIR/*; rm -r "
        "$PAVTEST_TEST_DIR' EXIT",
        "module() { [ $1 != load ] || { echo no such thing >&2; return 1; }; }"};
    section.modules = {"gcc"};
    section.commands = {"echo never"};
    Completed done = run_script(section);
    EXPECT_EQ(done.exit_status, 1);
    EXPECT_THAT(done.errors, HasSubstr("module load gcc: no such thing"));
    EXPECT_THAT(done.output, HasSubstr("module load gcc: no such thing"));
    EXPECT_THAT(done.output, Not(HasSubstr("never")));
    // One that says nothing and loads nothing.
    section.preamble.back() = "module() { return 0; }";
    done = run_script(section);
    EXPECT_EQ(done.exit_status, 1);
    EXPECT_THAT(done.errors, HasSubstr("module load gcc: it is not loaded after that"));
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
