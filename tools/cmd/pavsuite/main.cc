// pavsuite: what suites there are, what they resolve to, and submitting them.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/build_info.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/pavsuite/subcommands.h"

namespace {

// `pavsuite submit REQUEST -- --nodes=4`: what stands after '--' is sbatch's. Elsewhere
// '--' only ends the options.
std::vector<std::string> words_of(int argc, char** argv) {
    std::vector<std::string> words(argv + 1, argv + argc);
    const auto dashes = std::find(words.begin(), words.end(), "--");
    if (words.empty() || words.front() != "submit" || dashes == words.end()) {
        return words;
    }
    std::vector<std::string> result(words.begin(), dashes);
    for (auto word = dashes + 1; word != words.end(); ++word) {
        result.push_back("--sbatch=" + *word);
    }
    return result;
}

// A first word that is no subcommand, or an option that the subcommand lacks.
std::optional<pavtest::Error> unknown_word(const CLI::App& app, const CLI::ParseError& error,
                                           const std::vector<std::string>& words) {
    const auto refuse = [](std::string what, std::string hint) {
        return pavtest::Error{pavtest::ErrorKind::usage, std::move(what), std::move(hint),
                              std::nullopt};
    };
    std::vector<std::string> names;
    bool known = false;
    for (const CLI::App* command : app.get_subcommands(nullptr)) {
        known = known || (!words.empty() && command->get_name() == words.front());
        if (!command->get_group().empty()) {
            names.push_back(command->get_name());
        }
    }
    if (!words.empty() && !words.front().starts_with('-') && !known) {
        const std::string near = pavtest::did_you_mean(words.front(), names);
        return refuse(fmt::format("there is no 'pavsuite {}'", words.front()),
                      near.empty() ? "it is one of " + pavtest::join(names, ", ") : near);
    }
    const auto* extra = dynamic_cast<const CLI::ExtrasError*>(&error);
    if (extra == nullptr || app.get_subcommands().empty()) {
        return std::nullopt;
    }
    const CLI::App* command = app.get_subcommands().front();
    const std::vector<std::string> left = command->remaining(false);
    if (left.empty() || !left.front().starts_with('-')) {
        return std::nullopt;
    }
    std::vector<std::string> options;
    for (const CLI::Option* option : command->get_options()) {
        for (const std::string& name : option->get_lnames()) {
            options.push_back("--" + name);
        }
    }
    const std::string near = pavtest::did_you_mean(left.front(), options);
    return refuse(
        fmt::format("'pavsuite {}' has no option '{}'", command->get_name(), left.front()),
        near.empty() ? fmt::format("'pavsuite {} --help' shows its options", command->get_name())
                     : near);
}

int pavsuite(int argc, char** argv) {
    using namespace pavtest::cmd;
    CLI::App app{"Test suites: list, show, check, render and submit them", "pavsuite"};
    app.set_version_flag("-V,--version", "pavsuite " PAVTEST_VERSION);
    app.require_subcommand(1);
    app.footer(
        "Examples:\n"
        "  pavsuite list                   the suites and tests that there are\n"
        "  pavsuite show selftest.pass     what a test is in the end\n"
        "  pavsuite check                  every mistake in every suite\n"
        "  pavsuite render selftest        the batch script that sbatch would read\n"
        "  sbatch --pavtest=selftest       submit it");
    const std::vector<Chosen> chosen{add_list(app),       add_show(app),   add_check(app),
                                     add_new(app),        add_render(app), add_submit(app),
                                     add_build(app),      add_builds(app), add_freeze(app),
                                     add_submission(app), add_doctor(app)};
    try {
        std::vector<std::string> words = words_of(argc, argv);
        std::reverse(words.begin(), words.end());  // as CLI11 takes them
        app.parse(std::move(words));
    } catch (const CLI::ParseError& error) {
        const bool asked = error.get_exit_code() == 0;
        if (const auto unknown = unknown_word(app, error, words_of(argc, argv));
            !asked && unknown) {
            return report(*unknown);
        }
        app.exit(error);
        return asked ? 0 : static_cast<int>(pavtest::ExitCode::usage);
    }
    const std::vector<CLI::App*> all = app.get_subcommands(nullptr);
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i]->parsed()) {
            return chosen.at(i)();
        }
    }
    return static_cast<int>(pavtest::ExitCode::usage);
}

}  // namespace

int main(int argc, char** argv) {
    return pavtest::cmd::guarded("pavsuite", [&] { return pavsuite(argc, argv); });
}
