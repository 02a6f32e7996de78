#include "suite/suite_loader.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "suite/facts.h"
#include "suite/merge.h"
#include "suite/normalize.h"

namespace pavtest::suite {

namespace {

constexpr std::string_view kBase = "__base__";
const std::set<std::string_view> kNotOverridable = {"name", "suite", "suite_path", "base_name",
                                                    "host", "os",    "modes"};

bool exists(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0;
}

Error error_of(std::string what, std::string hint = {}, Place place = {}) {
    Error error{ErrorKind::config, std::move(what), std::move(hint), std::nullopt};
    if (!place.file.empty()) {
        error.place = std::move(place);
    }
    return error;
}

Place file_place(const std::string& path) {
    return Place{path, 0, 0, {}};
}

}  // namespace

SuiteLoader::SuiteLoader(const World& world, const Selection& selection, std::string host,
                         std::string os)
    : selection_(selection), host_(std::move(host)), os_(std::move(os)), files_(world.directories) {
    load_base();
    parse_overrides();
}

void SuiteLoader::load_base() {
    Problems problems(selection_.all_errors);
    base_.name = std::string(kBase);
    base_.tree = &defaults(*arena_, test_schema());
    apply_file(base_, ConfigType::os, os_, problems);
    apply_file(base_, ConfigType::host, host_, problems);
    base_errors_ = problems.errors();
}

void SuiteLoader::apply_file(TestConfig& config, ConfigType type, const std::string& name,
                             Problems& problems) {
    const auto found = files_.find(type, name);
    if (!found) {
        return;
    }
    const auto& document = files_.document(found->path);
    if (!document) {
        problems.add(document.error());
        return;
    }
    const Layer& layer = arena_->add_layer(fmt::format("{} '{}'", name_of(type), name), *document);
    apply(config, layer.document.root(), layer, fmt::format("{} '{}'", name_of(type), name),
          problems);
}

void SuiteLoader::apply(TestConfig& config, const yaml::Node& node, const Layer& layer,
                        const std::string& name, Problems& problems) {
    Normalizer normalizer(*arena_, layer, problems, &warnings_);
    const Value& normalized = normalizer.config(node, name);
    if (problems.enough()) {
        return;
    }
    config.tree = &merge(*arena_, test_schema(), config.tree, &normalized);
    if (const Value* variables = normalized.get("variables");
        variables != nullptr && variables->is_map()) {
        config.variables.merge(*variables, problems);
    }
}

bool SuiteLoader::apply_suite_entry(TestConfig& config, const LoadedSuite& suite, ConfigType type,
                                    const std::string& name, Problems& problems) {
    if (suite.found.directory.empty()) {
        return false;
    }
    const std::string path = fmt::format("{}/{}.yaml", suite.found.directory, folder_of(type));
    if (!exists(path)) {
        return false;
    }
    const auto& document = files_.document(path);
    if (!document) {
        problems.add(document.error());
        return true;
    }
    const yaml::Node& root = document->root();
    if (root.is_null()) {
        return false;
    }
    if (!root.is_map()) {
        problems.add(
            fmt::format("{}.yaml of a suite must map names to configurations", folder_of(type)),
            fmt::format("write '{}:' and indent its configuration below", name),
            document->place(root));
        return true;
    }
    const yaml::Node* entry = root.find(name);
    if (entry == nullptr) {
        return false;
    }
    const Layer& layer = arena_->add_layer(
        fmt::format("{} '{}' of suite '{}'", name_of(type), name, suite.name), *document);
    // The copied document shares its nodes with the one that was parsed.
    apply(config, *layer.document.root().find(name), layer,
          fmt::format("{} '{}'", name_of(type), name), problems);
    return true;
}

const LoadedSuite& SuiteLoader::suite(const std::string& name) {
    const auto [place, added] = suites_.try_emplace(name);
    LoadedSuite& suite = place->second;
    if (!added) {
        return suite;
    }
    suite.name = name;
    Problems problems(selection_.all_errors);
    if (const auto found = files_.find(ConfigType::suite, name)) {
        suite.found = *found;
        if (!found->also.empty()) {
            problems.add(
                fmt::format("suite '{}' is there twice in one configuration directory", name),
                fmt::format("the other one is '{}'; remove or rename one", found->also),
                file_place(found->path));
        }
        if (found->deprecated) {
            warnings_.push_back(error_of(
                fmt::format("suite '{}' is in the deprecated folder tests/", name),
                fmt::format("move it to {}/suites/{}.yaml, or, with its sources of test_src/, to "
                            "{}/suites/{}/suite.yaml",
                            found->config_path, name, found->config_path, name),
                file_place(found->path)));
        }
        if (!problems.enough()) {
            load_tests(suite, problems);
        }
    } else {
        missing_suite(suite, problems);
    }
    suite.errors = problems.errors();
    return suite;
}

void SuiteLoader::missing_suite(LoadedSuite& suite, Problems& problems) {
    for (const ConfigDirectory& directory : files_.directories()) {
        const std::string own = directory.path + "/suites/" + suite.name;
        if (exists(own)) {
            problems.add(fmt::format("the suite directory '{}' has no suite.yaml", own),
                         "put the suite's configuration there", file_place(own));
            return;
        }
    }
    std::string hint = did_you_mean(suite.name, files_.names(ConfigType::suite));
    if (hint.empty()) {
        std::vector<std::string> places;
        for (const ConfigDirectory& directory : files_.directories()) {
            places.push_back(directory.path);
        }
        hint = places.empty() ? "no configuration directory is set"
                              : fmt::format("looked in {}", join(places, ", "));
    }
    Error error = error_of(fmt::format("there is no suite '{}'", suite.name), std::move(hint));
    error.kind = ErrorKind::not_found;
    problems.add(std::move(error));
}

void SuiteLoader::load_tests(LoadedSuite& suite, Problems& problems) {
    const auto& document = files_.document(suite.found.path);
    if (!document) {
        problems.add(document.error());
        return;
    }
    const yaml::Node& root = document->root();
    if (!root.is_map()) {
        problems.add(root.is_null()
                         ? fmt::format("suite '{}' is empty", suite.name)
                         : fmt::format("suite '{}' must be a mapping of tests", suite.name),
                     "a suite maps names to tests: 'hello:' and below it 'run:'",
                     root.is_null() ? file_place(suite.found.path) : document->place(root));
        return;
    }
    TestConfig base = base_;
    apply_suite_entry(base, suite, ConfigType::os, os_, problems);
    apply_suite_entry(base, suite, ConfigType::host, host_, problems);

    struct Pending {
        std::string name;
        const Layer* layer;
        const Value* normalized;
        std::string parent;
        const yaml::Node* parent_node = nullptr;
        bool done = false;
        TestConfig merged;
    };
    std::deque<Pending> tests;
    std::map<std::string_view, Pending*> by_name;
    for (const yaml::Entry& entry : root.entries) {
        if (problems.enough()) {
            return;
        }
        Pending& test = tests.emplace_back();
        test.name = entry.key->text;
        test.layer = &arena_->add_layer(fmt::format("test '{}'", test.name), *document);
        if (test.name == kBase) {
            problems.add(fmt::format("'{}' is the name of what all tests are based on", kBase),
                         "choose another name", document->place(*entry.key));
        }
        Normalizer normalizer(*arena_, *test.layer, problems, &warnings_);
        test.normalized = &normalizer.config(*entry.value, test.name);
        const Value* parent = test.normalized->get("inherits_from");
        test.parent = parent != nullptr && parent->is_text() ? std::string(parent->text) : kBase;
        test.parent_node = parent == nullptr ? nullptr : parent->origin.node;
        by_name.emplace(entry.key->text, &test);
    }
    std::vector<Pending*> ready;
    std::map<std::string_view, std::vector<Pending*>> waiting;
    for (Pending& test : tests) {
        if (test.parent == kBase) {
            ready.push_back(&test);
        } else {
            waiting[test.parent].push_back(&test);
        }
    }
    for (std::size_t next = 0; next < ready.size() && !problems.enough(); ++next) {
        Pending& test = *ready[next];
        const TestConfig& parent = test.parent == kBase ? base : by_name.at(test.parent)->merged;
        test.merged = parent;
        test.merged.name = test.name;
        test.merged.tree = &merge(*arena_, test_schema(), parent.tree, test.normalized);
        if (const Value* variables = test.normalized->get("variables");
            variables != nullptr && variables->is_map()) {
            test.merged.variables.merge(*variables, problems);
        }
        test.merged.tree = &fold_commands(*arena_, *test.merged.tree);
        if (test.parent == kBase) {
            test.merged.tree =
                &with(*arena_, *test.merged.tree, "inherits_from", arena_->text(kBase));
        }
        test.done = true;
        if (const auto children = waiting.find(test.name); children != waiting.end()) {
            ready.insert(ready.end(), children->second.begin(), children->second.end());
        }
    }
    for (Pending& test : tests) {
        if (test.done || problems.enough()) {
            continue;
        }
        const bool known = by_name.count(test.parent) > 0;
        std::vector<std::string> names;
        for (const auto& [name, _] : by_name) {
            if (name != test.name) {
                names.emplace_back(name);
            }
        }
        const Place place = test.parent_node == nullptr ? file_place(suite.found.path)
                                                        : document->place(*test.parent_node);
        problems.add(known ? fmt::format("test '{}' inherits from '{}', which leads back to itself "
                                         "or to an error",
                                         test.name, test.parent)
                           : fmt::format("test '{}' inherits from '{}', which is no test of this "
                                         "suite",
                                         test.name, test.parent),
                     known ? "end the chain: one of them inherits from none of the others"
                           : did_you_mean(test.parent, names),
                     place);
    }
    for (Pending& test : tests) {
        if (test.done) {
            test.merged.tree = &identity(suite, test.merged);
            suite.tests.push_back(std::move(test.merged));
        }
    }
}

// What every test says about itself.
const Value& SuiteLoader::identity(const LoadedSuite& suite, const TestConfig& test) {
    Value& tree = arena_->copy(*test.tree);
    const auto set = [&](std::string_view key, std::string text) {
        const Value& value = arena_->text(arena_->keep(std::move(text)));
        for (Member& member : tree.members) {
            if (member.key == key) {
                member.value = &value;
                return;
            }
        }
    };
    set("name", test.name);
    set("cfg_label", suite.found.label);
    set("suite", suite.name);
    set("suite_path", suite.found.path);
    set("host", host_);
    set("os", os_);
    return tree;
}

TestConfig SuiteLoader::layered(const LoadedSuite& suite, const TestConfig& test,
                                Problems& problems) {
    TestConfig config = test;
    const auto listed = [&](const std::vector<std::string>& texts) -> const Value& {
        Value& list = arena_->make(Value::Kind::list);
        for (const std::string& text : texts) {
            list.items.push_back(&arena_->text(arena_->keep(text)));
        }
        return list;
    };
    config.tree = &with(*arena_, *config.tree, "modes", listed(selection_.modes));
    for (const std::string& mode : selection_.modes) {
        apply_mode(config, suite, mode, problems);
        if (problems.enough()) {
            return config;
        }
    }
    config.tree = &with(*arena_, *config.tree, "overrides", listed(selection_.overrides));
    for (const Error& error : override_errors_) {
        problems.add(error);
    }
    for (const Override& override : overrides_) {
        if (problems.enough()) {
            break;
        }
        apply_override(config, override, problems);
    }
    return config;
}

void SuiteLoader::complete(const LoadedSuite& suite, TestConfig& test, Problems& problems) {
    test.tree = &pavtest::suite::complete(*arena_, test_schema(), test.tree, test.name, problems);
    check_version(*test.tree, suite, test.name, problems);
}

void SuiteLoader::apply_mode(TestConfig& config, const LoadedSuite& suite, const std::string& mode,
                             Problems& problems) {
    const bool global = files_.find(ConfigType::mode, mode).has_value();
    if (global) {
        apply_file(config, ConfigType::mode, mode, problems);
        config.tree = &fold_commands(*arena_, *config.tree);
    }
    const bool own = apply_suite_entry(config, suite, ConfigType::mode, mode, problems);
    if (own) {
        config.tree = &fold_commands(*arena_, *config.tree);
    }
    if (!global && !own) {
        std::string hint = did_you_mean(mode, files_.names(ConfigType::mode));
        if (hint.empty()) {
            hint = "'pavsuite list modes' shows them all";
        }
        Error error = error_of(fmt::format("there is no mode '{}'", mode), std::move(hint));
        error.kind = ErrorKind::not_found;
        problems.add(std::move(error));
    }
}

void SuiteLoader::parse_overrides() {
    for (const std::string& text : selection_.overrides) {
        const auto refuse = [&](std::string what, std::string hint) {
            Error error = error_of(fmt::format("override '{}': {}", text, what), std::move(hint));
            error.kind = ErrorKind::usage;
            override_errors_.push_back(std::move(error));
        };
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos) {
            refuse("there is no '='", "write KEY=VALUE, such as run.timeout=60");
            continue;
        }
        Override override;
        override.text = text;
        const std::string_view key = trim(std::string_view(text).substr(0, equals));
        override.key = split(key, '.');
        bool sound = true;
        for (const std::string& part : override.key) {
            if (part.empty() || part.find(' ') != std::string::npos) {
                sound = false;
            }
        }
        if (!sound) {
            refuse("the key has an empty part or a blank",
                   "write KEY=VALUE, such as run.timeout=60");
            continue;
        }
        if (kNotOverridable.count(override.key.front()) > 0) {
            refuse(fmt::format("'{}' cannot be overridden", override.key.front()), "");
            continue;
        }
        auto document = yaml::parse(text.substr(equals + 1), fmt::format("-c {}", text));
        if (!document) {
            override_errors_.push_back(document.error());
            continue;
        }
        if (document->root().is_null()) {
            refuse("there is no value", "write '\"\"' for an empty one");
            continue;
        }
        override.layer = &arena_->add_layer(fmt::format("-c {}", text), std::move(*document));
        overrides_.push_back(std::move(override));
    }
}

namespace {

/// Puts a value at the end of a path, copying what leads there.
class PathSetter {
  public:
    PathSetter(Arena& arena, Normalizer& normalizer, Problems& problems,
               const std::vector<std::string>& key, const yaml::Node& node)
        : arena_(arena), normalizer_(normalizer), problems_(problems), key_(key), node_(node) {}

    const Value& set(const Element& element, const Value& value, std::size_t at) {
        if (at == key_.size()) {
            Value& out = arena_.copy(normalizer_.value(element, node_, key_.back()));
            out.overrode = &value;
            return out;
        }
        std::string_view part = key_[at];
        const bool last = at + 1 == key_.size();
        if (value.is_list()) {
            return in_list(element, value, part, at);
        }
        if (last && part.ends_with('+')) {
            part.remove_suffix(1);
        }
        const Element* child = element.kind == Element::Kind::keyed      ? element.child(part)
                               : element.kind == Element::Kind::category ? element.item.get()
                                                                         : nullptr;
        const Value* below = value.get(part);
        if (child == nullptr) {
            return refuse(value,
                          element.kind == Element::Kind::keyed
                              ? fmt::format("there is no key '{}'", part)
                              : fmt::format("there is nothing below '{}'",
                                            at == 0 ? part : std::string_view(key_[at - 1])),
                          did_you_mean(part, element.child_names()));
        }
        if (below == nullptr && !last) {
            return refuse(value, fmt::format("there is no '{}' to override something in", part),
                          "");
        }
        const Value& none = arena_.make(Value::Kind::null);
        return with(arena_, value, arena_.keep(std::string(part)),
                    set(*child, below == nullptr ? none : *below, at + 1));
    }

  private:
    const Value& in_list(const Element& element, const Value& value, std::string_view part,
                         std::size_t at) {
        Integer index = 0;
        if (!parse_integer(part, index)) {
            return refuse(value, fmt::format("'{}' is no number of an item of a list", part), "");
        }
        const auto size = static_cast<Integer>(value.items.size());
        index = index < 0 ? index + size : index;
        if (index < 0 || index >= size) {
            return refuse(
                value,
                fmt::format("the list has {} items, and no item {}", value.items.size(), part),
                "they are numbered from 0");
        }
        Value& changed = arena_.copy(value);
        const auto i = static_cast<std::size_t>(index);
        changed.items[i] = &set(*element.item, *value.items[i], at + 1);
        return changed;
    }

    const Value& refuse(const Value& value, const std::string& what, std::string hint) {
        problems_.add(fmt::format("override '{}': {}", join(key_, "."), what), std::move(hint));
        return value;
    }

    Arena& arena_;
    Normalizer& normalizer_;
    Problems& problems_;
    const std::vector<std::string>& key_;
    const yaml::Node& node_;
};

}  // namespace

void SuiteLoader::apply_override(TestConfig& config, const Override& override, Problems& problems) {
    if (override.key.front() == "variables") {
        override_variable(config, override, problems);
        return;
    }
    Normalizer normalizer(*arena_, *override.layer, problems);
    PathSetter setter(*arena_, normalizer, problems, override.key, override.layer->document.root());
    config.tree = &setter.set(test_schema(), *config.tree, 0);
}

// variables.NAME=…, variables.NAME.INDEX=…, variables.NAME.INDEX.PART=…
bool SuiteLoader::override_variable(TestConfig& config, const Override& override,
                                    Problems& problems) {
    Normalizer normalizer(*arena_, *override.layer, problems);
    const yaml::Node& root = override.layer->document.root();
    const auto refuse = [&](std::string what, std::string hint = {}) {
        problems.add(fmt::format("override '{}': {}", override.text, what), std::move(hint));
        return false;
    };
    if (override.key.size() == 1) {
        const Value& all = normalizer.variables(root);
        config.variables = VariableSection{};
        config.variables.merge(all, problems);
        return true;
    }
    const std::string_view name = arena_->keep(override.key[1]);
    if (!accepts(KeyRule::variable, name)) {
        return refuse(fmt::format("'{}' is no name for a variable", name));
    }
    if (override.key.size() == 2) {
        config.variables.replace(name, normalizer.variable(root));
        return true;
    }
    VariableEntry* entry = config.variables.find(name);
    if (entry == nullptr) {
        std::vector<std::string> names;
        for (const VariableEntry& known : config.variables.entries()) {
            names.emplace_back(known.name);
        }
        return refuse(fmt::format("there is no variable '{}'", name), did_you_mean(name, names));
    }
    Integer index = 0;
    if (!parse_integer(override.key[2], index) || index < 0 ||
        index >= static_cast<Integer>(entry->items.size())) {
        return refuse(fmt::format("variable '{}' has {} items, and no item '{}'", name,
                                  entry->items.size(), override.key[2]),
                      fmt::format("write variables.{}.0.PART for a part of the first", name));
    }
    VariableItem& item = entry->items[static_cast<std::size_t>(index)];
    const Value& value = normalizer.variable(root);
    if (value.items.size() != 1 || override.key.size() > 4) {
        return refuse("an item takes a single value");
    }
    if (override.key.size() == 3) {
        item.own = value.items.front()->members;
        return true;
    }
    const Value* part = value.items.front()->get("");
    if (part == nullptr) {
        return refuse("a part of a variable takes a single value");
    }
    const std::string_view key = arena_->keep(override.key[3]);
    for (Member& member : item.own) {
        if (member.key == key) {
            member.value = part;
            return true;
        }
    }
    item.own.push_back(Member{key, part, false, nullptr});
    return true;
}

namespace {

// "2.3.1" as numbers, or nothing.
std::optional<std::vector<int>> version_numbers(std::string_view text) {
    std::vector<int> numbers;
    for (const std::string& part : split(text, '.')) {
        Integer number = 0;
        if (part.empty() || part.find_first_not_of("0123456789") != std::string::npos ||
            !parse_integer(part, number) || number > 1'000'000) {
            return std::nullopt;
        }
        numbers.push_back(static_cast<int>(number));
    }
    return numbers.size() > 3 ? std::nullopt : std::optional(numbers);
}

}  // namespace

void SuiteLoader::check_version(const Value& tree, const LoadedSuite& suite,
                                const std::string& test, Problems& problems) {
    const Value* value = tree.get("compatible_pav_versions");
    if (value == nullptr || value->text.empty()) {
        return;
    }
    const std::vector<std::string> ends = split(value->text, '-');
    const auto least = version_numbers(ends.front());
    const auto most = version_numbers(ends.back());
    if (ends.size() > 2 || !least || !most) {
        problems.add(fmt::format("'{}' is no version or range of versions", value->text),
                     "write '2.3' or '2.1-2.4.1'", value->origin.place());
        return;
    }
    std::vector<int> ours = *version_numbers(kPavilionVersion);
    if (*least == *most && least->size() < ours.size()) {
        ours.resize(least->size());
    }
    if (ours < *least || *most < ours) {
        problems.add(fmt::format("test '{}' of suite '{}' is for versions {} of Pavilion, and this "
                                 "follows version {}",
                                 test, suite.name, value->text, kPavilionVersion),
                     "", value->origin.place());
    }
}

}  // namespace pavtest::suite
