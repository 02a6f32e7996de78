// Moving up, writing a line, moving down.
#include "cmd/pavstat/screen.h"

#include <fmt/format.h>
#include <sys/ioctl.h>

#include <algorithm>

#include "base/text.h"

namespace pavtest::cmd {

namespace {

// At most so many columns, whole characters.
std::string cut(const std::string& line, std::size_t columns) {
    std::size_t at = 0;
    for (std::size_t shown = 0; at < line.size() && shown < columns; ++shown) {
        ++at;
        while (at < line.size() && (static_cast<unsigned char>(line[at]) & 0xC0U) == 0x80U) {
            ++at;
        }
    }
    return line.substr(0, at);
}

std::vector<std::string> fitted(const std::string& text, ScreenSize size) {
    std::vector<std::string> lines = split(text, '\n');
    if (!lines.empty() && lines.back().empty()) {
        lines.pop_back();
    }
    constexpr std::size_t least = 4;
    const std::size_t rows = std::max(size.rows, least) - 1;  // the cursor stands below
    if (lines.size() > rows) {
        const std::size_t out = lines.size() - rows + 1;
        lines[1] = fmt::format("... {} lines ...", out);
        lines.erase(lines.begin() + 2, lines.begin() + static_cast<std::ptrdiff_t>(out) + 1);
    }
    for (std::string& line : lines) {
        line = cut(line, std::max<std::size_t>(size.columns, 1) - 1);
    }
    return lines;
}

}  // namespace

ScreenSize ScreenSize::of(int fd) {
    winsize window{};
    if (::ioctl(fd, TIOCGWINSZ, &window) != 0 || window.ws_col == 0 || window.ws_row == 0) {
        return {};
    }
    return {window.ws_col, window.ws_row};
}

std::string Screen::clear() {
    const std::string out =
        shown_.empty() ? std::string{} : fmt::format("\x1b[{}A\r\x1b[J", shown_.size());
    shown_.clear();
    return out;
}

std::string Screen::draw(const std::string& text, ScreenSize size) {
    std::vector<std::string> lines = fitted(text, size);
    std::string out;
    if (lines.size() != shown_.size() || size != size_) {
        out = clear();
        for (const std::string& line : lines) {
            out += line + "\n";
        }
    } else {
        for (std::size_t i = 0; i < lines.size(); ++i) {
            if (lines[i] != shown_[i]) {
                const std::size_t up = lines.size() - i;
                out += fmt::format("\x1b[{0}A\r{1}\x1b[K\x1b[{0}B\r", up, lines[i]);
            }
        }
    }
    shown_ = std::move(lines);
    size_ = size;
    return out;
}

}  // namespace pavtest::cmd
