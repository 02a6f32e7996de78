// The words for a script's end.
#include "run/result.h"

#include <fmt/format.h>

#include <cstring>

#include "base/text.h"

namespace pavtest::run {

std::string describe_end(const ScriptEnd& end, std::optional<double> timeout) {
    if (!end.not_started.empty()) {
        return std::string(trim(end.not_started));
    }
    if (end.timed_out) {
        return end.over_limit
                   ? fmt::format("not done after {:.0f} s (schedule.time_limit)", end.duration)
                   : fmt::format("no output for {} s", timeout.value_or(0));
    }
    std::string text = end.signal != 0 ? fmt::format("killed by signal {} ({})", end.signal,
                                                     ::strsignal(end.signal))
                                       : fmt::format("returned {}", end.return_value.value_or(0));
    if (end.out_of_memory) {
        text += ", out of memory";
    }
    return text;
}

}  // namespace pavtest::run
