#include "suite/usage.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/text.h"
#include "suite/template_parser.h"
#include "suite/variables.h"

namespace pavtest::suite {

namespace {

// Every name that a text refers to. Behind "var." it is the second word.
void names_in(std::string_view text, std::set<std::string, std::less<>>& names) {
    if (!needs_parsing(text)) {
        return;
    }
    const auto parsed = parse_template(text);
    if (!parsed) {
        return;
    }
    for (const Expression* reference : references_of(*parsed)) {
        const bool prefixed = variable_set(reference->name).has_value() &&
                              !reference->steps.empty() &&
                              reference->steps[0].kind == ReferenceStep::Kind::name;
        names.insert(prefixed ? reference->steps[0].name : reference->name);
    }
}

void names_below(const yaml::Node& node, std::set<std::string, std::less<>>& names) {
    if (node.is_scalar()) {
        names_in(node.text, names);
    }
    for (const yaml::Node* item : node.items) {
        names_below(*item, names);
    }
    for (const yaml::Entry& entry : node.entries) {
        names_in(entry.key->text, names);
        if (entry.key->text == "permute_on" || entry.key->text == "permute_on+") {
            const auto add = [&](const yaml::Node& item) {
                const auto key = parse_key(item.text);
                names.insert(key ? std::string(key->name) : item.text);
            };
            if (entry.value->is_scalar()) {
                add(*entry.value);
            }
            for (const yaml::Node* item : entry.value->items) {
                add(*item);
            }
        }
        names_below(*entry.value, names);
    }
}

// Texts where brackets stand behind a name that a dot precedes: they have no effect.
void idle_brackets(const yaml::Document& document, const yaml::Node& node,
                   std::vector<Error>& warnings) {
    if (node.is_scalar() && needs_parsing(node.text)) {
        if (const auto parsed = parse_template(node.text)) {
            for (const Expression* reference : references_of(*parsed)) {
                for (std::size_t i = 1; i < reference->steps.size(); ++i) {
                    const auto kind = reference->steps[i].kind;
                    if (kind == ReferenceStep::Kind::at || kind == ReferenceStep::Kind::slice) {
                        warnings.push_back(
                            Error{ErrorKind::config,
                                  fmt::format("the brackets behind '{}.{}' have no effect",
                                              reference->name, reference->steps[i - 1].name),
                                  "an index goes right behind a variable's bare name: name[1].part",
                                  document.place(node, reference->offset)});
                    }
                }
            }
        }
    }
    for (const yaml::Node* item : node.items) {
        idle_brackets(document, *item, warnings);
    }
    for (const yaml::Entry& entry : node.entries) {
        idle_brackets(document, *entry.value, warnings);
    }
}

bool requestable(std::string_view name) {
    return !name.empty() && name.front() != '-' &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-';
           });
}

bool uses_template_files(const yaml::Node& test) {
    for (const char* section : {"build", "run"}) {
        const yaml::Node* at = test.find(section);
        const yaml::Node* templates = at == nullptr ? nullptr : at->find("templates");
        if (templates != nullptr && !templates->entries.empty()) {
            return true;
        }
    }
    return false;
}

}  // namespace

Usage collect_usage(Files& files) {
    Usage usage;
    for (const ConfigType type : {ConfigType::host, ConfigType::os, ConfigType::mode}) {
        for (const auto& [_, found] : files.all(type)) {
            const auto& document = files.document(found.path);
            if (document) {
                names_below(document->root(), usage.names);
            }
        }
    }
    return usage;
}

std::vector<Error> doubtful_of_suite(const std::string& name, const FoundConfig& found,
                                     const yaml::Document& document, const Usage& elsewhere) {
    std::vector<Error> warnings;
    const auto warn = [&](std::string what, std::string hint, const yaml::Node& node) {
        warnings.push_back(
            Error{ErrorKind::config, std::move(what), std::move(hint), document.place(node)});
    };
    std::set<std::string, std::less<>> used = elsewhere.names;
    std::set<std::string, std::less<>> parents;
    bool files_of_templates = false;
    for (const yaml::Entry& entry : document.root().entries) {
        names_below(*entry.value, used);
        files_of_templates = files_of_templates || uses_template_files(*entry.value);
        if (const yaml::Node* parent = entry.value->find("inherits_from")) {
            parents.insert(parent->text);
        }
    }
    if (!found.directory.empty()) {
        for (const ConfigType type : {ConfigType::host, ConfigType::os, ConfigType::mode}) {
            const auto own =
                yaml::load(fmt::format("{}/{}.yaml", found.directory, folder_of(type)));
            if (own) {
                names_below(own->root(), used);
            }
        }
    }
    for (const yaml::Entry& entry : document.root().entries) {
        const std::string& test = entry.key->text;
        if (!requestable(test)) {
            warn(fmt::format("no request can name the test '{}'", test),
                 "names have letters, digits, '_' and '-'", *entry.key);
        } else if (test.starts_with('_') && parents.count(test) == 0) {
            warn(fmt::format("no test inherits from '{}', and its underscore hides it", test),
                 fmt::format("it runs only when asked for as '{}.{}'", name, test), *entry.key);
        }
        const yaml::Node* variables = entry.value->find("variables");
        for (const yaml::Entry& variable :
             variables == nullptr ? std::vector<yaml::Entry>{} : variables->entries) {
            std::string_view bare = variable.key->text;
            if (bare.ends_with('?') || bare.ends_with('+')) {
                bare.remove_suffix(1);
            }
            if (!files_of_templates && used.count(bare) == 0) {
                warn(fmt::format("nothing uses the variable '{}' of test '{}'", bare, test), "",
                     *variable.key);
            }
        }
    }
    idle_brackets(document, document.root(), warnings);
    return warnings;
}

}  // namespace pavtest::suite
