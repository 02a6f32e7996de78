// All beginnings are followed at once, so no line is read twice. They have the same length,
// so the one that began first is complete first, as if one was followed after the other.
#include "run/parsers/line_window.h"

#include <algorithm>

namespace pavtest::parsers {

Result<LineWindow> LineWindow::make(const ParserOptions& options) {
    LineWindow window;
    std::vector<std::string> patterns = options.preceded_by;
    patterns.push_back(options.for_lines_matching);
    for (const std::string& pattern : patterns) {
        auto regex = Regex::compile(pattern);
        if (!regex) {
            return tl::unexpected(regex.error());
        }
        window.conditions_.push_back(std::move(*regex));
    }
    window.clear();
    return window;
}

void LineWindow::clear() {
    reached_.assign(conditions_.size(), 0);
    reached_[0] = 1;
}

Result<bool> LineWindow::advance(const Line& line, const Deadline& deadline) {
    const std::size_t count = conditions_.size();
    bool complete = false;
    for (std::size_t i = count; i-- > 0;) {
        if (reached_[i] == 0) {
            continue;
        }
        reached_[i] = i == 0 ? 1 : 0;
        Regex& condition = conditions_[i];
        if (!condition.matches_everything()) {
            const auto found = condition.search({line.text, line.ascii}, deadline);
            if (found == Regex::Found::gave_up) {
                return tl::unexpected(condition.error());
            }
            if (found == Regex::Found::no) {
                continue;
            }
        }
        if (i + 1 == count) {
            complete = true;
            break;
        }
        reached_[i + 1] = 1;
    }
    if (complete && count > 1) {
        clear();
    }
    return complete;
}

}  // namespace pavtest::parsers
