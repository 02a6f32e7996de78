#include "cmd/pavsuite/paint.h"

#include <fmt/format.h>
#include <unistd.h>

namespace pavtest::cmd {

Paint Paint::of_output(const Environment& environment) {
    return Paint(::isatty(STDOUT_FILENO) == 1 && environment.get_or("NO_COLOR", "").empty() &&
                 environment.get_or("TERM", "dumb") != "dumb");
}

std::string Paint::in(std::string_view code, std::string_view text) const {
    return on_ && !text.empty() ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

}  // namespace pavtest::cmd
