// The variables that a test's strings may refer to: sets, lookup, values that wait for
// the node, references between variables, and one copy for each permutation.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "suite/evaluate.h"
#include "suite/template_cache.h"
#include "suite/value.h"

namespace pavtest::suite {

/// The sets, in the order in which a bare name is looked up.
enum class VariableSet : std::uint8_t { var, sys, pav, sched };
constexpr std::size_t kVariableSets = 4;
/// Of one test.
constexpr std::size_t kMostPermutations = 100'000;
std::string_view name_of(VariableSet set);
std::optional<VariableSet> variable_set(std::string_view name);

/// One text of a variable.
struct VariableCell {
    std::string key;  // "" of a simple item
    Datum value;      // a text; a list where an expression gave one
    const Template* unresolved = nullptr;
    const Value* source = nullptr;  // where it was written
    bool deferred = false;
};

struct VariableValue {
    std::vector<std::vector<VariableCell>> items;
    bool deferred = false;  // as a whole
};
using VariablePtr = std::shared_ptr<const VariableValue>;

VariablePtr text_variable(std::string text);
VariablePtr list_variable(const std::vector<std::string>& texts);
VariablePtr map_variable(const std::vector<std::pair<std::string, std::string>>& texts);
VariablePtr deferred_variable();

/// A set whose values are made when they are asked for: facts, scheduler variables.
class VariableProvider {
  public:
    virtual ~VariableProvider() = default;
    [[nodiscard]] virtual std::vector<std::string> names() const = 0;
    /// Null where there is no such variable; an error where it cannot be had.
    [[nodiscard]] virtual tl::expected<VariablePtr, std::string> get(
        std::string_view name) const = 0;
};

/// A variable reference taken apart.
struct VariableKey {
    enum class Index : std::uint8_t { none, at, all, slice };
    std::optional<VariableSet> set;
    std::string_view name;
    Index index = Index::none;
    std::optional<Integer> from, until;
    std::string_view part;  // "" for none
};

using Key = tl::expected<VariableKey, std::string>;
Key parse_key(std::string_view first, const std::vector<BoundStep>& steps);
/// As far as is known without working out what stands in its brackets.
Key parse_key(const Expression& reference);
/// "sys.name", "name", "name.0.part": what permute_on and --fact take.
Key parse_key(std::string_view dotted);

class VariableManager : public References {
  public:
    VariableManager() = default;

    void set_user_variable(std::string_view name, VariablePtr value);
    void set_provider(VariableSet set, std::shared_ptr<const VariableProvider> provider);
    [[nodiscard]] bool has_set(VariableSet set) const;

    [[nodiscard]] Evaluated get(const Expression& reference,
                                const std::vector<BoundStep>& steps) const override;

    /// Which set a name belongs to: the one given, or the first that has it.
    [[nodiscard]] tl::expected<VariableSet, std::string> set_of(const VariableKey& key) const;
    [[nodiscard]] tl::expected<VariablePtr, std::string> find(VariableSet set,
                                                              std::string_view name) const;
    [[nodiscard]] std::vector<std::string> all_names() const;
    /// What to do about a name that no set has.
    [[nodiscard]] std::string near_variable(std::string_view name) const;

    /// Resolves references between user variables as far as their sets are known and they
    /// do not depend on a variable in `skip`.
    struct References_ {
        std::vector<std::string> resolved;       // names with nothing left to resolve
        std::vector<std::string> could_resolve;  // but for what is in `skip`
    };
    struct Failure {
        const Value* source = nullptr;
        EvaluationError error;
        std::string name;
    };
    tl::expected<References_, Failure> resolve_references(const Functions& functions, bool partial,
                                                          const std::vector<std::string>& skip);

    /// One manager for every combination of the given variables' items, the last one
    /// changing fastest. The manager itself where there is but one.
    [[nodiscard]] tl::expected<std::vector<VariableManager>, std::string> permutations(
        const std::vector<std::pair<VariableSet, std::string>>& names) const;

    struct UserVariable {
        std::string_view name;
        VariablePtr value;
    };
    [[nodiscard]] const std::vector<UserVariable>& user_variables() const { return user_; }
    /// Whether any part of it waits for the node.
    [[nodiscard]] bool any_deferred(VariableSet set, std::string_view name) const;

  private:
    struct Unresolved {
        std::size_t variable, item, cell;
    };
    struct Readiness {
        bool now = true;
        bool only_skipped = true;
    };
    [[nodiscard]] VariableCell* cell_of(const Unresolved& place);
    [[nodiscard]] tl::expected<Readiness, EvaluationError> readiness(
        const Template& text, const std::vector<std::string>& skip,
        const std::vector<Unresolved>& pending, const std::vector<bool>& skipped) const;

    std::vector<UserVariable> user_;
    std::shared_ptr<std::unordered_map<std::string_view, std::size_t>> index_ =
        std::make_shared<std::unordered_map<std::string_view, std::size_t>>();
    std::shared_ptr<const VariableProvider> providers_[kVariableSets];
    std::map<std::pair<VariableSet, std::string>, VariablePtr> narrowed_;
};

/// A whole text resolved: a text, or (where its only expression gave one) a list of texts.
Evaluated resolve_text(const Template& text, const VariableManager& variables,
                       const Functions& functions);

}  // namespace pavtest::suite
