// A live screen: text on a terminal of which only the lines that changed are written again.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace pavtest::cmd {

struct ScreenSize {
    std::size_t columns = 80, rows = 24;
    bool operator==(const ScreenSize&) const = default;
    /// Of the terminal on that descriptor.
    static ScreenSize of(int fd);
};

/// What to write so that a terminal shows the text. Uses no other screen and hides nothing, so
/// that whatever ends the program leaves a sane terminal with the last state on it.
class Screen {
  public:
    /// `text` is printable but for newlines. What does not fit is left out of the middle: the
    /// heading and the last lines stay.
    std::string draw(const std::string& text, ScreenSize size);
    /// Takes back what was drawn.
    std::string clear();

  private:
    std::vector<std::string> shown_;
    ScreenSize size_;
};

}  // namespace pavtest::cmd
