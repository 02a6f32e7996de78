// The reference in docs/suites.md is made of what the code accepts; this fails when it falls
// behind. With PAVTEST_UPDATE_DOCS=1 in the environment it writes the page instead.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/text.h"
#include "suite/catalog.h"
#include "suite/functions.h"
#include "suite/schema.h"

using namespace pavtest;
using namespace pavtest::suite;

namespace {

const std::string kPage = std::string(PAVTEST_SOURCE_DIR) + "/docs/suites.md";

std::string read(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// A cell of a table: a bar would end it.
std::string cell(std::string_view text) {
    std::string out;
    for (const char c : text) {
        out += c == '|' ? std::string("\\|") : std::string(1, c);
    }
    return out;
}

std::string kind_of(const Element& element) {
    if (!element.choices.empty()) {
        std::vector<std::string> choices;
        for (const std::string_view choice : element.choices) {
            choices.push_back(fmt::format("`{}`", choice));
        }
        return join(choices, ", ");
    }
    switch (element.kind) {
        case Element::Kind::list:
            return "list";
        case Element::Kind::keyed:
            return "section";
        case Element::Kind::category:
            return "names";
        case Element::Kind::variables:
            return "variables";
        case Element::Kind::text:
            break;
    }
    return "text";
}

void add_keys(const Element& element, const std::string& path, std::string& out) {
    if (element.hidden) {
        return;
    }
    if (!path.empty() && !element.help.empty()) {
        const std::string otherwise = element.required                  ? "needed"
                                      : element.default_text == nullptr ? ""
                                      : *element.default_text == '\0'
                                          ? "`''`"
                                          : fmt::format("`{}`", element.default_text);
        out += fmt::format("| `{}` | {} | {} | {} |\n", path, cell(kind_of(element)),
                           cell(otherwise), cell(element.help));
    }
    const auto below = [&](std::string_view name) {
        return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
    };
    for (const Element& child : element.children) {
        add_keys(child, below(child.name), out);
    }
    if (element.kind == Element::Kind::category) {
        add_keys(*element.item, below("NAME"), out);
    }
}

std::string keys() {
    std::string out = "| Key | Takes | Default | |\n|---|---|---|---|\n";
    add_keys(test_schema(), "", out);
    return out;
}

std::string functions() {
    std::string out = "| Function | |\n|---|---|\n";
    for (const FunctionInfo& function : builtin_functions()) {
        out += fmt::format("| `{}` | {} |\n", cell(function.signature), cell(function.summary));
    }
    return out;
}

std::string variables() {
    std::string out = "| Variable | Known | |\n|---|---|---|\n";
    const auto add = [&](std::string_view set, const std::vector<VariableEntryInfo>& all) {
        for (const VariableEntryInfo& one : all) {
            out += fmt::format("| `{}.{}` | {} | {} |\n", set, one.name,
                               one.deferred ? "on the node" : "at submission", cell(one.summary));
        }
    };
    add("sys", list_facts(World{}));
    add("pav", list_pav_variables());
    add("sched", list_sched_variables());
    return out;
}

std::string with_section(const std::string& page, std::string_view name,
                         const std::string& content) {
    const std::string begin = fmt::format("<!-- {}: begin -->\n", name);
    const std::string end = fmt::format("<!-- {}: end -->\n", name);
    const std::size_t from = page.find(begin);
    const std::size_t to = page.find(end);
    if (from == std::string::npos || to == std::string::npos) {
        ADD_FAILURE() << "docs/suites.md has lost its mark for " << name;
        return page;
    }
    return page.substr(0, from + begin.size()) + content + page.substr(to);
}

}  // namespace

TEST(ReferenceDocs, AreWhatTheCodeAccepts) {
    const std::string page = read(kPage);
    std::string made = with_section(page, "keys", keys());
    made = with_section(made, "functions", functions());
    made = with_section(made, "variables", variables());
    if (std::getenv("PAVTEST_UPDATE_DOCS") != nullptr) {
        std::ofstream(kPage) << made;
        return;
    }
    EXPECT_TRUE(page == made)
        << "docs/suites.md is behind: run unit_suite with PAVTEST_UPDATE_DOCS=1";
}

// The manual page explains every key at the top of a test and every key of its large sections.
TEST(ReferenceDocs, TheManualPageNamesEveryKey) {
    const std::string manual =
        read(std::string(PAVTEST_SOURCE_DIR) + "/docs/man/pavtest-suites.5.scd");
    std::string missing;
    const auto look = [&](const Element& section) {
        for (const Element& child : section.children) {
            if (child.hidden || child.name == "dummy" || child.name == "error") {
                continue;
            }
            std::string escaped;
            for (const char c : child.name) {
                escaped += c == '_' ? std::string("\\_") : std::string(1, c);
            }
            if (manual.find(fmt::format("*{}*", child.name)) == std::string::npos &&
                manual.find(fmt::format("*{}*", escaped)) == std::string::npos) {
                missing += fmt::format(" {}.{}", section.name, child.name);
            }
        }
    };
    look(test_schema());
    for (const char* section : {"build", "run", "schedule", "result_parse"}) {
        look(*test_schema().child(section));
    }
    EXPECT_EQ(missing, "");
}
