// pavstat: what is queued, running, over, and why.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/build_info.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/pavstat/collect.h"
#include "cmd/pavstat/layout.h"
#include "cmd/pavstat/outputs.h"
#include "cmd/pavstat/set.h"
#include "cmd/pavstat/summary.h"
#include "cmd/pavstat/views.h"
#include "cmd/pavstat/wait.h"

namespace {

using namespace pavtest;
using namespace pavtest::cmd;

constexpr std::chrono::seconds kSlurmDeadline{5};
constexpr std::chrono::seconds kSettleDeadline{30};

struct Arguments {
    PavstatOptions options;
    std::vector<std::string> jobs, note;
    std::string start_time, end_time, format, names, sort, delimiter;
    bool me = false, history = false, nodes = false, json = false, yaml = false, tests = false;
    bool parsable = false, parsable2 = false, help_format = false, summary = false;
    bool follow = false;
    std::string record_of, job;
    long timeout = 0;
};

constexpr const char* kFooter =
    "Examples:\n"
    "  pavstat                       my sessions of the last seven days\n"
    "  pavstat --starttime now-1day  those of the last day\n"
    "  pavstat -j 4711               the tests of a job's session\n"
    "  pavstat -j 4711.3 --history   all that is on record about its test 3\n"
    "  pavstat -j 4711 --nodes       the nodes that took part in it\n"
    "  pavstat --failed -w n[17-19]  what failed on these nodes\n"
    "  pavstat -O jobid,state,time   chosen columns; --helpformat lists them\n"
    "  pavstat --json                everything, for programs\n"
    "  pavstat settle                ask Slurm about sessions that nobody ended; for cron\n"
    "  pavstat set 'step 2 of 5'     in a test's script: what it is doing";

// A comma separates, and a request may follow.
void add_list(CLI::App& app, const std::string& names, std::vector<std::string>& into,
              const std::string& help, const std::string& type) {
    app.add_option(names, into, help)
        ->delimiter(',')
        ->allow_extra_args(false)
        ->type_name(type + ",...");
}

void add_filters(CLI::App& app, Arguments& arguments) {
    PavstatOptions& options = arguments.options;
    add_list(app, "-j,--jobs", arguments.jobs, "Only these: job or session ids, with .N one test",
             "ID[.N]");
    add_list(app, "-u,--user", options.users, "Sessions of these users, where they may be read",
             "NAME");
    app.add_flag("--me", arguments.me, "My own sessions (what it does anyway)");
    app.add_flag("-a,--all", options.all_users, "Sessions of everybody, where they may be read");
    add_list(app, "-M,--clusters", options.clusters, "Only sessions of these clusters", "NAME");
    add_list(app, "-p,--partition", options.partitions, "Only of these partitions", "NAME");
    add_list(app, "-A,--account", options.accounts, "Only of these accounts", "NAME");
    add_list(app, "-t,--states", options.states, "Only in these states ('pavstat states')",
             "STATE");
    add_list(app, "--has-state", options.had, "Only tests that went through one of these states",
             "STATE");
    add_list(app, "--result", options.results,
             "Only tests with these results: PASS, FAIL, ERROR, SKIPPED, UNFINISHED", "RESULT");
    app.add_flag("--failed", options.failed, "Only tests that failed or could not be tried");
    add_list(app, "--suite", options.suites, "Only sessions with these suites (globs)", "SUITE");
    add_list(app, "--test", options.tests, "Only tests of these names (globs)", "NAME");
    app.add_option("-w,--nodelist", options.nodes, "Only what ran on one of these nodes")
        ->type_name("HOSTLIST");
    app.add_option("--starttime", arguments.start_time,
                   "Sessions submitted since then (now-2days, 2026-11-21)")
        ->type_name("TIME");
    app.add_option("--endtime", arguments.end_time, "Sessions submitted before then")
        ->type_name("TIME");
    app.add_flag("--offline", options.offline, "Ask Slurm nothing: states as they are on record");
}

void add_forms(CLI::App& app, Arguments& arguments) {
    app.add_flag("--tests", arguments.tests, "A line a test");
    app.add_flag("--history", arguments.history, "Every record, in order");
    app.add_flag("--nodes", arguments.nodes, "The nodes that took part");
    app.add_flag("-s,--summary", arguments.summary, "Counts by suite, state and node");
    app.add_option("--node", arguments.record_of,
                   "What these nodes have on record: passes, failures, since when")
        ->type_name("HOSTLIST");
    app.add_flag("--json", arguments.json, "JSON");
    app.add_flag("--yaml", arguments.yaml, "YAML");
    app.add_option("-o,--format", arguments.format, "Columns by letter: '%.18i %T %R'")
        ->type_name("FORMAT");
    app.add_option("-O,--Format", arguments.names, "Columns by name: jobid:10,state,nodelist")
        ->type_name("NAME[:[.]WIDTH],...");
    app.add_flag("--helpformat", arguments.help_format, "The columns that there are");
    app.add_flag("-P,--parsable2", arguments.parsable2, "Columns with '|' between them, uncut");
    app.add_flag("--parsable", arguments.parsable, "Likewise, with one at the end of the line");
    app.add_option("--delimiter", arguments.delimiter, "Another one than '|'")->type_name("TEXT");
    app.add_option("-S,--sort", arguments.sort, "Sort by these columns: -V,i or -submittime")
        ->type_name("KEY,...");
    app.add_flag("-h,--noheader", arguments.options.no_header, "No line of headings");
}

void add_options(CLI::App& app, Arguments& arguments) {
    app.set_help_flag("--help", "Print this help");
    app.set_version_flag("-V,--version", "pavstat " PAVTEST_VERSION);
    add_filters(app, arguments);
    add_forms(app, arguments);
    app.footer(kFooter);
    app.fallthrough();
}

Result<PavstatOptions> options_of(const Arguments& arguments, const Process& process) {
    PavstatOptions options = arguments.options;
    for (const std::string& text : arguments.jobs) {
        auto wish = parse_wish(text);
        if (!wish) {
            return tl::make_unexpected(wish.error());
        }
        options.wishes.push_back(*std::move(wish));
    }
    for (const auto& [text, into] : {std::pair(&arguments.start_time, &options.since),
                                     std::pair(&arguments.end_time, &options.until)}) {
        if (!text->empty()) {
            const auto when = parse_start_time(*text, process.clock.now());
            if (!when) {
                return tl::make_unexpected(when.error());
            }
            *into = *when;
        }
    }
    if (options.clusters.empty()) {
        if (const std::string named = process.environment.get_or("SLURM_CLUSTERS", "");
            !named.empty() && named != "all") {
            options.clusters = split(named, ',');
        }
    }
    if (!arguments.record_of.empty() && !options.since) {
        options.since = Timestamp{};  // as far back as there is a store
    }
    options.of_tests = arguments.tests || arguments.summary || !arguments.record_of.empty() ||
                       arguments.json || arguments.yaml || !options.wishes.empty() ||
                       options.failed || !options.results.empty() || !options.tests.empty() ||
                       !options.had.empty();
    return options;
}

// The columns: of the command line, of the environment, or those that everybody sees.
Result<Layout> layout_of(const Arguments& arguments, const Environment& environment,
                         bool of_tests) {
    Layout layout;
    layout.no_header = arguments.options.no_header;
    if (arguments.parsable || arguments.parsable2) {
        layout.delimiter = arguments.delimiter.empty() ? "|" : arguments.delimiter;
        layout.delimiter_at_end = arguments.parsable;
    }
    std::string names = arguments.names;
    std::string format = arguments.format;
    if (names.empty() && format.empty()) {
        names = environment.get_or("PAVSTAT_FORMAT2", "");
        format = environment.get_or("PAVSTAT_FORMAT", "");
    }
    layout.columns = of_tests ? test_columns() : session_columns();
    if (!names.empty() || !format.empty()) {
        auto columns = names.empty() ? columns_of_format(format) : columns_of_names(names);
        if (!columns) {
            return tl::make_unexpected(columns.error());
        }
        layout.columns = *std::move(columns);
    }
    return layout;
}

int print(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() ||
        std::fflush(stdout) != 0) {
        return static_cast<int>(ExitCode::infrastructure);
    }
    return 0;
}

// What failures have in common goes below the table, where a person reads it.
int suspect(const Collected& collected) {
    std::string text;
    for (const std::string& line : suspicions(collected)) {
        text += line + "\n";
    }
    return print(printable(text, "\n"));
}

int show_lines(const Viewer& viewer, const PavstatOptions& options, const Arguments& arguments,
               const Collected& collected) {
    const auto layout = layout_of(arguments, viewer.environment, options.of_tests);
    if (!layout) {
        return report(layout.error());
    }
    const Timestamp now = viewer.clock->now();
    std::vector<Subject> lines =
        options.of_tests ? test_lines(collected, now) : session_lines(collected, now);
    const std::string sort =
        arguments.sort.empty() ? viewer.environment.get_or("PAVSTAT_SORT", "") : arguments.sort;
    if (!sort.empty()) {
        if (auto sorted = sort_lines(lines, sort); !sorted) {
            return report(sorted.error());
        }
    }
    return print(lay_out(*layout, lines));
}

int show(const Viewer& viewer, const PavstatOptions& options, const Arguments& arguments) {
    const auto collected = collect(viewer, options);
    if (!collected) {
        return report(collected.error());
    }
    for (const std::string& remark : collected->remarks) {
        fmt::print(stderr, "pavstat: {}\n", printable(remark));
    }
    if (arguments.json || arguments.yaml) {
        const auto document = sessions_json(*collected);
        return print(arguments.json ? json_text(document) : yaml_text(document));
    }
    if (arguments.history || arguments.nodes) {
        const auto table = arguments.history ? history_table(*collected, options.no_header)
                                             : nodes_table(*collected, options.no_header);
        return table ? print(*table) : report(table.error());
    }
    if (arguments.summary || !arguments.record_of.empty()) {
        const auto table = arguments.summary ? summary_table(*collected, options.no_header)
                                             : node_records_table(*collected, arguments.record_of,
                                                                  options.no_header);
        if (!table) {
            return report(table.error());
        }
        const int printed = print(*table);
        return printed == 0 ? suspect(*collected) : printed;
    }
    return show_lines(viewer, options, arguments, *collected);
}

int show_log(const Viewer& viewer, PavstatOptions options, const Arguments& arguments) {
    const auto collected = collect(viewer, options);
    if (!collected) {
        return report(collected.error());
    }
    if (arguments.follow && collected->tests.size() != 1) {
        return report(Error{ErrorKind::usage, "-f follows one test", "as in pavstat log -f 4711.3",
                            std::nullopt});
    }
    options.offline = true;
    const std::function<bool()> ended = [&] {
        const auto now = collect(viewer, options);
        return !now || now->tests.empty() || now->tests.front().view.ended.has_value();
    };
    const auto shown = show_logs(
        *collected, [](const std::string& text) { return print(text) == 0; },
        arguments.follow ? ended : std::function<bool()>{});
    return shown ? 0 : report(shown.error());
}

int wait(const Viewer& viewer, const PavstatOptions& options, const Arguments& arguments) {
    const auto status =
        wait_for_end(viewer, options,
                     arguments.timeout > 0 ? std::optional(std::chrono::seconds(arguments.timeout))
                                           : std::nullopt);
    return status ? *status : report(status.error());
}

int show_results(const Viewer& viewer, const PavstatOptions& options) {
    const auto collected = collect(viewer, options);
    const auto text = collected ? results_json(*collected) : tl::make_unexpected(collected.error());
    return text ? print(*text) : report(text.error());
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
        open += row.job.settled ? 0 : 1;
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
    CLI::App* const wait_command = app.add_subcommand(
        "wait", "Wait until a job's tests are over; exit status 0: all passed, 1: some failed, 3");
    wait_command->add_option("JOB", arguments.job, "Job or session id")->required();
    wait_command->add_option("--timeout", arguments.timeout, "Give up after so long")
        ->type_name("SECONDS")
        ->check(CLI::PositiveNumber);
    CLI::App* const log_command = app.add_subcommand("log", "The output of a job's tests");
    log_command->add_option("JOB", arguments.job, "Job or session id, with .N one test")
        ->required();
    log_command->add_flag("-f,--follow", arguments.follow, "Go on until the test has ended");
    CLI::App* const results_command =
        app.add_subcommand("results", "The results of a job's tests, as JSON");
    results_command->add_option("JOB", arguments.job, "Job or session id, with .N one test")
        ->required();
    app.require_subcommand(0, 1);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const bool asked = error.get_exit_code() == 0;
        app.exit(error);
        return asked ? 0 : static_cast<int>(ExitCode::usage);
    }
    if (states_command->parsed()) {
        return print(states_table(arguments.options.no_header));
    }
    if (arguments.help_format) {
        return print(fields_help());
    }
    if (set_command->parsed()) {
        const auto set =
            set_user_state(Environment::of_process(), join(arguments.note, " "), SystemClock());
        return set ? 0 : report(set.error());
    }
    if (!arguments.job.empty()) {
        arguments.jobs = {arguments.job};
    }
    auto process = this_process();
    if (!process) {
        return report(process.error());
    }
    const auto options = options_of(arguments, *process);
    if (!options) {
        return report(options.error());
    }
    session::SlurmCommands slurm(process->environment,
                                 settle_command->parsed() ? kSettleDeadline : kSlurmDeadline);
    const Viewer viewer{process->environment, process->account, process->settings, &process->clock,
                        &slurm};
    if (settle_command->parsed()) {
        return settle(viewer, *options);
    }
    if (wait_command->parsed()) {
        return wait(viewer, *options, arguments);
    }
    if (log_command->parsed()) {
        return show_log(viewer, *options, arguments);
    }
    return results_command->parsed() ? show_results(viewer, *options)
                                     : show(viewer, *options, arguments);
}

}  // namespace

int main(int argc, char** argv) {
    return guarded("pavstat", [&] { return pavstat(argc, argv); });
}
