#include "cmd/command_line.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/text.h"
#include "cmd/command.h"

namespace pavtest::cmd {

namespace {

std::vector<std::string> subcommands_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands(nullptr)) {
        if (!command->get_group().empty()) {
            names.push_back(command->get_name());
        }
    }
    return names;
}

std::vector<std::string> options_of(const CLI::App& command) {
    std::vector<std::string> names;
    for (const CLI::Option* option : command.get_options()) {
        for (const std::string& name : option->get_lnames()) {
            names.push_back("--" + name);
        }
    }
    return names;
}

Error usage_error(std::string what, std::string near, std::string otherwise) {
    return {ErrorKind::usage, std::move(what),
            near.empty() ? std::move(otherwise) : std::move(near), std::nullopt};
}

}  // namespace

std::optional<Error> unknown_word(const CLI::App& app, const CLI::ParseError& error) {
    // What is required is missed before it is said that something was too much.
    if (dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr &&
        dynamic_cast<const CLI::RequiredError*>(&error) == nullptr) {
        return std::nullopt;
    }
    const auto parsed = app.get_subcommands();
    const CLI::App& command = parsed.empty() ? app : *parsed.front();
    const std::string name =
        parsed.empty() ? app.get_name() : app.get_name() + " " + command.get_name();
    const std::vector<std::string> left = command.remaining(false);
    if (left.empty()) {
        return std::nullopt;
    }
    const std::string& word = left.front();
    if (word.starts_with('-')) {
        return usage_error(fmt::format("'{}' has no option '{}'", name, word),
                           did_you_mean(word, options_of(command)),
                           fmt::format("'{} --help' shows its options", name));
    }
    const std::vector<std::string> known = subcommands_of(command);
    if (known.empty()) {
        return std::nullopt;
    }
    return usage_error(fmt::format("there is no '{} {}'", name, word), did_you_mean(word, known),
                       "it is one of " + join(known, ", "));
}

int parse_failed(const CLI::App& app, const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
        return app.exit(error);
    }
    if (const auto unknown = unknown_word(app, error)) {
        return report(*unknown);
    }
    app.exit(error);
    return static_cast<int>(ExitCode::usage);
}

}  // namespace pavtest::cmd
