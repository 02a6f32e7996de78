#include "allocator.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "local.h"
#include "options.h"
#include "remote.h"
#include "scratch.h"
#include "slurm_stub.h"
#include "state.h"

namespace pavtest::spank {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::ExitedWithCode;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* id = "1m7zyw8s72b3";

// A pavsuite that obeys docs/formats.md as far as the plugin can see.
constexpr const char* pavsuite_body = R"(
here=$(dirname "$0")
echo "$PAVTEST_IN_PLUGIN:$*" >>$here/calls
[[ -z $(cat) ]] || exit 9
command=$1; shift
while (($#)); do
    case $1 in
        --script-fd) script=$2; shift ;;
        --plan-fd) plan=$2; shift ;;
        --bundle-fd) bundle=$2; shift ;;
        --) shift; break ;;
        -*) shift ;;
    esac
    shift
done
case $command in
    render)
        case $1 in
            nosuch) printf "pavtest: error: no suite 'nosuch'\n  did you mean x?\n" >&2; exit 2 ;;
            silent) exit 3 ;;
            killed) kill -9 $$ ;;
            warned) echo 'a warning' >&2 ;;
        esac
        printf '#!/bin/bash\nexec pavrun\n' >&$script
        printf 'the bundle of %s' "$1" >&$plan ;;
    freeze)
        [[ -z ${bundle-} ]] || cat <&$bundle >$here/bundle
        case $1 in
            nosuch) echo "error: no suite 'nosuch'" >&2; exit 2 ;;
            nostore) echo 'error: cannot make /x: Permission denied' >&2; exit 3 ;;
            silent) echo 'nodes 4 instead of 2' >&2; exit 3 ;;
            hostile) printf 'session=1m7zyw8s72b3\nstore=/a"b\n'; exit ;;
        esac
        echo 'nodes 4 instead of 2' >&2
        printf 'session=1m7zyw8s72b3\nstore=/the/store\n' ;;
esac
)";

std::string bytes_of(const std::vector<std::string>& words) {
    std::string bytes;
    for (const std::string& word : words) {
        bytes += word;
        bytes += '\0';
    }
    return bytes;
}

// One sbatch or salloc, from init to init_post_opt.
class AllocatorTest : public testing::Test {
  protected:
    AllocatorTest() : pavsuite_(scratch_.program("pavsuite", pavsuite_body)) {
        state() = State{};
        slurm() = {};
        own_input_.reset(::fcntl(0, F_DUPFD_CLOEXEC, 3));
        set_input("the loop's lines\n");
        for (const char* name : {"PAVTEST_SESSION", "PAVTEST_STORE", "PAVTEST_JOB", "SLURM_JOB_ID",
                                 "PAVTEST_IN_PLUGIN"}) {
            ::unsetenv(name);
        }
    }
    ~AllocatorTest() override { ::dup2(own_input_.get(), 0); }

    void set_input(const std::string& text) {
        const Descriptor file = memory_file("input");
        ASSERT_EQ(::write(file.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
        ::lseek(file.get(), 0, SEEK_SET);
        ::dup2(file.get(), 0);
    }

    void init(Program program, std::vector<std::string> words) {
        words.insert(words.begin(), "command");
        const Arguments arguments{pavsuite_.c_str(), "/pavnode", "/spool", 10};
        allocator_init(arguments, program, scan_command_line(bytes_of(words)));
    }

    static std::string read_input() {
        char bytes[1000];
        const ssize_t size = ::read(0, bytes, sizeof bytes);
        return {bytes, static_cast<std::size_t>(size < 0 ? 0 : size)};
    }

    // What sbatch does without a script's name, up to init_post_opt.
    int sbatch(const std::vector<std::string>& words, const char* request) {
        init(Program::sbatch, words);
        read_ = read_input();
        return request == nullptr ? 0 : allocator_option(Option::request, request);
    }

    std::string calls() { return scratch_.read("calls"); }

    Scratch scratch_;
    std::string pavsuite_;
    Descriptor own_input_;
    std::string read_;
};

using AllocatorDeathTest = AllocatorTest;

TEST_F(AllocatorTest, WithoutTheOptionNothingHappens) {
    init(Program::sbatch, {"-N2", "job.sh"});
    allocator_init_post_opt(nullptr);
    EXPECT_EQ(calls(), "");
    EXPECT_EQ(read_input(), "the loop's lines\n");
    EXPECT_THAT(slurm().job_control, IsEmpty());
}

TEST_F(AllocatorTest, SbatchWithoutAScriptReadsTheSuites) {
    EXPECT_EQ(sbatch({"--pavtest=x", "--pavtest-mode=a,b", "--pavtest-set=k=v w"}, "x"), 0);
    EXPECT_EQ(read_, "#!/bin/bash\nexec pavrun\n");
    EXPECT_EQ(allocator_option(Option::mode, "a,b"), 0);
    EXPECT_EQ(allocator_option(Option::set, "k=v w"), 0);
    allocator_init_post_opt(nullptr);
    EXPECT_EQ(read_input(), "the loop's lines\n");
    EXPECT_EQ(slurm().job_control["PAVTEST_SESSION"], id);
    EXPECT_EQ(slurm().job_control["PAVTEST_STORE"], "/the/store");
    EXPECT_STREQ(std::getenv("PAVTEST_SESSION"), id);
    EXPECT_THAT(slurm().notices, ElementsAre("pavtest: nodes 4 instead of 2"));
    EXPECT_THAT(slurm().errors, IsEmpty());
    EXPECT_EQ(scratch_.read("bundle"), "the bundle of x");
    EXPECT_THAT(calls(), HasSubstr("-m a -m b -c k=v w -- x\n1:freeze --script generated "));
    state().owner = 0;  // the test program's end is no sbatch's
}

TEST_F(AllocatorTest, ANamedScriptLeavesStandardInputUnread) {
    init(Program::sbatch, {"--pavtest=x,y", "job.sh"});
    EXPECT_EQ(allocator_option(Option::request, "x,y"), 0);
    allocator_init_post_opt(nullptr);
    EXPECT_EQ(read_input(), "the loop's lines\n");
    EXPECT_THAT(calls(), HasSubstr("-- x y\n1:freeze --script own --bundle-fd"));
    state().owner = 0;
}

TEST_F(AllocatorTest, StandardInputNamedAsTheScriptIsNotReplaced) {
    set_input("#!/bin/sh\n");
    EXPECT_EQ(sbatch({"--pavtest=x", "/dev/stdin"}, "x"), 0);
    EXPECT_EQ(read_, "#!/bin/sh\n");
    allocator_init_post_opt(nullptr);
    EXPECT_EQ(calls(), "1:freeze --script own -- x\n");
    state().owner = 0;
}

TEST_F(AllocatorTest, ARequestInTheScriptIsResolvedLater) {
    init(Program::sbatch, {"job.sh"});
    EXPECT_EQ(allocator_option(Option::request, "x"), 0);
    allocator_init_post_opt(nullptr);
    EXPECT_EQ(calls(), "1:freeze --script own -- x\n");
    state().owner = 0;
}

TEST_F(AllocatorTest, AJobsOwnArgumentsThatLookLikeTheOptionDoNoHarm) {
    init(Program::sbatch, {"--pavtest=x", "job.sh", "--pavtest=nosuch"});
    EXPECT_EQ(allocator_option(Option::request, "x"), 0);
    allocator_init_post_opt(nullptr);
    EXPECT_THAT(calls(), HasSubstr("1:freeze --script own -- x\n"));
    EXPECT_THAT(slurm().errors, IsEmpty());
    state().owner = 0;
}

TEST_F(AllocatorTest, ABadRequestIsToldByTheCallback) {
    EXPECT_EQ(sbatch({"--pavtest=nosuch"}, "nosuch"), -1);
    EXPECT_EQ(read_.substr(0, 2), "#!");
    EXPECT_THAT(slurm().errors, ElementsAre("pavtest: no suite 'nosuch'", "  did you mean x?"));
}

TEST_F(AllocatorTest, AFailureOfPavsuiteIsToldInAllItsForms) {
    EXPECT_EQ(sbatch({"--pavtest=silent"}, "silent"), -1);
    EXPECT_THAT(slurm().all_errors(), HasSubstr("exit status 3 and no message"));
    state() = State{};
    slurm() = {};
    EXPECT_EQ(sbatch({"--pavtest=killed"}, "killed"), -1);
    EXPECT_THAT(slurm().all_errors(), HasSubstr("was ended by signal 9"));
    state() = State{};
    slurm() = {};
    pavsuite_ = "/nonexistent/pavsuite";
    EXPECT_EQ(sbatch({"--pavtest=x"}, "x"), -1);
    EXPECT_THAT(slurm().all_errors(), HasSubstr("cannot run /nonexistent/pavsuite"));
}

TEST_F(AllocatorTest, AnUnusableValueIsRefusedWithoutWaitingForAScript) {
    EXPECT_EQ(sbatch({"--pavtest="}, ""), -1);
    EXPECT_EQ(read_.substr(0, 2), "#!");
    EXPECT_THAT(slurm().all_errors(), HasSubstr("--pavtest= names no suite"));
    EXPECT_EQ(calls(), "");
}

TEST_F(AllocatorTest, WarningsAreToldOnce) {
    EXPECT_EQ(sbatch({"--pavtest=warned"}, "warned"), 0);
    allocator_init_post_opt(nullptr);
    EXPECT_THAT(slurm().notices,
                ElementsAre("pavtest: a warning", "pavtest: nodes 4 instead of 2"));
    state().owner = 0;
}

TEST_F(AllocatorTest, TestOnlyWritesNothing) {
    EXPECT_EQ(sbatch({"--test-only", "--pavtest=x"}, "x"), 0);
    allocator_init_post_opt(nullptr);
    EXPECT_THAT(calls(), Not(HasSubstr("freeze")));
    EXPECT_THAT(slurm().job_control, IsEmpty());
}

TEST_F(AllocatorTest, InsideWhatThePluginStartedNothingIsRendered) {
    ::setenv("PAVTEST_IN_PLUGIN", "1", 1);
    EXPECT_EQ(sbatch({"--pavtest=x"}, "x"), -1);
    EXPECT_EQ(read_, "the loop's lines\n");
    EXPECT_EQ(calls(), "");
    ::unsetenv("PAVTEST_IN_PLUGIN");
}

TEST_F(AllocatorTest, ANestedSbatchInheritsNoOptionAndNoPlace) {
    for (const char* name :
         {"SLURM_SPANK__SLURM_SPANK_OPTION_pavtest_pavtest", "_SLURM_SPANK_OPTION_pavtest_pavtest",
          "SLURM_SPANK__SLURM_SPANK_OPTION_pavtest_pavtest_mode", "PAVTEST_SESSION", "PAVTEST_JOB",
          "PAVTEST_TEST", "SLURM_SPANK_PAVTEST_SESSION", "SLURM_SPANK_PAVTEST_STORE",
          "PAVTEST_STORE"}) {
        ::setenv(name, "inherited", 1);
    }
    init(Program::sbatch, {"job.sh"});
    EXPECT_EQ(std::getenv("SLURM_SPANK__SLURM_SPANK_OPTION_pavtest_pavtest"), nullptr);
    EXPECT_EQ(std::getenv("_SLURM_SPANK_OPTION_pavtest_pavtest"), nullptr);
    EXPECT_EQ(std::getenv("SLURM_SPANK__SLURM_SPANK_OPTION_pavtest_pavtest_mode"), nullptr);
    EXPECT_EQ(std::getenv("PAVTEST_SESSION"), nullptr);
    EXPECT_EQ(std::getenv("PAVTEST_JOB"), nullptr);
    EXPECT_EQ(std::getenv("PAVTEST_TEST"), nullptr);
    EXPECT_EQ(std::getenv("SLURM_SPANK_PAVTEST_SESSION"), nullptr);
    EXPECT_EQ(std::getenv("SLURM_SPANK_PAVTEST_STORE"), nullptr);
    EXPECT_EQ(std::getenv("PAVTEST_STORE"), nullptr);
}

TEST_F(AllocatorTest, SallocKeepsItsStandardInput) {
    init(Program::salloc, {"--pavtest=x", "bash"});
    EXPECT_EQ(allocator_option(Option::request, "x"), 0);
    allocator_init_post_opt(nullptr);
    EXPECT_EQ(read_input(), "the loop's lines\n");
    EXPECT_EQ(calls(), "1:freeze --script allocation -- x\n");
    EXPECT_EQ(slurm().job_control["PAVTEST_SESSION"], id);
    state().owner = 0;
}

TEST_F(AllocatorTest, OtherCommandsAreToldWhereTheOptionWorks) {
    init(Program::other, {"--pavtest=x"});
    EXPECT_EQ(allocator_option(Option::request, "x"), -1);
    EXPECT_THAT(slurm().all_errors(), HasSubstr("sbatch and salloc only"));
}

TEST_F(AllocatorDeathTest, AScriptThatWaitsOnStandardInputIsNotLost) {
    set_input("#!/bin/bash\n");
    ASSERT_EQ(sbatch({"--pavtest=x"}, "x"), 0);
    EXPECT_EXIT(allocator_init_post_opt(nullptr), ExitedWithCode(255), "/dev/stdin");
    EXPECT_THAT(calls(), Not(HasSubstr("freeze")));
}

TEST_F(AllocatorDeathTest, AnotherOptionsValueIsNotTakenForARequest) {
    ASSERT_EQ(sbatch({"--comment", "--pavtest=x"}, nullptr), 0);
    EXPECT_EXIT(allocator_init_post_opt(nullptr), ExitedWithCode(255), "value of another option");
}

TEST_F(AllocatorDeathTest, ARenderingOfOtherWordsIsNotSubmitted) {
    ASSERT_EQ(sbatch({"--pavtest=y", "--comment", "--pavtest=x"}, "y"), 0);
    EXPECT_EXIT(allocator_init_post_opt(nullptr), ExitedWithCode(255), "value of another");
}

TEST_F(AllocatorDeathTest, HetJobsAreRefused) {
    ASSERT_EQ(sbatch({"--pavtest=x", ":", "-N1"}, "x"), 0);
    EXPECT_EXIT(allocator_init_post_opt(nullptr), ExitedWithCode(255), "heterogeneous");
}

TEST_F(AllocatorDeathTest, AHetJobThatShowsLateIsRefusedAndOnRecord) {
    init(Program::sbatch, {"--pavtest=x", "job.sh"});
    ASSERT_EQ(allocator_option(Option::request, "x"), 0);
    allocator_init_post_opt(nullptr);
    state().owner = 0;
    EXPECT_EXIT(allocator_init_post_opt(nullptr), ExitedWithCode(255), "heterogeneous");
    EXPECT_THAT(calls(), HasSubstr("1:submission --store /the/store --session 1m7zyw8s72b3 "
                                   "--exit-status 255\n"));
}

TEST_F(AllocatorDeathTest, ABadRequestInAScriptEndsSbatchLikeABadOption) {
    init(Program::sbatch, {"job.sh"});
    ASSERT_EQ(allocator_option(Option::request, "nosuch"), 0);
    EXPECT_EXIT(allocator_init_post_opt(nullptr), ExitedWithCode(255), "no suite 'nosuch'");
}

TEST_F(AllocatorDeathTest, AStoreThatFailsIsAFailure) {
    init(Program::sbatch, {"job.sh"});
    ASSERT_EQ(allocator_option(Option::request, "nostore"), 0);
    EXPECT_EXIT(allocator_init_post_opt(nullptr), ExitedWithCode(1), "Permission denied");
}

// A notice is no explanation.
TEST_F(AllocatorDeathTest, AFailureAfterANoticeIsToldToo) {
    init(Program::sbatch, {"job.sh"});
    ASSERT_EQ(allocator_option(Option::request, "silent"), 0);
    EXPECT_EXIT(allocator_init_post_opt(nullptr), ExitedWithCode(1),
                "nodes 4 instead of 2.*exit status 3 and no message.*nothing was submitted");
}

TEST_F(AllocatorDeathTest, AStoreThatCannotBePassedOnIsAFailure) {
    init(Program::sbatch, {"job.sh"});
    ASSERT_EQ(allocator_option(Option::request, "hostile"), 0);
    EXPECT_EXIT(allocator_init_post_opt(nullptr), ExitedWithCode(1), "store's path must be");
}

TEST_F(AllocatorDeathTest, TheEndOfTheCommandIsOnRecord) {
    for (const int status : {0, 1}) {
        state() = State{};
        EXPECT_EXIT(
            {
                init(Program::sbatch, {"--pavtest=x", "job.sh"});
                allocator_option(Option::request, "x");
                allocator_init_post_opt(nullptr);
                std::exit(status);
            },
            ExitedWithCode(status), "");
        EXPECT_THAT(calls(), HasSubstr("--exit-status " + std::to_string(status) + "\n"));
    }
}

TEST(Options, AreRegisteredWithHelp) {
    slurm() = {};
    register_options(nullptr);
    ASSERT_EQ(slurm().options.size(), 5U);
    EXPECT_STREQ(slurm().options[0].name, "pavtest");
    EXPECT_STREQ(slurm().options[4].name, "pavtest-set");
    for (const spank_option& option : slurm().options) {
        EXPECT_NE(option.usage, nullptr);
        EXPECT_EQ(option.has_arg, 1);
        // Registered anew in slurmstepd, where a value is only to be known.
        EXPECT_EQ(option.cb(option.val, "any\nthing", 1), 0);
    }
}

TEST(Local, SrunIsRefusedOutsideAJobAndSilentInside) {
    slurm() = {};
    ::unsetenv("SLURM_JOB_ID");
    EXPECT_EQ(local_option(Option::request), -1);
    EXPECT_THAT(slurm().all_errors(), HasSubstr("sbatch --pavtest=SUITE"));
    slurm() = {};
    ::setenv("SLURM_JOB_ID", "12", 1);
    EXPECT_EQ(local_option(Option::request), 0);
    EXPECT_THAT(slurm().errors, IsEmpty());
    ::unsetenv("SLURM_JOB_ID");
}

TEST(Remote, GivesTheJobItsSessionAndTakesTheOptionsAway) {
    slurm() = {};
    slurm().job_environment = {{"SLURM_SPANK_PAVTEST_SESSION", id},
                               {"SLURM_SPANK_PAVTEST_STORE", "/s"},
                               {"SLURM_SPANK__SLURM_SPANK_OPTION_pavtest_pavtest", "x"},
                               {"SLURM_SPANK__SLURM_SPANK_OPTION_pavtest_pavtest_set", "a=b"}};
    remote_init_post_opt(nullptr);
    EXPECT_EQ(slurm().job_environment["PAVTEST_SESSION"], id);
    EXPECT_EQ(slurm().job_environment["PAVTEST_STORE"], "/s");
    EXPECT_EQ(slurm().job_environment.size(), 4U);
}

TEST(Remote, PassesOnNothingHostileAndOverwritesNothing) {
    slurm() = {};
    slurm().job_environment = {{"SLURM_SPANK_PAVTEST_SESSION", "a\nLD_PRELOAD=/x"},
                               {"SLURM_SPANK_PAVTEST_STORE", std::string(1 << 20, '/')}};
    remote_init_post_opt(nullptr);
    EXPECT_FALSE(slurm().job_environment.contains("PAVTEST_SESSION"));
    EXPECT_FALSE(slurm().job_environment.contains("PAVTEST_STORE"));
    slurm().job_environment = {{"SLURM_SPANK_PAVTEST_SESSION", id}, {"PAVTEST_SESSION", "another"}};
    remote_init_post_opt(nullptr);
    EXPECT_EQ(slurm().job_environment["PAVTEST_SESSION"], "another");
}

}  // namespace
}  // namespace pavtest::spank
