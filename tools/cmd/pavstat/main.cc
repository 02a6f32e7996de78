// pavstat: what is queued, running, over, and why.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "base/text.h"
#include "cmd/command.h"
#include "cmd/command_line.h"
#include "cmd/pavstat/arguments.h"
#include "cmd/pavstat/collect.h"
#include "cmd/pavstat/outputs.h"
#include "cmd/pavstat/prune.h"
#include "cmd/pavstat/set.h"
#include "cmd/pavstat/show.h"
#include "cmd/pavstat/verify.h"
#include "cmd/pavstat/views.h"
#include "cmd/pavstat/wait.h"
#include "cmd/pavstat/watch.h"

namespace {

using namespace pavtest;
using namespace pavtest::cmd;

constexpr std::chrono::seconds kSlurmDeadline{5};
constexpr std::chrono::seconds kSettleDeadline{30};

int print(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() ||
        std::fflush(stdout) != 0) {
        return static_cast<int>(ExitCode::infrastructure);
    }
    return 0;
}

void print_remarks(const Collected& collected) {
    for (const std::string& remark : collected.remarks) {
        fmt::print(stderr, "pavstat: {}\n", printable(remark));
    }
}

int show(const Viewer& viewer, const PavstatOptions& options, const Arguments& arguments) {
    const auto collected = collect(viewer, options);
    if (!collected) {
        return report(collected.error());
    }
    print_remarks(*collected);
    if (arguments.verbose) {
        for (const OpenStore& store : collected->stores) {
            fmt::print(stderr, "pavstat: looked into {}\n", printable(store.store.path()));
        }
        fmt::print(stderr, "pavstat: read the files of {} sessions, settled {}\n",
                   collected->sessions_read, collected->settled);
    }
    const auto text = view_text(viewer, options, arguments, *collected);
    return text ? print(*text) : report(text.error());
}

int show_verified(const Viewer& viewer, const PavstatOptions& options) {
    const auto collected = collect(viewer, options);
    const auto verified =
        collected ? verify(viewer, *collected) : tl::make_unexpected(collected.error());
    if (!verified) {
        return report(verified.error());
    }
    print_remarks(*collected);
    const int printed = print(verified_text(*verified));
    return verified->differences.empty() ? printed : static_cast<int>(ExitCode::infrastructure);
}

int show_again(const Viewer& viewer, const PavstatOptions& options, const Arguments& arguments) {
    WatchHow how;
    how.terminal = ::isatty(STDOUT_FILENO) == 1 && !arguments.json && !arguments.yaml;
    how.each_change = arguments.iterate > 0;
    if (arguments.iterate > 0) {
        how.pause = std::chrono::seconds(arguments.iterate);
    }
    const Render render = [&](const Collected& collected, std::size_t width) {
        return view_text(viewer, options, arguments, collected).map([&](std::string text) {
            return width == 0 ? text : text + progress_line(collected, width) + "\n";
        });
    };
    const auto watched = watch(viewer, options, how, render,
                               [](const std::string& text) { return print(text) == 0; });
    return watched ? 0 : report(watched.error());
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
    print_remarks(*collected);
    std::size_t open = 0;
    for (const Row& row : collected->rows) {
        open += row.job.settled ? 0 : 1;
    }
    return print(
        fmt::format("settled {}; {} wait, run or are not decided yet\n", collected->settled, open));
}

int tidy_up(const Viewer& viewer, PavstatOptions options, const Arguments& arguments, Tidy what) {
    const std::int64_t retention = viewer.settings.retention_days;
    if (arguments.older.empty() && what == Tidy::remove && retention == 0) {
        return report(Error{ErrorKind::usage, "how old? The site names no time to keep sessions",
                            "as in pavstat prune --older 90d", std::nullopt});
    }
    const auto age = !arguments.older.empty() ? parse_age(arguments.older)
                     : what == Tidy::compact  ? parse_age("1d")
                                              : parse_age(fmt::format("{}d", retention));
    if (!age) {
        return report(age.error());
    }
    const TidyHow how{what, {viewer.clock->now().microseconds - *age}, arguments.yes};
    options.since = options.since.value_or(Timestamp{});
    options.offline = true;
    const auto collected = collect(viewer, options);
    if (!collected) {
        return report(collected.error());
    }
    print_remarks(*collected);
    const Tidied tidied = tidy(viewer, *collected, how);
    for (const std::string& remark : tidied.remarks) {
        fmt::print(stderr, "pavstat: {}\n", printable(remark));
    }
    const int printed = print(tidied_text(tidied, how, options.no_header));
    return tidied.remarks.empty() ? printed : static_cast<int>(ExitCode::infrastructure);
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
    CLI::App* const prune_command = app.add_subcommand(
        "prune", "Say which old sessions could be removed; with --yes remove them");
    CLI::App* const compact_command = app.add_subcommand(
        "compact", "Say which sessions that passed could be packed; with --yes pack them");
    for (CLI::App* const command : {prune_command, compact_command}) {
        command->add_option("--older", arguments.older, "Over for so long: 90d, 12h, 4w")
            ->type_name("AGE");
        command->add_flag("--yes", arguments.yes, "Do it");
    }
    app.require_subcommand(0, 1);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return parse_failed(app, error);
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
    const auto options = options_of(arguments, process->environment, process->clock.now());
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
    if (prune_command->parsed() || compact_command->parsed()) {
        return tidy_up(viewer, *options, arguments,
                       prune_command->parsed() ? Tidy::remove : Tidy::compact);
    }
    if (wait_command->parsed()) {
        return wait(viewer, *options, arguments);
    }
    if (log_command->parsed()) {
        return show_log(viewer, *options, arguments);
    }
    if (results_command->parsed()) {
        return show_results(viewer, *options);
    }
    if (arguments.verify) {
        return show_verified(viewer, *options);
    }
    return arguments.watch || arguments.iterate > 0 ? show_again(viewer, *options, arguments)
                                                    : show(viewer, *options, arguments);
}

}  // namespace

int main(int argc, char** argv) {
    return guarded("pavstat", [&] { return pavstat(argc, argv); });
}
