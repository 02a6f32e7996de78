// The same readers as gather() uses, over the configuration alone.
#include "run/parsers/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.h"
#include "run/parsers/base_keys.h"
#include "run/parsers/evaluator.h"
#include "run/parsers/key_parser.h"
#include "run/parsers/reference.h"

namespace pavtest::parsers {

namespace {

using nlohmann::json;

class Check {
  public:
    Check(const json& config, const IsDeferred& is_deferred)
        : config_(config), is_deferred_(is_deferred) {}

    std::vector<Error> run() {
        for (const auto& [parser, entries] : section("result_parse").items()) {
            if (find_parser_kind(parser) == nullptr) {
                add(fmt::format("there is no result parser '{}'", parser),
                    did_you_mean(parser, parser_names()));
                continue;
            }
            if (entries.is_object()) {
                parser_keys(parser, entries);
            }
        }
        for (const auto& [key, expression] : section("result_evaluate").items()) {
            evaluation(key, expression);
        }
        for (Error& error : check_references(section("reference"))) {
            errors_.push_back(std::move(error));
        }
        return std::move(errors_);
    }

  private:
    [[nodiscard]] const json& section(const char* name) const {
        static const json none;
        const auto found = config_.is_object() ? config_.find(name) : config_.end();
        return config_.is_object() && found != config_.end() ? *found : none;
    }

    void add(std::string what, std::string hint = {}) {
        errors_.push_back({ErrorKind::config, std::move(what), std::move(hint), std::nullopt});
    }

    [[nodiscard]] bool deferred(const json& value) const {
        if (value.is_string()) {
            return is_deferred_ && is_deferred_(value.get<std::string>());
        }
        return value.is_structured() &&
               std::any_of(value.begin(), value.end(),
                           [&](const json& item) { return deferred(item); });
    }

    void parser_keys(const std::string& parser, const json& entries) {
        const auto found = entries.find(std::string(defaults_key));
        const json defaults = found == entries.end() ? json() : *found;
        for (const auto& [key, given] : entries.items()) {
            if (key == defaults_key) {
                continue;
            }
            names(parser, key);
            if (!deferred(given) && !deferred(defaults)) {
                options(parser, key, given, defaults);
            }
        }
    }

    void names(const std::string& parser, const std::string& key) {
        for (const std::string& name : split_key(key)) {
            const std::string where = fmt::format("{} parser, key '{}'", parser, key);
            if (name == defaults_key) {
                add(fmt::format("{}: '{}' cannot be one of several keys", where, defaults_key));
            } else if (is_reserved(name)) {
                add(fmt::format("{}: '{}' is reserved", where, name), "choose another name");
            } else if (!name.empty() && name != "_" && !seen_.insert(name).second) {
                add(fmt::format("{}: '{}' is set twice", where, name));
            }
        }
    }

    void options(const std::string& parser, const std::string& key, const json& given,
                 const json& defaults) {
        auto options = read_options(parser, key, given, defaults);
        if (!options) {
            errors_.push_back(options.error());
            return;
        }
        const Deadline unused{std::chrono::seconds(1)};
        const std::string where = fmt::format("{} parser, key '{}'", parser, key);
        if (auto made = KeyParser::make(*options, unused); !made) {
            errors_.push_back(made.error().within(where));
        }
        const std::vector<std::string> names = split_key(key);
        if (std::find(names.begin(), names.end(), "result") == names.end()) {
            return;
        }
        const bool kept_apart = options->per_file == PerFile::name ||
                                options->per_file == PerFile::name_list ||
                                options->per_file == PerFile::list;
        if (kept_apart) {
            add(fmt::format("{}: the result must be one True or False", where),
                "per_file may be first, last, all or any");
        }
        if (options->is_verdict() && parser == "command" &&
            options->text("output_type") == "return_value") {
            add(fmt::format("{}: a return value is no True or False", where),
                "give it another name, and compare it in result_evaluate: result: 'name == 0'");
        }
    }

    void evaluation(const std::string& key, const json& expression) {
        if (is_reserved(key)) {
            add(fmt::format("result_evaluate: the key '{}' is reserved", key),
                "choose another name");
        } else if (expression.is_string() && !deferred(expression)) {
            auto references = make_evaluator()->references(expression.get<std::string>());
            if (!references) {
                errors_.push_back(
                    references.error().within(fmt::format("result_evaluate, key '{}'", key)));
            }
        }
    }

    const json& config_;
    const IsDeferred& is_deferred_;
    std::set<std::string> seen_;
    std::vector<Error> errors_;
};

}  // namespace

std::vector<Error> check_results(const json& config, const IsDeferred& is_deferred) {
    return Check(config, is_deferred).run();
}

}  // namespace pavtest::parsers
