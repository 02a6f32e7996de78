// pavsuite check: everything that is wrong or doubtful, at once.
#include "suite/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <tuple>

#include "base/text.h"
#include "cmd/pavsuite/json_output.h"
#include "cmd/pavsuite/paint.h"
#include "cmd/pavsuite/selection.h"
#include "cmd/pavsuite/subcommands.h"

namespace pavtest::cmd {

namespace {

struct CheckArguments {
    SelectionArguments selection;
    std::vector<std::string> paths;
    bool json = false;
};

std::string counted(std::size_t number, std::string_view what) {
    return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

void sort_by_place(std::vector<Error>& errors) {
    const auto key = [](const Error& error) {
        static const Place nowhere;
        const Place& place = error.place ? *error.place : nowhere;
        return std::tie(place.file, place.line, place.column);
    };
    std::stable_sort(errors.begin(), errors.end(),
                     [&](const Error& a, const Error& b) { return key(a) < key(b); });
}

// A problem as describe() has it, its first line brighter.
void print_problem(const Error& error, std::string_view severity, const Paint& paint) {
    const std::string text = describe(error, severity);
    const std::size_t end = text.find('\n');
    fmt::print("{}{}", paint.bold(text.substr(0, end)), text.substr(end));
}

int check(const CheckArguments& arguments) {
    const auto process = this_process();
    if (!process) {
        return report(process.error());
    }
    const auto world = world_of(*process, arguments.selection.facts);
    if (!world) {
        return report(world.error());
    }
    suite::CheckReport found =
        suite::check(*world, selection_of(arguments.selection), arguments.paths);
    sort_by_place(found.errors);
    sort_by_place(found.warnings);
    const int status = found.errors.empty() ? 0 : static_cast<int>(ExitCode::usage);
    if (arguments.json) {
        print_json({{"suites", found.suites},
                    {"tests", found.tests},
                    {"errors", errors_json(found.errors)},
                    {"warnings", errors_json(found.warnings)}});
        return status;
    }
    const Paint paint = Paint::of_output(process->environment);
    for (const Error& warning : found.warnings) {
        print_problem(warning, "warning", paint);
    }
    for (const Error& error : found.errors) {
        print_problem(error, "error", paint);
    }
    fmt::print("{}, {}: {}, {}\n", counted(found.suites, "suite"), counted(found.tests, "test"),
               counted(found.errors.size(), "error"), counted(found.warnings.size(), "warning"));
    return status;
}

}  // namespace

Chosen add_check(CLI::App& app) {
    auto arguments = std::make_shared<CheckArguments>();
    CLI::App* command = app.add_subcommand("check", "Find every mistake in suites");
    command
        ->add_option("paths", arguments->paths,
                     "Suites, by name, file or directory; also files of hosts, os and modes. "
                     "Without any, all that there are")
        ->type_name("PATH");
    arguments->selection.add_layers_to(*command);
    command->add_flag("--json", arguments->json, "For editors and CI");
    command->footer(
        "The exit status is 2 if there are errors; warnings do not count.\n"
        "Examples:\n"
        "  pavsuite check                     all suites, hosts, os and modes\n"
        "  pavsuite check health selftest     some suites\n"
        "  pavsuite check -m quick health     one suite with a mode laid over it\n"
        "  PAV_CONFIG_DIR=. pavsuite check    the configuration directory that one stands in\n"
        "  pavsuite check --json | jq -r '.errors[] | \"\\(.file):\\(.line): \\(.message)\"'");
    return [arguments] { return check(*arguments); };
}

}  // namespace pavtest::cmd
