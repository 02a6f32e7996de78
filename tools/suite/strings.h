// Resolving every string of a configuration for one permutation.
#pragma once

#include <string_view>
#include <unordered_map>

#include "suite/problems.h"
#include "suite/template_cache.h"
#include "suite/value.h"
#include "suite/variable_section.h"
#include "suite/variables.h"

namespace pavtest::suite {

/// What marks a string that waits for the node, before its text.
constexpr std::string_view kDeferredMark = "!deferred!";

/// Whether each node of the test makes the build itself, so that it may depend on the node.
bool is_built_on_nodes(const Value& build_section);

/// The error of a text, at its place in the file.
Error error_in(const Value& text, const EvaluationError& error);
Error error_in(const Value& text, const SyntaxError& error);

/// Resolves what must be resolved and shares all the rest. Made once for a test's
/// configuration, used for each of its permutations.
class StringResolver {
  public:
    StringResolver(Arena& arena, TemplateCache& cache) : arena_(arena), cache_(cache) {}

    /// The configuration with its strings resolved; sets `deferred` if some wait for the node.
    const Value& config(const Value& tree, const VariableManager& variables,
                        const Functions& functions, Problems& problems, bool& deferred);
    /// A single section, such as `schedule`.
    const Value& section(std::string_view name, const Value& value,
                         const VariableManager& variables, const Functions& functions,
                         Problems& problems, bool& deferred);

  private:
    struct Context {
        const VariableManager& variables;
        const Functions& functions;
        Problems& problems;
        bool& deferred;
        bool may_defer;
        std::string_view section;
    };
    /// Null where the text is no longer one: it gave a list, which `list` then holds.
    const Value* text(const Value& value, Context& context, const Value** list);
    const Value& value(const Value& given, Context& context);
    const Value& list(const Value& given, Context& context);
    const Value& map(const Value& given, Context& context);
    const Value& condition_keys(const Value& given, Context& context);
    [[nodiscard]] bool dynamic(const Value& value);

    Arena& arena_;
    TemplateCache& cache_;
    std::unordered_map<const Value*, bool> dynamic_;
};

}  // namespace pavtest::suite
