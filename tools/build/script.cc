// The order of a script's parts is Pavilion's, so that what worked there works here.
#include "build/script.h"

#include <fmt/format.h>

#include "base/text.h"
#include "build/modules.h"

namespace pavtest::build {

namespace {

class Lines {
  public:
    void add(std::string_view line) {
        text_ += line;
        text_ += '\n';
    }
    void comment(std::string_view text) { add(fmt::format("\n# {}", text)); }
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    std::string text_;
};

// In the environment that lies in the directory of the build, and in that of each run of it.
void add_spack(Lines& lines, const SpackPackages& spack) {
    lines.comment("Spack");
    lines.add("source \"${SPACK_ROOT:?has to name a Spack}/share/spack/setup-env.sh\" || exit 1");
    lines.add("spack env deactivate &>/dev/null");
    lines.add("spack env activate -d . || exit 1");
    lines.add("spack find");
    for (const std::string& package : spack.install) {
        lines.add(fmt::format("spack add {} || exit 1", package));
    }
    if (!spack.install.empty()) {
        lines.add("spack install -v --fail-fast || exit 1");
    }
    for (const std::string& package : spack.load) {
        lines.add(fmt::format("spack load {} || exit 1", package));
    }
}

}  // namespace

std::string compose_script(const Section& section, const ScriptFrame& frame) {
    Lines lines;
    lines.add(frame.shebang.starts_with("#!") ? frame.shebang : "#!" + frame.shebang);
    if (section.verbose) {
        lines.comment("Show all commands in the log.");
        lines.add("set -v");
    }
    lines.comment("Its place; the first argument is the id of the test.");
    lines.add(fmt::format("export TEST_ID=${{1:-{}}}", frame.test_id));
    for (const EnvironmentChange& change : frame.environment) {
        lines.add(change.value
                      ? fmt::format("export {}={}", change.name, shell_quote(*change.value))
                      : "unset " + change.name);
    }
    lines.add(fmt::format("cd -- {} || exit 1", shell_quote(frame.directory)));
    if (!section.preamble.empty()) {
        lines.comment("Preamble");
        for (const std::string& command : section.preamble) {
            lines.add(command);
        }
    }
    if (const auto modules = module_lines(section.modules, section.wrappers); !modules.empty()) {
        lines.comment("Modules");
        for (const std::string& line : modules) {
            lines.add(line);
        }
    }
    if (!section.environment.empty()) {
        lines.comment("Environment");
        for (const EnvironmentChange& change : section.environment) {
            lines.add(assignment(change));
        }
    }
    if (section.verbose) {
        lines.comment("Modules and environment, for posterity.");
        lines.add("! type module >/dev/null 2>&1 || module -t list");
        lines.add("declare -p");
    }
    if (section.spack.enabled) {
        add_spack(lines, section.spack);
    }
    if (section.commands.empty()) {
        lines.comment("No commands.");
        return lines.text();
    }
    lines.comment("Commands");
    if (section.autoexit) {
        lines.add("set -e -o pipefail");
    }
    for (const std::string& command : section.commands) {
        lines.add(command);
    }
    return lines.text();
}

std::vector<std::string> interpreter_of(const std::string& shebang) {
    std::string_view rest = trim(shebang);
    if (rest.starts_with("#!")) {
        rest = trim(rest.substr(2));
    }
    const std::size_t space = rest.find_first_of(" \t");
    if (rest.empty()) {
        return {"/bin/bash"};
    }
    std::vector<std::string> arguments{std::string(rest.substr(0, space))};
    if (space != std::string_view::npos) {
        // The kernel passes all that follows as one argument.
        arguments.emplace_back(trim(rest.substr(space)));
    }
    return arguments;
}

}  // namespace pavtest::build
