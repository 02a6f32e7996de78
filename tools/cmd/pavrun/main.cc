// pavrun: runs a session's tests inside the allocation, on its first node.
#include <fmt/format.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "base/build_info.h"
#include "base/settings.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/command_line.h"
#include "run/job_context.h"
#include "run/ledger.h"
#include "run/node_helper.h"
#include "run/packing.h"
#include "run/runner.h"
#include "run/selection.h"
#include "session/policy.h"

namespace pavtest {
namespace {

struct Arguments {
    std::string session;
    std::string store;
    std::string keyword;
    std::uint32_t max_failures = 0;
    bool list = false;
    bool dry_run = false;
};

std::string own_path() {
    std::array<char, 4096> path{};
    const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size() - 1);
    return length > 0 ? std::string(path.data(), static_cast<std::size_t>(length)) : std::string();
}

// The kernel shows only the environment that a program was started with, and by that the
// epilog finds what is left of us: so we start ourselves again with the mark in it.
void start_again_marked(const Environment& environment, const std::string& mark,
                        const std::string& session, char** arguments) {
    if (environment.get("PAVTEST_JOB") == mark && environment.get("PAVTEST_SESSION") == session) {
        return;
    }
    Environment marked = environment;
    marked.set("PAVTEST_JOB", mark);
    marked.set("PAVTEST_SESSION", session);
    std::vector<std::string> variables = marked.as_strings();
    std::vector<char*> pointers;
    pointers.reserve(variables.size() + 1);
    for (std::string& variable : variables) {
        pointers.push_back(variable.data());
    }
    pointers.push_back(nullptr);
    ::execve(own_path().c_str(), arguments, pointers.data());
    // Without the mark only the clean-up after our own violent death is less thorough.
}

// An salloc shell runs on the login node: there the runner becomes a step of the job.
[[noreturn]] void become_step(const run::JobContext& job, int count, char** arguments) {
    std::vector<std::string> words{"srun",       "--nodes=1",
                                   "--ntasks=1", "--nodelist=" + job.nodes.front(),
                                   "--overlap",  own_path()};
    words.insert(words.end(), arguments + 1, arguments + count);
    std::vector<char*> pointers;
    for (std::string& word : words) {
        pointers.push_back(word.data());
    }
    pointers.push_back(nullptr);
    ::execvp(pointers[0], pointers.data());
    fmt::print(stderr, "pavrun: cannot start srun: {}\n", std::strerror(errno));
    std::exit(static_cast<int>(ExitCode::infrastructure));
}

Environment script_environment(const Environment& environment, const Arguments& arguments) {
    Environment result = environment;
    result.set("PAVTEST_SESSION", arguments.session);
    result.set("PAVTEST_STORE", arguments.store);
    // For `pavstat set` in a test.
    const std::string own = own_path();
    const std::string directory = own.substr(0, own.rfind('/'));
    const std::string path = environment.get_or("PATH", "/usr/local/bin:/usr/bin:/bin");
    const std::vector<std::string> places = split(path, ':');
    if (std::find(places.begin(), places.end(), directory) == places.end()) {
        result.set("PATH", path + ":" + directory);
    }
    return result;
}

struct Selected {
    std::vector<std::uint32_t> order;
    std::size_t left_out = 0;
};

Result<Selected> select(const run::PlanReader& plan, const run::Ledger& ledger,
                        const std::string& keyword) {
    Selected selected;
    const std::vector<std::uint32_t> open = ledger.open_tests();
    if (keyword.empty()) {
        selected.order = open;
        return selected;
    }
    const auto filter = run::NameFilter::parse(keyword);
    if (!filter) {
        return tl::make_unexpected(filter.error().within("-k"));
    }
    for (const std::uint32_t index : open) {
        const auto test = plan.test(index);
        if (!test) {
            return tl::make_unexpected(test.error());
        }
        if (filter->matches(test->name)) {
            selected.order.push_back(index);
        } else {
            ++selected.left_out;
        }
    }
    if (selected.order.empty()) {
        return fail(ErrorKind::nothing_selected,
                    fmt::format("no test that is still to run matches '{}'", keyword),
                    "pavrun --list shows their names");
    }
    return selected;
}

int list_tests(const run::PlanReader& plan, const Selected& selected, bool with_plan) {
    for (const std::uint32_t index : selected.order) {
        const auto test = plan.test(index);
        if (!test) {
            return cmd::report(test.error());
        }
        if (!with_plan) {
            fmt::print("{}\n", printable(test->name));
        } else if (test->skip_reasons.empty()) {
            fmt::print("run   {}\n", printable(test->name));
        } else {
            fmt::print("skip  {}  {}\n", printable(test->name),
                       printable(join(test->skip_reasons, "; ")));
        }
    }
    return 0;
}

// Who may use it, and how much: on nodes as where it was submitted. What a user submitted
// with a pavtest of their own, the site's pavrun does not run.
Result<> check_site(const session::Header& header, const Environment& environment) {
    const auto account = Account::of_process(environment);
    if (!account) {
        return tl::make_unexpected(account.error());
    }
    const auto settings = load_settings(environment, *account);
    if (!settings) {
        return tl::make_unexpected(settings.error());
    }
    const auto allowed = check_user(*settings, *account);
    return allowed ? session::check_policy(header, *settings) : allowed;
}

int run_session(const Arguments& arguments, int count, char** words) {
    const Environment environment = Environment::of_process();
    const auto job = run::job_context(environment);
    if (!job) {
        return cmd::report(job.error());
    }
    if (arguments.session.empty() || arguments.store.empty()) {
        return cmd::report(Error{ErrorKind::usage,
                                 "which session? --session and --store, or "
                                 "PAVTEST_SESSION and PAVTEST_STORE",
                                 "submit with 'sbatch --pavtest=SUITE' and call pavrun in the "
                                 "script",
                                 {}});
    }
    if (environment.get_or("SLURMD_NODENAME", "").empty()) {
        become_step(*job, count, words);
    }
    const auto store = session::Store::open(arguments.store);
    const auto session =
        store ? store->open_session(arguments.session) : tl::make_unexpected(store.error());
    if (!session) {
        return cmd::report(session.error());
    }
    const auto header = session->header();
    const auto plan = run::PlanReader::open(*session);
    if (!header || !plan) {
        return cmd::report(header ? plan.error() : header.error());
    }
    if (const auto allowed = check_site(*header, environment); !allowed) {
        return cmd::report(allowed.error());
    }
    const run::Ledger ledger = run::read_ledger(*session, job->key, plan->count());
    const auto selected = select(*plan, ledger, arguments.keyword);
    if (!selected) {
        return cmd::report(selected.error());
    }
    if (arguments.list || arguments.dry_run) {
        return list_tests(*plan, *selected, arguments.dry_run);
    }
    if (plan->count() == 0) {
        return cmd::report(Error{ErrorKind::nothing_selected, "the session has no tests", {}, {}});
    }
    const bool bad_end =
        std::any_of(ledger.tests.begin(), ledger.tests.end(), [](const run::TestEntry& entry) {
            return entry.verdict == status::Verdict::fail ||
                   entry.verdict == status::Verdict::error;
        });
    if (selected->order.empty() && ledger.session_ended) {
        fmt::print("pavrun: all tests of session {} have ended in this job already\n",
                   session->id());
        return static_cast<int>(bad_end ? ExitCode::tests_failed : ExitCode::ok);
    }
    start_again_marked(environment, job->mark(), session->id(), words);

    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    auto signals = run::SignalInbox::open();
    if (!signals) {
        return cmd::report(signals.error());
    }
    const run::StepDaemon daemon = run::StepDaemon::find();
    const run::MemoryKills kills = run::MemoryKills::of_process();
    const SystemClock clock;
    auto recorder = run::Recorder::open(*session, *job, clock);
    if (!recorder) {
        return cmd::report(recorder.error().within("another pavrun of this job may be running"));
    }
    session::SlurmCommands slurm(environment, std::chrono::seconds(5));
    const build::Holder self = build::this_holder(environment);
    const session::BuildRules& rules = plan->builds();
    build::Registry builds(build::shelf_places(rules, arguments.store),
                           {rules.archive_bytes, rules.archive_entries}, self,
                           std::make_shared<build::HostWitness>(self, &slurm));
    run::Leaders leaders;
    const Environment scripts = script_environment(Environment::of_process(), arguments);
    std::vector<std::string> others = job->nodes;
    others.erase(std::remove(others.begin(), others.end(), job->node), others.end());
    run::NodeHelpers helpers(own_path(), std::move(others), scripts, leaders);
    const auto account = Account::of_process(environment);
    const auto settings =
        account ? load_settings(environment, *account) : tl::make_unexpected(account.error());
    if (!settings) {
        return cmd::report(settings.error());
    }
    run::NodeCopies copies(recorder->job_directory());
    run::TestWorld world{
        .header = *header,
        .session = *session,
        .store = arguments.store,
        .job = *job,
        .ledger = ledger,
        .environment = scripts,
        .kills = kills,
        .recorder = *recorder,
        .builds = builds,
        .leaders = leaders,
        .helpers = helpers,
        .node_dir = settings->node_dir,
        .spare_directory = fmt::format("{}/pavtest-{}-{}", environment.get_or("TMPDIR", "/tmp"),
                                       session->id(), job->mark()),
        .copies = &copies};
    const bool colour = ::isatty(STDOUT_FILENO) == 1 && !environment.get("NO_COLOR");
    run::Report report(STDOUT_FILENO, colour, selected->order.size(), job->nodes.size() > 1);
    report.line(fmt::format("pavtest {}: session {}, job {} on {}, {} tests", PAVTEST_VERSION,
                            session->id(), job->mark(), job->node_list, selected->order.size()));
    const auto kept = Directory::open(arguments.store);
    session::Durations durations = kept ? session::Durations::read(*kept) : session::Durations();
    session::Packer packer(run::packed_nodes(*job),
                           run::packed_tests(*plan, selected->order, durations));
    run::Runner runner(world, *plan, std::move(packer), selected->left_out, *signals, daemon,
                       run::OutputTail::of_descriptor(STDERR_FILENO, job->key.restart > 0), report,
                       {.max_failures = arguments.max_failures,
                        .hold = run::Milliseconds(400),
                        .stop_grace = run::Milliseconds(300),
                        .store_patience = run::Milliseconds(2000),
                        .build_ahead = selected->order,
                        .durations = &durations});
    return static_cast<int>(runner.run());
}

int pavrun(int count, char** words) {
    const Environment environment = Environment::of_process();
    Arguments arguments;
    arguments.session = environment.get_or("PAVTEST_SESSION", "");
    arguments.store = environment.get_or("PAVTEST_STORE", "");
    CLI::App app{"Runs the tests of a pavtest session inside its Slurm job.", "pavrun"};
    app.set_version_flag("--version", "pavtest " PAVTEST_VERSION);
    app.add_option("--session", arguments.session, "the session (default: $PAVTEST_SESSION)");
    app.add_option("--store", arguments.store, "where it is (default: $PAVTEST_STORE)");
    app.add_option("-k", arguments.keyword,
                   "only tests whose names match: words joined by and, or, not");
    app.add_option("--maxfail", arguments.max_failures,
                   "start no more tests after so many that did not pass");
    app.add_flag("--list", arguments.list, "list the tests that are still to run, run nothing");
    app.add_flag("--dry-run", arguments.dry_run, "say what would be run, run nothing");
    bool help_node = false;
    app.add_subcommand("node-helper", "For pavrun itself: serve it on another node")
        ->group("")
        ->callback([&help_node] { help_node = true; });
    try {
        app.parse(count, words);
    } catch (const CLI::ParseError& error) {
        return cmd::parse_failed(app, error);
    }
    if (help_node) {
        return static_cast<int>(run::serve_node(environment));
    }
    return run_session(arguments, count, words);
}

}  // namespace
}  // namespace pavtest

int main(int count, char** words) {
    return pavtest::cmd::guarded("pavrun", [&] { return pavtest::pavrun(count, words); });
}
