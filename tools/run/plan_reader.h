// The frozen plan, a test at a time: ten thousand configurations as objects are not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "session/plan.h"
#include "session/store.h"

namespace pavtest::run {

class PlanReader {
  public:
    static Result<PlanReader> open(const session::SessionDirectory& session);
    /// Takes plan.json's text.
    static Result<PlanReader> from_text(std::string text);

    [[nodiscard]] std::uint32_t count() const { return static_cast<std::uint32_t>(spans_.size()); }
    /// Parses the test with this index.
    [[nodiscard]] Result<session::PlannedTest> test(std::uint32_t index) const;
    [[nodiscard]] const session::BuildRules& builds() const { return builds_; }

  private:
    std::string text_;
    session::BuildRules builds_;
    std::vector<std::pair<std::size_t, std::size_t>> spans_;  // begin and length of each test
};

/// The places of the elements of the top-level list `key` in a JSON object's text. An error
/// for text whose brackets and quotes do not match; what is in the elements is not looked at.
Result<std::vector<std::pair<std::size_t, std::size_t>>> elements_of(std::string_view text,
                                                                     std::string_view key);

}  // namespace pavtest::run
