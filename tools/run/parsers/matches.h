// Collecting what a parser finds in one file, by match_select, in bounded memory.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <unordered_set>

#include "base/error.h"
#include "run/parsers/actions.h"
#include "run/parsers/options.h"
#include "run/parsers/value.h"

namespace pavtest::parsers {

class Matches {
  public:
    static constexpr std::size_t default_limit = 256U << 20;  // bytes

    Matches(const ParserOptions& options, std::size_t limit = default_limit);

    /// For the next file.
    void clear();
    /// One match, never null.
    Result<> add(Value value);
    /// Whether only the number of matches is wanted, so that count_one() will do.
    [[nodiscard]] bool only_counts() const { return streams() && !reduction_; }
    void count_one() { ++count_; }
    /// Whether later matches make no difference.
    [[nodiscard]] bool enough() const { return enough_; }
    struct Found {
        Value stored;          // with the action applied
        bool matched = false;  // whether anything was found, whatever the action makes of it
    };
    [[nodiscard]] Found take();

  private:
    [[nodiscard]] bool selected() const;
    [[nodiscard]] bool matched() const;
    [[nodiscard]] bool streams() const;

    const ParserOptions& options_;
    std::size_t limit_;
    bool enough_ = false;
    std::size_t count_ = 0;
    std::size_t bytes_ = 0;
    std::deque<Value> kept_;
    std::optional<Reduction> reduction_;
    std::unordered_set<std::string> seen_;
};

}  // namespace pavtest::parsers
