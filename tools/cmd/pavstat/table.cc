// Padding cells.
#include "cmd/pavstat/table.h"

#include <algorithm>

#include "base/text.h"

namespace pavtest::cmd {

Table::Table(const std::vector<std::string_view>& headings) : widths_(headings.size(), 0) {
    std::vector<std::string> names;
    for (std::string_view heading : headings) {
        to_the_right_.push_back(heading.starts_with('>'));
        names.emplace_back(heading.substr(to_the_right_.back() ? 1 : 0));
    }
    lines_.push_back(std::move(names));
}

void Table::add(const std::vector<std::string>& cells) {
    std::vector<std::string>& line = lines_.emplace_back();
    for (const std::string& cell : cells) {
        line.push_back(printable(cell));
    }
    line.resize(widths_.size());
}

std::string Table::text(bool no_header) const {
    std::vector<std::size_t> widths = widths_;
    for (std::size_t i = no_header ? 1 : 0; i < lines_.size(); ++i) {
        for (std::size_t column = 0; column < widths.size(); ++column) {
            widths[column] = std::max(widths[column], display_width(lines_[i][column]));
        }
    }
    std::string out;
    for (std::size_t i = no_header ? 1 : 0; i < lines_.size(); ++i) {
        for (std::size_t column = 0; column < widths.size(); ++column) {
            const std::string& cell = lines_[i][column];
            const std::string padding(widths[column] - display_width(cell), ' ');
            const bool last = column + 1 == widths.size();
            out += to_the_right_[column] ? padding + cell : cell + (last ? "" : padding);
            out += last ? "\n" : "  ";
        }
    }
    return out;
}

}  // namespace pavtest::cmd
