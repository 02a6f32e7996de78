// Colours for people at a terminal, nothing for pipes.
#pragma once

#include <string>
#include <string_view>

#include "base/environment.h"

namespace pavtest::cmd {

class Paint {
  public:
    explicit Paint(bool on) : on_(on) {}
    /// Of standard output: a terminal that takes colours, and no NO_COLOR.
    static Paint of_output(const Environment& environment);

    [[nodiscard]] std::string bold(std::string_view text) const { return in("1", text); }
    [[nodiscard]] std::string dim(std::string_view text) const { return in("2", text); }
    [[nodiscard]] std::string key(std::string_view text) const { return in("36", text); }
    [[nodiscard]] std::string value(std::string_view text) const { return in("32", text); }

  private:
    [[nodiscard]] std::string in(std::string_view code, std::string_view text) const;
    bool on_;
};

}  // namespace pavtest::cmd
