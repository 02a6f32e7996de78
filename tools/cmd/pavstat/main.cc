// pavstat: what is queued, running, over, and why.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "base/build_info.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/pavstat/collect.h"
#include "cmd/pavstat/set.h"
#include "cmd/pavstat/views.h"

namespace {

using namespace pavtest;
using namespace pavtest::cmd;

constexpr std::chrono::seconds kSlurmDeadline{5};
constexpr std::chrono::seconds kSettleDeadline{30};

struct Arguments {
    std::vector<std::string> jobs, users, clusters, note;
    std::string start_time;
    bool all = false, me = false, no_header = false, offline = false;
    bool history = false, nodes = false, json = false;
};

constexpr const char* kFooter =
    "Examples:\n"
    "  pavstat                       my sessions of the last seven days\n"
    "  pavstat -S now-1day           those of the last day\n"
    "  pavstat -j 4711               the tests of a job's session\n"
    "  pavstat -j 4711.3 --history   all that is on record about its test 3\n"
    "  pavstat -j 4711 --nodes       the nodes that took part in it\n"
    "  pavstat --json                everything, for programs\n"
    "  pavstat settle                ask Slurm about sessions that nobody ended; for cron\n"
    "  pavstat set 'step 2 of 5'     in a test's script: what it is doing";

void add_options(CLI::App& app, Arguments& arguments) {
    app.set_help_flag("--help", "Print this help");
    app.set_version_flag("-V,--version", "pavstat " PAVTEST_VERSION);
    app.add_option("-j,--jobs", arguments.jobs, "Only these: job or session ids, with .N one test")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->type_name("ID[.N],...");
    app.add_flag("--history", arguments.history, "Every record, in order");
    app.add_flag("--nodes", arguments.nodes, "The nodes that took part");
    app.add_flag("--json", arguments.json, "JSON");
    app.add_option("-S,--starttime", arguments.start_time,
                   "Sessions submitted since then (now-2days, 2026-11-21)")
        ->type_name("TIME");
    app.add_option("-u,--user", arguments.users, "Sessions of these users, where they may be read")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->type_name("NAME,...");
    app.add_flag("--me", arguments.me, "My own sessions (what it does anyway)");
    app.add_flag("-a,--all", arguments.all, "Sessions of everybody, where they may be read");
    app.add_option("-M,--clusters", arguments.clusters, "Only sessions of these clusters")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->type_name("NAME,...");
    app.add_flag("-h,--noheader", arguments.no_header, "No line of headings");
    app.add_flag("--offline", arguments.offline, "Ask Slurm nothing: states as they are on record");
    app.footer(kFooter);
    app.fallthrough();
}

Result<PavstatOptions> options_of(const Arguments& arguments, const Clock& clock) {
    PavstatOptions options;
    for (const std::string& text : arguments.jobs) {
        auto wish = parse_wish(text);
        if (!wish) {
            return tl::make_unexpected(wish.error());
        }
        options.wishes.push_back(*std::move(wish));
    }
    if (!arguments.start_time.empty()) {
        const auto since = parse_start_time(arguments.start_time, clock.now());
        if (!since) {
            return tl::make_unexpected(since.error());
        }
        options.since = *since;
    }
    options.users = arguments.users;
    options.clusters = arguments.clusters;
    options.all_users = arguments.all;
    options.no_header = arguments.no_header;
    options.offline = arguments.offline;
    return options;
}

int print(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() ||
        std::fflush(stdout) != 0) {
        return static_cast<int>(ExitCode::infrastructure);
    }
    return 0;
}

int show(const Viewer& viewer, const PavstatOptions& options, const Arguments& arguments) {
    const auto collected = collect(viewer, options);
    if (!collected) {
        return report(collected.error());
    }
    for (const std::string& remark : collected->remarks) {
        fmt::print(stderr, "pavstat: {}\n", printable(remark));
    }
    const Timestamp now = viewer.clock->now();
    if (arguments.json) {
        return print(sessions_json(*collected));
    }
    if (arguments.history) {
        const auto history = history_table(*collected, options.no_header);
        return history ? print(*history) : report(history.error());
    }
    if (arguments.nodes) {
        return print(nodes_table(*collected, options.no_header));
    }
    return print(options.wishes.empty() ? sessions_table(*collected, now, options.no_header)
                                        : tests_table(*collected, now, options.no_header));
}

int settle(const Viewer& viewer, const PavstatOptions& options) {
    const auto collected = settle_all(viewer, options);
    if (!collected) {
        return report(collected.error());
    }
    for (const std::string& remark : collected->remarks) {
        fmt::print(stderr, "pavstat: {}\n", printable(remark));
    }
    std::size_t open = 0;
    for (const Row& row : collected->rows) {
        open += row.job.settled() ? 0 : 1;
    }
    return print(
        fmt::format("settled {}; {} wait, run or are not decided yet\n", collected->settled, open));
}

int pavstat(int argc, char** argv) {
    Arguments arguments;
    CLI::App app{"The state of test sessions", "pavstat"};
    add_options(app, arguments);
    CLI::App* const settle_command =
        app.add_subcommand("settle", "Ask Slurm about all sessions of mine that nobody ended");
    CLI::App* const states_command = app.add_subcommand("states", "The states and what they mean");
    CLI::App* const set_command =
        app.add_subcommand("set", "In a test's script: say what it is doing (RUN_USER)");
    set_command->add_option("NOTE", arguments.note, "What it is doing")->required();
    app.require_subcommand(0, 1);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const bool asked = error.get_exit_code() == 0;
        app.exit(error);
        return asked ? 0 : static_cast<int>(ExitCode::usage);
    }
    if (states_command->parsed()) {
        return print(states_table(arguments.no_header));
    }
    if (set_command->parsed()) {
        const auto set =
            set_user_state(Environment::of_process(), join(arguments.note, " "), SystemClock());
        return set ? 0 : report(set.error());
    }
    auto process = this_process();
    if (!process) {
        return report(process.error());
    }
    const auto options = options_of(arguments, process->clock);
    if (!options) {
        return report(options.error());
    }
    session::SlurmCommands slurm(process->environment,
                                 settle_command->parsed() ? kSettleDeadline : kSlurmDeadline);
    const Viewer viewer{process->environment, process->account, process->settings, &process->clock,
                        &slurm};
    return settle_command->parsed() ? settle(viewer, *options) : show(viewer, *options, arguments);
}

}  // namespace

int main(int argc, char** argv) {
    return guarded("pavstat", [&] { return pavstat(argc, argv); });
}
