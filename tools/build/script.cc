// The order of a script's parts is Pavilion's, so that what worked there works here.
#include "build/script.h"

#include <fmt/format.h>

#include "base/text.h"

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

// Values are the shell's to expand. One with spaces gets quotes unless it has some.
std::string assignment(const EnvironmentChange& change) {
    if (!change.value) {
        return "unset " + change.name;
    }
    const std::string_view value = trim(*change.value);
    const bool needs_quotes =
        value.find(' ') != std::string_view::npos && value.front() != '"' && value.front() != '\'';
    return fmt::format("export {}={}{}{}", change.name, needs_quotes ? "\"" : "",
                       needs_quotes ? value : std::string_view(*change.value),
                       needs_quotes ? "\"" : "");
}

// "name" loads, "-name" unloads, "old->new" swaps.
std::string module_line(std::string_view module) {
    std::string command;
    if (const std::size_t arrow = module.find("->"); arrow != std::string_view::npos) {
        command = fmt::format("module swap {} {}", shell_quote(trim(module.substr(0, arrow))),
                              shell_quote(trim(module.substr(arrow + 2))));
    } else if (module.front() == '-') {
        command = fmt::format("module unload {}", shell_quote(trim(module.substr(1))));
    } else {
        command = fmt::format("module load {}", shell_quote(module));
    }
    return fmt::format("{} || {{ echo {} >&2; exit 1; }}", command,
                       shell_quote(fmt::format("failed: {}", command)));
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
    if (!section.modules.empty()) {
        lines.comment("Modules");
        for (const std::string& module : section.modules) {
            if (const std::string_view name = trim(module); !name.empty()) {
                lines.add(module_line(name));
            }
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
        lines.add("module -t list");
        lines.add("declare -p");
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
