// Options, and what they mean together.
#include "cmd/pavstat/arguments.h"

#include <CLI/CLI.hpp>

#include "base/build_info.h"
#include "base/text.h"

namespace pavtest::cmd {

namespace {

constexpr const char* kFooter =
    "Examples:\n"
    "  pavstat                       my sessions of the last seven days\n"
    "  pavstat --starttime now-1day  those of the last day\n"
    "  pavstat -j 4711               the tests of a job's session\n"
    "  pavstat -j 4711.3 --history   all that is on record about its test 3\n"
    "  pavstat -j 4711 --nodes       the nodes that took part in it\n"
    "  pavstat --failed -w n[17-19]  what failed on these nodes\n"
    "  pavstat --watch               my sessions as they go, until all are over\n"
    "  pavstat --changed             what changed since the last session of each suite\n"
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
    add_list(app, "-n,--name", options.names, "Only what was requested by these names (globs)",
             "REQUEST");
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
    app.add_flag("--changed", arguments.changed,
                 "What changed since the session before of the same suites");
    app.add_flag("--verify", arguments.verify,
                 "Compare index, journals and status files; exit status 3 where they differ");
    app.add_option("-i,--iterate", arguments.iterate, "Show it anew until all is over")
        ->type_name("SECONDS")
        ->check(CLI::Range(1, 86400));
    app.add_flag("--watch", arguments.watch, "Likewise, as it goes; in a pipe only the end");
    app.add_flag("-l,--long", arguments.long_form, "More columns");
    app.add_flag("-v,--verbose", arguments.verbose, "Say where was looked, and what that took");
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

}  // namespace

void add_options(CLI::App& app, Arguments& arguments) {
    app.set_help_flag("--help", "Print this help");
    app.set_version_flag("-V,--version", "pavstat " PAVTEST_VERSION);
    add_filters(app, arguments);
    add_forms(app, arguments);
    app.footer(kFooter);
    app.fallthrough();
}

Result<PavstatOptions> options_of(const Arguments& arguments, const Environment& environment,
                                  Timestamp now) {
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
            const auto when = parse_start_time(*text, now);
            if (!when) {
                return tl::make_unexpected(when.error());
            }
            *into = *when;
        }
    }
    if (options.clusters.empty()) {
        if (const std::string named = environment.get_or("SLURM_CLUSTERS", "");
            !named.empty() && named != "all") {
            options.clusters = split(named, ',');
        }
    }
    options.with_past = arguments.changed;
    if ((!arguments.record_of.empty() || arguments.changed) && !options.since) {
        options.since = Timestamp{};  // as far back as there is a store
    }
    options.of_tests = arguments.tests || arguments.summary || arguments.changed ||
                       !arguments.record_of.empty() || arguments.json || arguments.yaml ||
                       !options.wishes.empty() || options.failed || !options.results.empty() ||
                       !options.tests.empty() || !options.had.empty();
    return options;
}

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
    layout.columns =
        of_tests ? test_columns(arguments.long_form) : session_columns(arguments.long_form);
    if (!names.empty() || !format.empty()) {
        auto columns = names.empty() ? columns_of_format(format) : columns_of_names(names);
        if (!columns) {
            return tl::make_unexpected(columns.error());
        }
        layout.columns = *std::move(columns);
    }
    return layout;
}

}  // namespace pavtest::cmd
