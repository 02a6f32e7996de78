#include "suite/plugins.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"

namespace pavtest::suite {

namespace {

struct Replacement {
    const char* base_class;
    const char* kind;
    const char* instead;
};

constexpr Replacement kReplacements[] = {
    {"SystemPlugin", "a system variable",
     "an executable facts/NAME whose output is the value takes its place"},
    {"FunctionPlugin", "a function of expressions",
     "an executable functions/NAME, called with the arguments, takes its place"},
    {"ResultParser", "a result parser",
     "the built-in parser 'command' can run a program of yours that prints the value"},
    {"SchedulerPlugin", "a scheduler", "tests run under Slurm alone"},
    {"ModuleWrapper", "a module wrapper",
     "'module_wrappers' in a host's configuration takes its place"},
    {"Command", "a command", "a program of your own can read pavstat's JSON"},
};

std::string quoted_after(const std::string& text, std::string_view key) {
    const std::size_t at = text.find(key);
    const std::size_t open = at == std::string::npos ? at : text.find_first_of("'\"", at);
    if (open == std::string::npos || open > at + key.size() + 20) {
        return {};
    }
    const std::size_t close = text.find(text[open], open + 1);
    return close == std::string::npos ? std::string{} : text.substr(open + 1, close - open - 1);
}

Error warning(std::string what, std::string hint, const std::string& path) {
    return Error{ErrorKind::config, std::move(what), std::move(hint), Place{path, 0, 0, {}}};
}

}  // namespace

std::vector<Error> deprecated_folders(const std::string& config_directory) {
    std::vector<Error> warnings;
    std::error_code error;
    std::vector<std::string> sources;
    for (auto entry = std::filesystem::recursive_directory_iterator(
             config_directory + "/plugins",
             std::filesystem::directory_options::skip_permission_denied, error);
         entry != std::filesystem::recursive_directory_iterator(); entry.increment(error)) {
        if (error) {
            break;
        }
        if (entry->path().extension() == ".py") {
            sources.push_back(entry->path().string());
        }
    }
    std::sort(sources.begin(), sources.end());
    for (const std::string& path : sources) {
        const auto text = read_file(path, 1U << 20);
        if (!text) {
            continue;
        }
        for (const Replacement& replacement : kReplacements) {
            if (text->find(replacement.base_class) == std::string::npos) {
                continue;
            }
            std::string name = quoted_after(*text, "name=");
            if (name.empty()) {
                name = quoted_after(*text, "super().__init__(");
            }
            if (name.empty()) {
                name = std::filesystem::path(path).stem().string();
            }
            warnings.push_back(warning(
                fmt::format("'{}' is {} in Python, and is not used", name, replacement.kind),
                replacement.instead, path));
            break;
        }
    }
    if (std::filesystem::is_directory(config_directory + "/test_src", error)) {
        warnings.push_back(warning("the folder test_src/ is deprecated",
                                   "put a suite and its sources together in suites/NAME/, its "
                                   "configuration as suite.yaml",
                                   config_directory + "/test_src"));
    }
    return warnings;
}

}  // namespace pavtest::suite
