// pavsuite show: what requests resolve to, what stands in the files, and why.
#include <fmt/format.h>

#include <memory>
#include <optional>

#include "base/text.h"
#include "cmd/pavsuite/json_output.h"
#include "cmd/pavsuite/paint.h"
#include "cmd/pavsuite/selection.h"
#include "cmd/pavsuite/show_raw.h"
#include "cmd/pavsuite/show_text.h"
#include "cmd/pavsuite/show_why.h"
#include "cmd/pavsuite/subcommands.h"
#include "suite/files.h"

namespace pavtest::cmd {

namespace {

struct ShowArguments {
    SelectionArguments selection;
    CLI::Option* why_option = nullptr;
    std::string why;
    bool raw = false;
    bool json = false;
    bool drop_defaults = false;
    bool defaults = false;
};

bool is_suite(const suite::World& world, const std::string& request) {
    const std::string name = request.substr(0, request.find('.'));
    return suite::Files(world.directories).find(suite::ConfigType::suite, name).has_value();
}

// `--why KEY REQUEST`, `--why REQUEST` and `REQUEST --why KEY` are all meant: the word
// behind --why is a key if it can be one and something is left to show.
Result<std::string> take_key(const suite::World& world, const std::string& word,
                             std::vector<std::string>& requests, bool has_files) {
    if (word.empty()) {
        return std::string{};
    }
    const bool alone = requests.empty() && !has_files;
    if (alone || (!is_key(word) && is_suite(world, word))) {
        requests.insert(requests.begin(), word);
        return std::string{};
    }
    if (const auto known = check_key(word); !known) {
        return tl::make_unexpected(known.error());
    }
    return word;
}

int finish(const suite::Resolution& resolution, bool json) {
    if (resolution.errors.empty()) {
        return 0;
    }
    return json ? static_cast<int>(ExitCode::usage) : report(resolution.errors);
}

int show(const ShowArguments& arguments) {
    const auto process = this_process();
    if (!process) {
        return report(process.error());
    }
    const auto world = world_of(*process, arguments.selection.facts);
    if (!world) {
        return report(world.error());
    }
    SelectionArguments wanted = arguments.selection;
    const bool explain = arguments.why_option->count() > 0;
    const auto key = take_key(*world, arguments.why, wanted.requests, !wanted.files.empty());
    if (!key) {
        return report(key.error());
    }
    if (wanted.requests.empty() && (wanted.files.empty() || arguments.raw)) {
        return report(Error{ErrorKind::usage, "show what?",
                            "name a suite or a test; 'pavsuite list' shows what there is",
                            std::nullopt});
    }
    const Paint paint = Paint::of_output(process->environment);
    if (arguments.raw) {
        const auto text = show_raw(*world, wanted.requests, paint);
        if (!text) {
            return report(text.error());
        }
        fmt::print("{}", *text);
        return 0;
    }
    if (arguments.json && !explain) {
        ResolutionPrinter printer(arguments.drop_defaults);
        const suite::Resolution resolution =
            suite::resolve(*world, selection_of(wanted),
                           [&](suite::ResolvedTest&& test) { printer.test(std::move(test)); });
        printer.finish(resolution.errors);
        warn(resolution.warnings);
        return finish(resolution, true);
    }
    const suite::Resolution resolution = suite::resolve(*world, selection_of(wanted));
    warn(resolution.warnings);
    if (arguments.json) {
        print_json({{"errors", errors_json(resolution.errors)},
                    {"tests", why_json(resolution.tests, *key, arguments.defaults)}});
    } else if (explain) {
        fmt::print("{}", why_text(resolution.tests, *key, arguments.defaults, paint));
    } else {
        fmt::print("{}", show_text(resolution.tests, {arguments.defaults}, paint));
    }
    return finish(resolution, arguments.json);
}

}  // namespace

Chosen add_show(CLI::App& app) {
    auto arguments = std::make_shared<ShowArguments>();
    CLI::App* command = app.add_subcommand("show", "Show what requests resolve to, and why");
    arguments->selection.add_to(*command);
    arguments->why_option =
        command
            ->add_option("--why", arguments->why,
                         "For each value, or those at and below KEY: who set it, in which file "
                         "and line, and what it overrode")
            ->type_name("[KEY]")
            ->expected(0, 1);
    CLI::Option* raw =
        command->add_flag("--raw", arguments->raw, "The tests' own sections, as in the file");
    command
        ->add_flag("--json", arguments->json,
                   "For programs, with Pavilion's keys; with errors the exit status is 2")
        ->excludes(raw);
    command->add_flag("--drop-defaults", arguments->drop_defaults,
                      "With --json: leave out what nobody set");
    command->add_flag("--defaults", arguments->defaults,
                      "Without --json, or with --why: show also what nobody set");
    raw->excludes(arguments->why_option);
    command->footer(
        "Examples:\n"
        "  pavsuite show selftest.pass                  what the test is in the end\n"
        "  pavsuite show --raw selftest.pass            what stands in the file\n"
        "  pavsuite show --why run selftest.pass        where all of run: came from\n"
        "  pavsuite show --why -c run.timeout=9 health  every value of every test\n"
        "  pavsuite show -H other --fact sys_name=other health\n"
        "                                               what it would be elsewhere\n"
        "  pavsuite show --json --drop-defaults health | jq '.tests[].full_name'");
    return [arguments] { return show(*arguments); };
}

}  // namespace pavtest::cmd
