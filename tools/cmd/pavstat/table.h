// Columns of text, as wide as what is in them; nothing foreign reaches the terminal raw.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pavtest::cmd {

class Table {
  public:
    /// A heading that begins with '>' is aligned to the right.
    explicit Table(const std::vector<std::string_view>& headings);
    /// As many cells as headings; each is made printable.
    void add(const std::vector<std::string>& cells);
    /// The last column is not padded.
    [[nodiscard]] std::string text(bool no_header) const;

  private:
    std::vector<std::vector<std::string>> lines_;  // the headings first
    std::vector<bool> to_the_right_;
    std::vector<std::size_t> widths_;
};

}  // namespace pavtest::cmd
