// A regular expression in Python's syntax, run by PCRE2 with limits on time and memory.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "run/parsers/deadline.h"

namespace pavtest::parsers {

/// A text to search: well-formed UTF-8. Knowing that it is ASCII makes it faster.
struct Subject {
    std::string_view text;
    bool ascii = false;
    static Subject of(std::string_view text);
};

class Regex {
  public:
    static Result<Regex> compile(std::string_view pattern);
    Regex(Regex&&) noexcept;
    Regex& operator=(Regex&&) noexcept;
    ~Regex();

    enum class Found { no, yes, gave_up };
    /// Python's search(). A search that would cost too much is given up; see error().
    Found search(const Subject& subject, const Deadline& deadline);
    /// The next match in a walk over the subject, as finditer() and split() do it: from
    /// `start` on, and with `not_empty_at_start` no empty one right there.
    Found search_from(const Subject& subject, std::size_t start, bool not_empty_at_start,
                      const Deadline& deadline);

    struct Span {
        std::size_t begin = 0, end = 0;
        bool set = false;
    };
    /// Group 0 is the whole match. Valid until the next search.
    [[nodiscard]] Span group(std::size_t number) const;
    [[nodiscard]] std::size_t groups() const;

    [[nodiscard]] const std::string& pattern() const;
    [[nodiscard]] bool matches_everything() const { return pattern().empty(); }
    /// Why the last search was given up; names the pattern.
    [[nodiscard]] const Error& error() const;

  private:
    struct State;
    explicit Regex(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace pavtest::parsers
