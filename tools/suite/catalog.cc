#include "suite/catalog.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "base/text.h"
#include "suite/facts.h"
#include "suite/files.h"
#include "suite/functions.h"
#include "suite/scheduler_variables.h"
#include "suite/site_functions.h"

namespace pavtest::suite {

namespace {

std::string text_at(const yaml::Node& map, std::string_view key) {
    const yaml::Node* node = map.find(key);
    return node != nullptr && node->is_scalar() ? node->text : std::string{};
}

// What a test says itself, or else the tests that it inherits from.
class Inheritance {
  public:
    explicit Inheritance(const yaml::Node& suite) {
        for (const yaml::Entry& entry : suite.entries) {
            tests_.emplace(entry.key->text, entry.value);
        }
    }
    [[nodiscard]] std::string text(const yaml::Node& test, std::string_view key,
                                   std::string_view below = {}) const {
        const yaml::Node* at = &test;
        for (std::size_t steps = 0; at != nullptr && steps <= tests_.size(); ++steps) {
            const yaml::Node* section = below.empty() ? at : at->find(below);
            if (section != nullptr) {
                const std::string found = text_at(*section, key);
                if (!found.empty()) {
                    return found;
                }
            }
            const auto parent = tests_.find(text_at(*at, "inherits_from"));
            at = parent == tests_.end() ? nullptr : parent->second;
        }
        return {};
    }
    [[nodiscard]] bool sets(const yaml::Node& test, std::string_view key) const {
        const yaml::Node* at = &test;
        for (std::size_t steps = 0; at != nullptr && steps <= tests_.size(); ++steps) {
            const yaml::Node* node = at->find(key);
            if (node != nullptr && !node->is_null()) {
                return true;
            }
            const auto parent = tests_.find(text_at(*at, "inherits_from"));
            at = parent == tests_.end() ? nullptr : parent->second;
        }
        return false;
    }

  private:
    std::map<std::string_view, const yaml::Node*> tests_;
};

void read_tests(SuiteEntry& suite, const yaml::Document& document, std::string_view pattern) {
    const yaml::Node& root = document.root();
    if (!root.is_map()) {
        suite.errors.push_back(Error{ErrorKind::config, "a suite must be a mapping of tests", "",
                                     document.place(root)});
        return;
    }
    const Inheritance inheritance(root);
    for (const yaml::Entry& entry : root.entries) {
        TestEntry test;
        test.name = entry.key->text;
        if (!pattern.empty() && !glob_match(pattern, suite.name) &&
            !glob_match(pattern, suite.name + "." + test.name)) {
            continue;
        }
        const yaml::Node& node = *entry.value;
        test.summary = inheritance.text(node, "summary");
        test.doc = inheritance.text(node, "doc");
        test.maintainer = inheritance.text(node, "name", "maintainer");
        test.email = inheritance.text(node, "email", "maintainer");
        test.inherits_from = text_at(node, "inherits_from");
        test.permuted = inheritance.sets(node, "permute_on");
        test.hidden = test.name.starts_with('_');
        test.place = document.place(*entry.key);
        suite.tests.push_back(std::move(test));
    }
}

// The first comment of a file is as good as a summary.
std::string first_comment(const yaml::Document& document) {
    for (const std::string& line : split(document.text().substr(0, 1000), '\n')) {
        const std::string_view text = trim(line);
        if (text.starts_with('#') && trim(text.substr(1)).size() > 2) {
            return std::string(trim(text.substr(1)));
        }
        if (!text.empty() && !text.starts_with('#')) {
            break;
        }
    }
    return {};
}

}  // namespace

std::vector<SuiteEntry> list_suites(const World& world, std::string_view pattern) {
    Files files(world.directories);
    std::map<std::string, SuiteEntry> suites;
    for (auto& [name, found] : files.all(ConfigType::suite)) {
        const auto known = suites.find(name);
        if (known != suites.end()) {
            known->second.supersedes.push_back(found.path);
            continue;
        }
        SuiteEntry suite;
        suite.name = name;
        suite.label = found.label;
        suite.path = found.path;
        suite.directory = found.directory;
        suite.deprecated = found.deprecated;
        if (!found.also.empty()) {
            suite.errors.push_back(
                Error{ErrorKind::config, "the suite is there twice in one configuration directory",
                      "the other one is '" + found.also + "'", Place{found.path, 0, 0, {}}});
        }
        const std::string_view bare = pattern.substr(0, pattern.find('.'));
        if (!pattern.empty() && !glob_match(bare, name) && !glob_match(pattern, name)) {
            continue;
        }
        const auto& document = files.document(found.path);
        if (!document) {
            suite.errors.push_back(document.error());
        } else {
            read_tests(suite, *document, pattern);
        }
        if (pattern.empty() || !suite.tests.empty() || glob_match(pattern, name)) {
            suites.emplace(name, std::move(suite));
        }
    }
    std::vector<SuiteEntry> out;
    out.reserve(suites.size());
    for (auto& [_, suite] : suites) {
        out.push_back(std::move(suite));
    }
    return out;
}

std::vector<ConfigEntry> list_configs(const World& world, CatalogKind kind) {
    constexpr ConfigType types[] = {ConfigType::host, ConfigType::os, ConfigType::mode};
    const ConfigType type = types[static_cast<std::size_t>(kind)];
    Files files(world.directories);
    std::vector<ConfigEntry> out;
    std::set<std::string> seen;
    for (auto& [name, found] : files.all(type)) {
        if (!seen.insert(name).second) {
            continue;
        }
        ConfigEntry entry{name, found.label, found.path, "", "", {}};
        const auto& document = files.document(found.path);
        if (!document) {
            entry.errors.push_back(document.error());
        } else {
            entry.summary = text_at(document->root(), "summary");
            if (entry.summary.empty()) {
                entry.summary = first_comment(*document);
            }
        }
        out.push_back(std::move(entry));
    }
    for (auto& [suite, found] : files.all(ConfigType::suite)) {
        if (found.directory.empty()) {
            continue;
        }
        const std::string path = found.directory + "/" + std::string(folder_of(type)) + ".yaml";
        std::error_code error;
        if (!std::filesystem::is_regular_file(path, error)) {
            continue;
        }
        const auto& document = files.document(path);
        if (!document) {
            out.push_back(ConfigEntry{"", found.label, path, suite, "", {document.error()}});
            continue;
        }
        for (const yaml::Entry& entry : document->root().entries) {
            out.push_back(ConfigEntry{
                entry.key->text, found.label, path, suite, text_at(*entry.value, "summary"), {}});
        }
    }
    std::stable_sort(out.begin(), out.end(), [](const ConfigEntry& a, const ConfigEntry& b) {
        return std::tie(a.name, a.suite) < std::tie(b.name, b.suite);
    });
    return out;
}

std::vector<VariableEntryInfo> list_facts(const World& world) {
    std::vector<VariableEntryInfo> out;
    for (FactInfo& info : list_system_facts(world)) {
        out.push_back(
            {std::move(info.name), std::move(info.summary), std::move(info.path), info.deferred});
    }
    return out;
}

std::vector<VariableEntryInfo> list_pav_variables() {
    std::vector<VariableEntryInfo> out;
    for (FactInfo& info : list_run_facts()) {
        out.push_back({std::move(info.name), std::move(info.summary), "", info.deferred});
    }
    return out;
}

std::vector<VariableEntryInfo> list_sched_variables() {
    std::vector<VariableEntryInfo> out;
    for (const SchedulerVariableInfo& info : scheduler_variables()) {
        out.push_back({std::string(info.name), std::string(info.summary), "", info.deferred});
    }
    return out;
}

std::vector<FunctionEntry> list_functions(const World& world) {
    std::map<std::string, FunctionEntry> functions;
    for (SiteFunction& own : list_site_functions(world)) {
        functions.emplace(own.name, FunctionEntry{own.name, "", own.summary, own.path});
    }
    for (const FunctionInfo& info : builtin_functions()) {
        functions.emplace(std::string(info.name),
                          FunctionEntry{std::string(info.name), std::string(info.signature),
                                        std::string(info.summary), ""});
    }
    std::vector<FunctionEntry> out;
    for (auto& [_, function] : functions) {
        out.push_back(std::move(function));
    }
    return out;
}

std::vector<CollectionEntry> list_collections(const World& world) {
    std::map<std::string, CollectionEntry> collections;
    for (const ConfigDirectory& directory : world.directories) {
        std::error_code error;
        for (const auto& entry :
             std::filesystem::directory_iterator(directory.path + "/collections", error)) {
            const std::string name = entry.path().filename().string();
            if (entry.is_regular_file(error) && !name.starts_with('.')) {
                collections.emplace(name, CollectionEntry{name, entry.path().string()});
            }
        }
    }
    std::vector<CollectionEntry> out;
    for (auto& [_, collection] : collections) {
        out.push_back(std::move(collection));
    }
    return out;
}

}  // namespace pavtest::suite
