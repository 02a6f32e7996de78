// pavsuite: what suites there are, what they resolve to, and submitting them.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/build_info.h"
#include "cmd/command.h"
#include "cmd/command_line.h"
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
        return parse_failed(app, error);
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
