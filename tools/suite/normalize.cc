// Checks the shape of what was written against the schema.
#include "suite/normalize.h"

#include <fmt/format.h>

#include "base/text.h"
#include "suite/merge.h"

namespace pavtest::suite {

namespace {

constexpr const char* kMappingHint = "write what belongs to it indented below it, as KEY: VALUE";

std::string_view kind_name(const yaml::Node& node) {
    switch (node.kind) {
        case yaml::Kind::list:
            return "a list";
        case yaml::Kind::map:
            return "a mapping";
        case yaml::Kind::null:
            return "nothing";
        case yaml::Kind::scalar:
            break;
    }
    return "a single value";
}

}  // namespace

const Value& Normalizer::config(const yaml::Node& node, std::string_view name) {
    return value(test_schema(), node, name);
}

const Value& Normalizer::value(const Element& element, const yaml::Node& node,
                               std::string_view name) {
    switch (element.kind) {
        case Element::Kind::text:
            return text(element, node, name);
        case Element::Kind::list:
            return list(element, node, name);
        case Element::Kind::keyed:
            return keyed(element, node, name);
        case Element::Kind::category:
            return category(element, node, name);
        case Element::Kind::variables:
            return variables(node);
    }
    return null_value(node);
}

const Value& Normalizer::text(const Element& /*element*/, const yaml::Node& node,
                              std::string_view name) {
    if (node.is_null()) {
        return null_value(node);
    }
    if (!node.is_scalar()) {
        problems_.add(fmt::format("'{}' takes a single value, not {}", name, kind_name(node)),
                      node.is_map() && node.style == yaml::Style::flow
                          ? "put quotes around a value that begins with '{{'"
                          : "write one text or number; quotes around brackets make them text",
                      place(node));
        return null_value(node);
    }
    if (node.type == yaml::Type::timestamp) {
        problems_.add(
            fmt::format("'{}' would be a date here, and only text is accepted", node.text),
            "put quotes around it", place(node));
    }
    return arena_.text(node.text, Origin{&layer_, &node});
}

const Value& Normalizer::list(const Element& element, const yaml::Node& node,
                              std::string_view name) {
    if (node.is_null() || (node.is_list() && node.items.size() == 1 && node.items[0]->is_null())) {
        return null_value(node);
    }
    Value& out = arena_.make(Value::Kind::list, Origin{&layer_, &node});
    if (!node.is_list()) {
        out.items.push_back(&value(*element.item, node, name));
        return out;
    }
    out.items.reserve(node.items.size());
    for (const yaml::Node* item : node.items) {
        out.items.push_back(&value(*element.item, *item, name));
        if (problems_.enough()) {
            break;
        }
    }
    return out;
}

const Value& Normalizer::keyed(const Element& element, const yaml::Node& node,
                               std::string_view name) {
    if (node.is_null()) {
        return null_value(node);
    }
    if (!node.is_map()) {
        problems_.add(fmt::format("'{}' must be a mapping, but is {}", name, kind_name(node)),
                      kMappingHint, place(node));
        return null_value(node);
    }
    Value& out = arena_.make(Value::Kind::map, Origin{&layer_, &node});
    out.members.reserve(node.entries.size());
    above_.push_back(&element);
    const Value* from_slurm = nullptr;
    for (const yaml::Entry& entry : node.entries) {
        std::string_view key = entry.key->text;
        const bool extend = key.ends_with('+');
        if (extend) {
            key.remove_suffix(1);
        }
        if (entry.key->type == yaml::Type::boolean && key == "True" && element.child("on")) {
            key = "on";  // YAML 1.1 takes it for a truth value, which no key of ours is
        }
        const Element* child = entry.key->is_null() ? nullptr : element.child(key);
        if (child == nullptr) {
            if (&element == &test_schema() && key == "slurm") {
                from_slurm = &deprecated_slurm(*entry.value);
                continue;
            }
            unknown_key(element, *entry.key, name);
        } else if (extend && child->kind != Element::Kind::list) {
            problems_.add(fmt::format("'{}+' would extend a list, but '{}' is none", key, key),
                          fmt::format("write '{}:'", key), place(*entry.key));
        } else {
            const Value& child_value = value(*child, *entry.value, key);
            out.members.push_back(Member{child->name, &child_value, extend, entry.key});
        }
        if (problems_.enough()) {
            break;
        }
    }
    above_.pop_back();
    if (from_slurm != nullptr && from_slurm->is_map()) {
        const Element& schedule = *test_schema().child("schedule");
        const Value* written = out.get("schedule");
        const Value& both =
            written == nullptr ? *from_slurm : merge(arena_, schedule, from_slurm, written);
        return with(arena_, out, "schedule", both);
    }
    return out;
}

const Value& Normalizer::category(const Element& element, const yaml::Node& node,
                                  std::string_view name) {
    if (node.is_null()) {
        return null_value(node);
    }
    if (!node.is_map()) {
        problems_.add(fmt::format("'{}' must be a mapping, but is {}", name, kind_name(node)),
                      kMappingHint, place(node));
        return null_value(node);
    }
    Value& out = arena_.make(Value::Kind::map, Origin{&layer_, &node});
    out.members.reserve(node.entries.size());
    for (const yaml::Entry& entry : node.entries) {
        if (problems_.enough()) {
            break;
        }
        std::string_view key = entry.key->text;
        if (entry.key->is_null()) {
            problems_.add(fmt::format("a key of '{}' is empty", name),
                          "put quotes around '~' or "
                          "'null' where they are names",
                          place(*entry.key));
            continue;
        }
        const bool extend = key.ends_with('+') && element.item->kind == Element::Kind::list;
        if (extend) {
            key.remove_suffix(1);
        } else if (key.ends_with('+') && element.keys != KeyRule::any &&
                   element.keys != KeyRule::module_wrapper) {
            problems_.add(
                fmt::format("'{}' would extend a list, but a value of '{}' is none", key, name), "",
                place(*entry.key));
            continue;
        }
        if (element.item->kind == Element::Kind::keyed) {
            above_.push_back(&element);
        }
        const Value& item = value(*element.item, *entry.value, key);
        if (element.item->kind == Element::Kind::keyed) {
            above_.pop_back();
        }
        out.members.push_back(Member{key, &item, extend, entry.key});
    }
    return out;
}

const Value& Normalizer::variables(const yaml::Node& node) {
    if (node.is_null()) {
        return null_value(node);
    }
    if (!node.is_map()) {
        problems_.add(fmt::format("'variables' must be a mapping, but is {}", kind_name(node)),
                      kMappingHint, place(node));
        return null_value(node);
    }
    Value& out = arena_.make(Value::Kind::map, Origin{&layer_, &node});
    out.members.reserve(node.entries.size());
    for (const yaml::Entry& entry : node.entries) {
        if (problems_.enough()) {
            break;
        }
        std::string_view bare = entry.key->text;
        if (bare.ends_with('?') || bare.ends_with('+')) {
            bare.remove_suffix(1);
        }
        if (!accepts(KeyRule::variable, bare)) {
            problems_.add(fmt::format("'{}' is no name for a variable", entry.key->text),
                          fmt::format("names have {}", describe(KeyRule::variable)),
                          place(*entry.key));
            continue;
        }
        const Value& value = variable(*entry.value);
        out.members.push_back(Member{entry.key->text, &value, false, entry.key});
    }
    return out;
}

const Value& Normalizer::variable(const yaml::Node& node) {
    if (node.is_null() || (node.is_list() && node.items.size() == 1 && node.items[0]->is_null())) {
        return null_value(node);
    }
    Value& out = arena_.make(Value::Kind::list, Origin{&layer_, &node});
    if (!node.is_list()) {
        out.items.push_back(&variable_item(node));
        return out;
    }
    out.items.reserve(node.items.size());
    for (const yaml::Node* item : node.items) {
        if (problems_.enough()) {
            break;
        }
        out.items.push_back(&variable_item(*item));
    }
    return out;
}

const Value& Normalizer::variable_item(const yaml::Node& node) {
    static const Element leaf;
    Value& out = arena_.make(Value::Kind::map, Origin{&layer_, &node});
    if (!node.is_map()) {
        out.members.push_back(Member{"", &text(leaf, node, "a variable's item"), false, &node});
        return out;
    }
    out.members.reserve(node.entries.size());
    for (const yaml::Entry& entry : node.entries) {
        if (problems_.enough()) {
            break;
        }
        if (!accepts(KeyRule::variable, entry.key->text)) {
            problems_.add(fmt::format("'{}' is no name for a part of a variable", entry.key->text),
                          fmt::format("names have {}", describe(KeyRule::variable)),
                          place(*entry.key));
            continue;
        }
        out.members.push_back(
            Member{entry.key->text, &text(leaf, *entry.value, entry.key->text), false, entry.key});
    }
    return out;
}

// `slurm:` at the top, as older suites have it: what is known under schedule or
// schedule.slurm today goes there.
const Value& Normalizer::deprecated_slurm(const yaml::Node& node) {
    if (!node.is_map()) {
        return null_value(node);
    }
    const Element& schedule = *test_schema().child("schedule");
    const Element& slurm = *schedule.child("slurm");
    Value& out = arena_.make(Value::Kind::map, Origin{&layer_, &node});
    Value& below = arena_.make(Value::Kind::map, Origin{&layer_, &node});
    std::vector<std::string> moved;
    for (const yaml::Entry& entry : node.entries) {
        const std::string_view key = entry.key->text == "num_nodes"
                                         ? std::string_view("nodes")
                                         : std::string_view(entry.key->text);
        const Element* in_schedule = schedule.child(key);
        const Element* in_slurm = slurm.child(key);
        if (in_slurm != nullptr) {
            const Value& item = value(*in_slurm, *entry.value, key);
            below.members.push_back(Member{in_slurm->name, &item, false, entry.key});
            moved.push_back(fmt::format("schedule.slurm.{}", key));
        } else if (in_schedule != nullptr) {
            const Value& item = value(*in_schedule, *entry.value, key);
            out.members.push_back(Member{in_schedule->name, &item, false, entry.key});
            moved.push_back(fmt::format("schedule.{}", key));
        } else {
            unknown_key(slurm, *entry.key, "slurm");
        }
    }
    if (!below.members.empty()) {
        out.members.push_back(Member{"slurm", &below, false, nullptr});
    }
    if (warnings_ != nullptr) {
        warnings_->push_back(Error{ErrorKind::config,
                                   "'slurm:' at the top of a configuration is deprecated",
                                   fmt::format("write {}", join(moved, ", ")), place(node)});
    }
    return out;
}

void Normalizer::unknown_key(const Element& element, const yaml::Node& key, std::string_view name) {
    std::string_view bare = key.text;
    if (bare.ends_with('+')) {
        bare.remove_suffix(1);
    }
    std::string hint = did_you_mean(bare, element.child_names());
    for (auto level = above_.rbegin(); hint.empty() && level != above_.rend(); ++level) {
        if (*level != &element && (*level)->child(bare) != nullptr) {
            hint =
                fmt::format("'{}' belongs {}: is it indented too far?", bare,
                            (*level)->name == "test" ? std::string("at the top of a test")
                                                     : fmt::format("under '{}'", (*level)->name));
        }
    }
    for (const Element& child : element.children) {
        if (hint.empty() && child.kind == Element::Kind::keyed && child.child(bare) != nullptr) {
            hint = fmt::format("it belongs under '{}:'", child.name);
        }
    }
    if (hint.empty()) {
        hint = fmt::format("known here: {}", join(element.child_names(), ", "));
    }
    problems_.add(fmt::format("there is no key '{}' under '{}'", key.text, name), std::move(hint),
                  place(key));
}

}  // namespace pavtest::suite
