// Python's regular expressions, through PCRE2, with limits on what a match may cost.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace pavtest::suite {

/// What to do about a bad one.
constexpr const char* kRegexHint =
    "regular expressions are Python's: put a backslash before a character that means itself";

class Regex {
  public:
    /// The error says what is wrong with the pattern.
    static tl::expected<Regex, std::string> compile(std::string_view pattern);

    struct Match {
        std::string text;                                // of the whole
        std::vector<std::optional<std::string>> groups;  // from the first
    };
    /// Finds it anywhere (Python's search).
    [[nodiscard]] std::optional<Match> search(std::string_view subject) const;
    /// Whether it matches from the start (Python's match).
    [[nodiscard]] bool matches_start(std::string_view subject) const;

  private:
    struct Code;
    explicit Regex(std::shared_ptr<const Code> code) : code_(std::move(code)) {}
    std::shared_ptr<const Code> code_;
};

}  // namespace pavtest::suite
