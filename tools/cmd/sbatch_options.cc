// Reading an sbatch command line for the options that a suite sets as well.
#include "cmd/sbatch_options.h"

#include <fmt/format.h>

#include "base/file.h"
#include "base/text.h"

namespace pavtest::cmd {

namespace {

struct KnownOption {
    std::string_view name;
    char letter;  // 0: none
    std::string_view variable;
    std::optional<std::string> (*wanted)(const session::Wanted&);
};

template <std::optional<std::string> session::Wanted::*member>
std::optional<std::string> value_of(const session::Wanted& wanted) {
    return wanted.*member;
}

std::optional<std::string> time_of(const session::Wanted& wanted) {
    return fmt::format("{}", wanted.time_limit_minutes);
}

// Which variables sbatch reads: its man page, "INPUT ENVIRONMENT VARIABLES".
constexpr KnownOption kOptions[] = {
    {"--nodes", 'N', "", value_of<&session::Wanted::nodes>},
    {"--ntasks", 'n', "", value_of<&session::Wanted::tasks>},
    {"--ntasks-per-node", 0, "", value_of<&session::Wanted::tasks_per_node>},
    {"--time", 't', "SBATCH_TIMELIMIT", time_of},
    {"--partition", 'p', "SBATCH_PARTITION", value_of<&session::Wanted::partition>},
    {"--account", 'A', "SBATCH_ACCOUNT", value_of<&session::Wanted::account>},
    {"--qos", 'q', "SBATCH_QOS", value_of<&session::Wanted::qos>},
    {"--reservation", 0, "SBATCH_RESERVATION", value_of<&session::Wanted::reservation>},
    {"--constraint", 'C', "SBATCH_CONSTRAINT", value_of<&session::Wanted::constraint>},
    {"--nodelist", 'w', "", value_of<&session::Wanted::include>},
    {"--exclude", 'x', "", value_of<&session::Wanted::exclude>},
    {"--core-spec", 'S', "SBATCH_CORE_SPEC", value_of<&session::Wanted::core_spec>},
};

// Letters of sbatch that take no value, so that others may follow in one word: -Hv -N2.
constexpr std::string_view kFlags = "HIOQhksuvVW";

struct Given {
    std::string value;
    std::string from;
};

std::optional<Given> find_given(const std::vector<std::string>& arguments,
                                const Environment& environment, const KnownOption& option) {
    std::optional<Given> found;
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        const std::string& word = arguments[i];
        const bool has_next = i + 1 < arguments.size();
        if (word == "--") {
            break;
        }
        if (word == option.name && has_next) {
            found = Given{arguments[++i], "command line"};
        } else if (word.size() > option.name.size() && word.starts_with(option.name) &&
                   word[option.name.size()] == '=') {
            found = Given{word.substr(option.name.size() + 1), "command line"};
        } else if (option.letter != 0 && word.size() > 1 && word[0] == '-' && word[1] != '-') {
            const std::size_t at = word.find_first_not_of(kFlags, 1);
            if (at != std::string::npos && word[at] == option.letter) {
                if (at + 1 < word.size()) {
                    found = Given{word.substr(at + 1), "command line"};
                } else if (has_next) {
                    found = Given{arguments[++i], "command line"};
                }
            }
        }
    }
    if (!found && !option.variable.empty()) {
        if (const auto value = environment.get(std::string(option.variable))) {
            found = Given{*value, std::string(option.variable)};
        }
    }
    return found;
}

}  // namespace

std::vector<Override> overrides(const std::vector<std::string>& arguments,
                                const Environment& environment, const session::Wanted& wanted) {
    std::vector<Override> result;
    for (const KnownOption& option : kOptions) {
        const auto given = find_given(arguments, environment, option);
        const auto asked = option.wanted(wanted);
        if (given && given->value != asked.value_or("")) {
            result.push_back(
                {std::string(option.name), given->value, asked.value_or(""), given->from});
        }
    }
    return result;
}

std::optional<std::string> given_option(const std::vector<std::string>& arguments,
                                        const Environment& environment, const std::string& option) {
    for (const KnownOption& known : kOptions) {
        if (known.name == option) {
            const auto given = find_given(arguments, environment, known);
            return given ? std::optional(given->value) : std::nullopt;
        }
    }
    return std::nullopt;
}

std::string as_options(const session::Wanted& wanted) {
    std::vector<std::string> words;
    for (const KnownOption& option : kOptions) {
        if (const auto value = option.wanted(wanted)) {
            words.push_back(fmt::format("{}={}", option.name, *value));
        }
    }
    words.insert(words.end(), wanted.extra.begin(), wanted.extra.end());
    return join(words, " ");
}

std::vector<std::string> command_line_of(int pid) {
    constexpr std::uint64_t most = 4U << 20;
    auto text = read_file(fmt::format("/proc/{}/cmdline", pid), most);
    if (!text || text->empty()) {
        return {};
    }
    text->pop_back();
    return split(*text, '\0');
}

}  // namespace pavtest::cmd
