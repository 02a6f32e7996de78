// Actions: what becomes of the matches of one file.
#pragma once

#include <optional>
#include <vector>

#include "run/parsers/options.h"
#include "run/parsers/value.h"

namespace pavtest::parsers {

/// Numbers taken one by one, reduced to their sum, least, median, mean or greatest. What
/// looks like no number is passed over.
class Reduction {
  public:
    explicit Reduction(Action action) : action_(action) {}
    /// Whether the action is one of these.
    static bool is_for(Action action);

    void add(const Value& value);
    /// Null if there was no number.
    [[nodiscard]] Value result() const;

  private:
    struct Sum {
        __int128 whole = 0;  // while all were integers
        double real = 0;
        bool exact = true;
    };
    [[nodiscard]] Value median() const;

    Action action_;
    std::size_t count_ = 0;
    Sum sum_;
    std::optional<Number> least_, greatest_;
    std::vector<Number> all_;  // for the median only
};

/// Applies an action to what was found in one file. `verdict`: the key is "result" and has
/// no action of its own, so that what was found counts as true.
Value apply(Action action, bool verdict, Value found);

}  // namespace pavtest::parsers
