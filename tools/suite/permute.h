// From a merged test to its permutations: a set of variables for each combination.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "suite/problems.h"
#include "suite/scheduler_facts.h"
#include "suite/strings.h"
#include "suite/suite_loader.h"
#include "suite/variables.h"

namespace pavtest::suite {

/// What all tests of a resolution share.
struct Shared {
    Arena& arena;
    TemplateCache& cache;
    const Functions& functions;
    std::shared_ptr<const VariableProvider> system;
    std::shared_ptr<const VariableProvider> run;
    std::shared_ptr<const SchedulerFacts> scheduler;
};

/// The variables of a test before anything is permuted.
VariableManager initial_variables(const TestConfig& test, Shared& shared, Problems& problems);

class Permuter {
  public:
    Permuter(const TestConfig& test, Shared& shared, StringResolver& strings, Problems& problems);

    /// One manager for each permutation, with the sched variables in it.
    std::vector<VariableManager> permutations(const VariableManager& base);
    /// The test's subtitle, or one made of the variables that are permuted over.
    [[nodiscard]] const Value& subtitle() const { return *subtitle_; }
    struct Over {
        std::string written;  // as in permute_on
        VariableSet set;
        std::string name;
    };
    [[nodiscard]] const std::vector<Over>& over() const { return over_; }

  private:
    using Names = std::vector<std::pair<VariableSet, std::string>>;
    using Managers = std::vector<VariableManager>;

    Names checked_names(const VariableManager& base);
    void make_subtitle(const VariableManager& base, const Names& names);
    bool scheduler_is_there();
    void basic(VariableManager variables, Names left, Managers& out);
    void delayed(VariableManager variables, Names left, Managers& out);
    void scheduled(VariableManager variables, const Names& left, Managers& out);
    std::optional<VariableManager::References_> resolved(VariableManager& variables, bool partial,
                                                         const std::vector<std::string>& skip);
    void add(const VariableManager::Failure& failure);
    void refuse(const std::string& what);
    static std::vector<std::string> user_names(const Names& names);

    const TestConfig& test_;
    Shared& shared_;
    StringResolver& strings_;
    Problems& problems_;
    const Value* subtitle_ = nullptr;
    std::vector<Over> over_;
    bool overfull_ = false;
    // The schedule that was understood last: permutations mostly share it.
    const Value* last_schedule_ = nullptr;
    std::shared_ptr<const VariableProvider> last_variables_;
};

}  // namespace pavtest::suite
