// Line by line, because Slurm puts its own prefix in front of each.
#include "messages.h"

#include <unistd.h>

#include "slurm_version.h"
#include "text.h"

namespace pavtest::spank {

namespace {

std::string_view without(std::string_view text, std::string_view prefix) {
    return begins_with(text, prefix) ? after(text, prefix.size()) : text;
}

void say(Severity severity, bool first, std::string_view line) {
    const int length = static_cast<int>(line.size());
    if (severity == Severity::notice) {
        slurm_info("%s%.*s", first ? "pavtest: " : "", length, line.data());
    } else if (first) {
        slurm_error("pavtest: %.*s", length, line.data());
    } else {
        slurm_spank_log("%.*s", length, line.data());
    }
}

}  // namespace

void pass_on(Severity severity, std::string_view text) {
    bool first = true;
    for_each_piece(text, '\n', [&](std::string_view line) {
        if (first) {
            line = without(without(without(line, "pavtest: "), "pavsuite: "), "error: ");
        }
        say(severity, first, line);
        first = false;
    });
}

void pass_on_file(Severity severity, int file) {
    static constexpr std::size_t limit = 65536;
    char bytes[limit];
    std::size_t size = 0;
    while (size < limit) {
        const ssize_t got = ::pread(file, &bytes[size], limit - size, static_cast<off_t>(size));
        if (got <= 0) {
            break;
        }
        size += static_cast<std::size_t>(got);
    }
    pass_on(severity, {&bytes[0], size});
}

}  // namespace pavtest::spank
