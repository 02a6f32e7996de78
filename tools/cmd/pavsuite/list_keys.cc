#include "cmd/pavsuite/list_keys.h"

#include <fmt/format.h>

#include "base/text.h"
#include "suite/schema.h"

namespace pavtest::cmd {

namespace {

using suite::Element;

std::string kind_of(const Element& element) {
    switch (element.kind) {
        case Element::Kind::text:
            // Booleans are listed in two spellings.
            if (element.choices.size() == 4 && element.choices.front() == "true") {
                return "true or false";
            }
            return element.choices.empty()
                       ? "text"
                       : fmt::format("one of {}", fmt::join(element.choices, ", "));
        case Element::Kind::list:
            return "list";
        case Element::Kind::keyed:
            return "mapping";
        case Element::Kind::category:
            return element.item->kind == Element::Kind::list ? "names with lists" : "names";
        case Element::Kind::variables:
            return "variables";
    }
    return {};
}

void add(std::vector<KeyEntry>& out, const Element& element, const std::string& name) {
    if (element.hidden) {
        return;
    }
    if (!name.empty() && !element.help.empty()) {
        KeyEntry entry;
        entry.name = name;
        entry.kind = kind_of(element);
        if (element.required) {
            entry.kind += ", required";
        }
        if (element.default_text != nullptr) {
            entry.standing = element.default_text;
        }
        entry.help = std::string(element.help);
        out.push_back(std::move(entry));
    }
    for (const Element& child : element.children) {
        add(out, child,
            name.empty() ? std::string(child.name) : fmt::format("{}.{}", name, child.name));
    }
    if (element.kind == Element::Kind::category &&
        (element.item->kind == Element::Kind::keyed ||
         element.item->kind == Element::Kind::category)) {
        add(out, *element.item, name + ".NAME");
    }
}

}  // namespace

std::vector<KeyEntry> known_keys() {
    std::vector<KeyEntry> out;
    add(out, suite::test_schema(), "");
    return out;
}

}  // namespace pavtest::cmd
