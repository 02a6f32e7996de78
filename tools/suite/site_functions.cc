// Called with its arguments as texts (lists and mappings as JSON); what it prints is the
// result: a line, which is a number or truth value if it looks like one, or JSON.
#include "suite/site_functions.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "base/process.h"
#include "base/text.h"
#include "suite/datum_json.h"
#include "suite/functions.h"

namespace pavtest::suite {

std::vector<SiteFunction> list_site_functions(const World& world) {
    std::vector<SiteFunction> found;
    for (const ConfigDirectory& directory : world.directories) {
        std::error_code error;
        std::vector<std::string> names;
        for (const auto& entry :
             std::filesystem::directory_iterator(directory.path + "/functions", error)) {
            names.push_back(entry.path().filename().string());
        }
        std::sort(names.begin(), names.end());
        for (const std::string& name : names) {
            const std::string path = directory.path + "/functions/" + name;
            const bool known =
                std::any_of(found.begin(), found.end(),
                            [&](const SiteFunction& function) { return function.name == name; });
            if (known || name.starts_with('.') || ::access(path.c_str(), X_OK) != 0) {
                continue;
            }
            SiteFunction function{name, path, ""};
            std::ifstream file(path);
            std::string line;
            constexpr int lines_read = 30;
            for (int i = 0; i < lines_read && std::getline(file, line); ++i) {
                const std::string_view text = trim(line);
                if (text.starts_with("# summary:")) {
                    function.summary = std::string(trim(text.substr(10)));
                }
            }
            found.push_back(std::move(function));
        }
    }
    return found;
}

namespace {

class SiteFunctions : public Functions {
  public:
    explicit SiteFunctions(const World& world)
        : environment_(world.environment), site_(list_site_functions(world)) {}

    [[nodiscard]] std::vector<std::string> names() const override {
        std::vector<std::string> names = builtin_.names();
        for (const SiteFunction& function : site_) {
            names.push_back(function.name);
        }
        return names;
    }
    [[nodiscard]] bool has(std::string_view name) const override {
        return builtin_.has(name) || find(name) != nullptr;
    }
    [[nodiscard]] tl::expected<Datum, std::string> call(
        std::string_view name, const std::vector<Datum>& arguments) const override {
        const SiteFunction* function = find(name);
        if (function == nullptr) {
            return builtin_.call(name, arguments);
        }
        std::vector<std::string> words = {function->path};
        for (const Datum& argument : arguments) {
            words.push_back(argument.is_list() || argument.is_map() ? datum_json(argument).dump()
                                                                    : argument.text());
        }
        const auto known = results_.find(words);
        if (known != results_.end()) {
            return known->second;
        }
        return results_.emplace(words, run_function(words)).first->second;
    }

  private:
    [[nodiscard]] const SiteFunction* find(std::string_view name) const {
        const auto found =
            std::find_if(site_.begin(), site_.end(),
                         [&](const SiteFunction& function) { return function.name == name; });
        return found == site_.end() ? nullptr : &*found;
    }
    [[nodiscard]] tl::expected<Datum, std::string> run_function(
        const std::vector<std::string>& words) const {
        Command command;
        command.arguments = words;
        command.environment = environment_;
        command.output_limit = 1U << 20;
        const auto completed = run(command);
        if (!completed) {
            return tl::make_unexpected(completed.error().what);
        }
        if (!completed->ok()) {
            return tl::make_unexpected(fmt::format(
                "{} {}: {}", words.front(),
                completed->timed_out ? "took too long"
                                     : fmt::format("ended with status {}", completed->exit_status),
                trim(completed->errors)));
        }
        const std::string_view text = trim(completed->output);
        if (text.starts_with('{') || text.starts_with('[') || text.starts_with('"')) {
            const Json json = Json::parse(text, nullptr, false);
            if (!json.is_discarded()) {
                return datum_of(json);
            }
        }
        return auto_convert(text);
    }

    Environment environment_;
    BuiltinFunctions builtin_;
    std::vector<SiteFunction> site_;
    mutable std::map<std::vector<std::string>, tl::expected<Datum, std::string>> results_;
};

}  // namespace

std::shared_ptr<const Functions> site_functions(const World& world) {
    return std::make_shared<const SiteFunctions>(world);
}

}  // namespace pavtest::suite
