#include "suite/strings.h"

#include <fmt/format.h>

#include <algorithm>

#include "suite/template_parser.h"

namespace pavtest::suite {

namespace {

// What is needed before there is a node cannot wait for one.
constexpr std::string_view kNeededAtOnce[] = {"schedule", "build",   "scheduler",
                                              "chunk",    "only_if", "not_if"};

bool needed_at_once(std::string_view section) {
    return std::find(std::begin(kNeededAtOnce), std::end(kNeededAtOnce), section) !=
           std::end(kNeededAtOnce);
}

Error error_at(const Value& text, std::size_t offset, const std::string& what,
               const std::string& hint) {
    Error error{ErrorKind::config, fmt::format("{}", what), hint, std::nullopt};
    Place place = text.origin.place(offset);
    if (!place.file.empty()) {
        error.place = std::move(place);
    } else if (!text.text.empty()) {
        error.what = fmt::format("{} in '{}'", what, text.text);
    }
    return error;
}

}  // namespace

bool is_built_on_nodes(const Value& build_section) {
    const std::string_view text = build_section.text_of("on_nodes");
    return text == "true" || text == "True";
}

Error error_in(const Value& text, const EvaluationError& error) {
    return error_at(text, error.offset, error.what, error.hint);
}

Error error_in(const Value& text, const SyntaxError& error) {
    return error_at(text, error.offset, error.what, error.hint);
}

bool StringResolver::dynamic(const Value& value) {
    if (value.is_null()) {
        return false;
    }
    if (value.is_text()) {
        return needs_parsing(value.text);
    }
    const auto known = dynamic_.find(&value);
    if (known != dynamic_.end()) {
        return known->second;
    }
    bool any = false;
    for (const Value* item : value.items) {
        any = dynamic(*item) || any;
    }
    for (const Member& member : value.members) {
        any = dynamic(*member.value) || any;
    }
    dynamic_.emplace(&value, any);
    return any;
}

const Value& StringResolver::config(const Value& tree, const VariableManager& variables,
                                    const Functions& functions, Problems& problems,
                                    bool& deferred) {
    Value* changed = nullptr;
    for (std::size_t i = 0; i < tree.members.size() && !problems.enough(); ++i) {
        const Member& member = tree.members[i];
        const Value& resolved =
            section(member.key, *member.value, variables, functions, problems, deferred);
        if (&resolved != member.value) {
            if (changed == nullptr) {
                changed = &arena_.copy(tree);
            }
            changed->members[i].value = &resolved;
        }
    }
    return changed == nullptr ? tree : *changed;
}

const Value& StringResolver::section(std::string_view name, const Value& given,
                                     const VariableManager& variables, const Functions& functions,
                                     Problems& problems, bool& deferred) {
    Context context{variables,
                    functions,
                    problems,
                    deferred,
                    !needed_at_once(name) || (name == "build" && is_built_on_nodes(given)),
                    name};
    const Value& resolved = dynamic(given) ? value(given, context) : given;
    if ((name == "only_if" || name == "not_if") && resolved.is_map()) {
        return condition_keys(resolved, context);
    }
    return resolved;
}

const Value& StringResolver::value(const Value& given, Context& context) {
    switch (given.kind) {
        case Value::Kind::null:
            break;
        case Value::Kind::text: {
            const Value* list = nullptr;
            if (const Value* resolved = text(given, context, &list)) {
                return *resolved;
            }
            if (list != nullptr) {
                context.problems.add(
                    error_in(given, EvaluationError{false, 0,
                                                    "the text gives a list, and only a single "
                                                    "value fits here",
                                                    "choose one of its values, as NAME.0"}));
            }
            break;
        }
        case Value::Kind::list:
            return list(given, context);
        case Value::Kind::map:
            return map(given, context);
    }
    return given;
}

const Value* StringResolver::text(const Value& given, Context& context, const Value** list) {
    if (!needs_parsing(given.text)) {
        return &given;
    }
    const auto parsed = cache_.get(given.text);
    if (!parsed) {
        context.problems.add(error_in(given, parsed.error()));
        return nullptr;
    }
    auto resolved = resolve_text(**parsed, context.variables, context.functions);
    if (!resolved) {
        if (!resolved.error().deferred) {
            context.problems.add(error_in(given, resolved.error()));
            return nullptr;
        }
        if (!context.may_defer) {
            context.problems.add(error_in(
                given, EvaluationError{false, resolved.error().offset,
                                       fmt::format("'{}' is needed before the test has a node, and "
                                                   "this is known on the node only",
                                                   context.section),
                                       context.section == "build"
                                           ? "with 'on_nodes: true' each node makes its own"
                                           : "use what is known where the test is submitted, "
                                             "such as sys_name, or a variable of the suite"}));
            return nullptr;
        }
        context.deferred = true;
        Value& waiting = arena_.copy(given);
        waiting.deferred = true;
        return &waiting;
    }
    if (const auto* items = resolved->as<DatumList>()) {
        Value& out = arena_.make(Value::Kind::list, given.origin);
        for (const Datum& item : *items) {
            out.items.push_back(&arena_.text(arena_.keep(item.text()), given.origin));
        }
        *list = &out;
        return nullptr;
    }
    Value& out = arena_.copy(given);
    out.text = arena_.keep(std::move(*std::get_if<std::string>(&resolved->value)));
    out.overrode = &given;
    return &out;
}

const Value& StringResolver::list(const Value& given, Context& context) {
    Value& out = arena_.make(Value::Kind::list, given.origin);
    out.overrode = given.overrode;
    out.items.reserve(given.items.size());
    for (const Value* item : given.items) {
        if (context.problems.enough()) {
            break;
        }
        if (!item->is_text()) {
            out.items.push_back(dynamic(*item) ? &value(*item, context) : item);
            continue;
        }
        const Value* several = nullptr;
        if (const Value* one = text(*item, context, &several)) {
            out.items.push_back(one);
        } else if (several != nullptr) {
            out.items.insert(out.items.end(), several->items.begin(), several->items.end());
        }
    }
    return out;
}

const Value& StringResolver::map(const Value& given, Context& context) {
    Value* changed = nullptr;
    for (std::size_t i = 0; i < given.members.size() && !context.problems.enough(); ++i) {
        const Value& member = *given.members[i].value;
        if (!dynamic(member)) {
            continue;
        }
        const Value& resolved = value(member, context);
        if (changed == nullptr) {
            changed = &arena_.copy(given);
        }
        changed->members[i].value = &resolved;
    }
    return changed == nullptr ? given : *changed;
}

// The keys of only_if and not_if are texts too, and those may wait for the node: whether the
// test runs is then decided there.
const Value& StringResolver::condition_keys(const Value& given, Context& context) {
    Value* changed = nullptr;
    for (std::size_t i = 0; i < given.members.size() && !context.problems.enough(); ++i) {
        const Member& member = given.members[i];
        if (!needs_parsing(member.key)) {
            continue;
        }
        Value& key =
            arena_.make(Value::Kind::text, Origin{member.value->origin.layer, member.key_node});
        key.text = member.key;
        const Value* list = nullptr;
        Context of_keys{
            context.variables, context.functions, context.problems, context.deferred, true,
            context.section};
        const Value* resolved = text(key, of_keys, &list);
        if (resolved == nullptr) {
            if (list != nullptr) {
                context.problems.add(error_in(
                    key, EvaluationError{false, 0, "a condition cannot be about a list", ""}));
            }
            continue;
        }
        if (changed == nullptr) {
            changed = &arena_.copy(given);
        }
        std::string_view& name = changed->members[i].key;
        name = resolved->deferred ? arena_.keep(fmt::format("{}{}", kDeferredMark, resolved->text))
                                  : resolved->text;
    }
    if (changed == nullptr) {
        return given;
    }
    // As in Pavilion, of keys that became the same the last one's patterns count.
    std::vector<Member> distinct;
    for (const Member& member : changed->members) {
        const auto same = std::find_if(distinct.begin(), distinct.end(),
                                       [&](const Member& have) { return have.key == member.key; });
        if (same == distinct.end()) {
            distinct.push_back(member);
        } else {
            same->value = member.value;
        }
    }
    changed->members = std::move(distinct);
    return *changed;
}

}  // namespace pavtest::suite
