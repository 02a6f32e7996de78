// Values are regular expressions that must match the whole key; the wording of the
// reasons is Pavilion's, since sites search logs for it.
#include "suite/conditions.h"

#include <fmt/format.h>

#include "base/text.h"
#include "suite/datum.h"
#include "suite/regex.h"
#include "suite/strings.h"

namespace pavtest::suite {

namespace {

std::string whole(std::string_view pattern) {
    return pattern.ends_with('$') ? std::string(pattern) : fmt::format("{}$", pattern);
}

// Texts without any regex character match themselves.
bool matches(const Value& pattern, std::string_view key, Problems& problems) {
    if (pattern.text.find_first_of("\\.^$*+?{}[]|()") == std::string_view::npos) {
        return key == pattern.text ||
               (key.ends_with('\n') && key.substr(0, key.size() - 1) == pattern.text);
    }
    const auto regex = Regex::compile(whole(pattern.text));
    if (!regex) {
        problems.add(fmt::format("'{}' is no regular expression: {}", pattern.text, regex.error()),
                     kRegexHint, pattern.origin.place());
        return false;
    }
    return regex->matches_start(key);
}

// What is known on the node only is decided there; but a bad pattern can be told at once.
bool must_wait(const Member& condition, Problems& problems) {
    if (!condition.key.starts_with(kDeferredMark)) {
        return false;
    }
    for (const Value* pattern : condition.value->items) {
        matches(*pattern, "", problems);
    }
    return true;
}

std::string shown(const Value& patterns) {
    std::vector<std::string> texts;
    for (const Value* pattern : patterns.items) {
        texts.push_back(pattern->is_null() ? "None" : python_repr(pattern->text));
    }
    return fmt::format("[{}]", join(texts, ", "));
}

}  // namespace

std::vector<std::string> skip_reasons(const Value& config, Problems& problems) {
    std::vector<std::string> reasons;
    if (const Value* not_if = config.get("not_if")) {
        for (const Member& member : not_if->members) {
            if (must_wait(member, problems)) {
                continue;
            }
            for (const Value* pattern : member.value->items) {
                if (matches(*pattern, member.key, problems)) {
                    reasons.push_back(
                        fmt::format("Skipping due to not_if match for key '{}' with '{}'",
                                    member.key, whole(pattern->text)));
                }
            }
        }
    }
    if (const Value* only_if = config.get("only_if")) {
        for (const Member& member : only_if->members) {
            if (must_wait(member, problems)) {
                continue;
            }
            bool any = false;
            for (const Value* pattern : member.value->items) {
                any = matches(*pattern, member.key, problems) || any;
            }
            if (!any) {
                reasons.push_back(
                    fmt::format("Skipping because only_if key '{}' failed to match any of '{}'",
                                member.key, shown(*member.value)));
            }
        }
    }
    return reasons;
}

}  // namespace pavtest::suite
