// Strings with expressions, and expressions alone: parsed and evaluated with variables of
// every kind.
#include <cstdlib>
#include <memory>

#include "suite/expression.h"
#include "suite/functions.h"
#include "suite/site_functions.h"
#include "suite/template_parser.h"
#include "suite/variables.h"

using namespace pavtest;
using namespace pavtest::suite;

namespace {

struct Fixture {
    std::shared_ptr<const Functions> functions = site_functions(World{});
    VariableManager variables;
    Json results = Json::parse(
        R"({"a": 1, "b": "text", "c": [1, 2.5, "x"], "per_file": {"n1": {"v": 3}, "n2": {"v": 4}}})");
    Fixture() {
        variables.set_user_variable("one", text_variable("7"));
        variables.set_user_variable("many", list_variable({"a", "2", "-3.5", "", "true"}));
        variables.set_user_variable("map", map_variable({{"x", "1"}, {"y", "z"}}));
        variables.set_user_variable("late", deferred_variable());
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Fixture fixture;
    const std::string text(reinterpret_cast<const char*>(data), size);
    if (const auto parsed = parse_template(text)) {
        const auto resolved = resolve_text(*parsed, fixture.variables, *fixture.functions);
        if (!resolved && !resolved.error().deferred && resolved.error().what.empty()) {
            std::abort();
        }
    } else if (parsed.error().offset > size) {
        std::abort();
    }
    const auto value = evaluate_expression(text, fixture.results, *fixture.functions);
    if (!value && describe(value.error()).empty()) {
        std::abort();
    }
    return 0;
}
