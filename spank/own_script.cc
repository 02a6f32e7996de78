// As sbatch reads it: lines up to the first command, each up to a word that begins with '#'.
#include "own_script.h"

#include <sys/stat.h>

#include <algorithm>

#include "command_line.h"
#include "descriptor.h"
#include "text.h"

namespace pavtest::spank {

namespace {

constexpr std::size_t most = 65536;  // directives stand at the top
constexpr std::string_view directive = "#SBATCH";

// Of a script; nothing of any other file. A FIFO is not waited for.
std::size_t read_script(std::string_view name, char* bytes) {
    Text<4096> path;
    path.assign(name);
    if (path.view() != name) {
        return 0;
    }
    const Descriptor file =
        above_standard(Descriptor(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)));
    struct stat status {};
    if (!file.valid() || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return 0;
    }
    const ssize_t size = ::pread(file.get(), bytes, most, 0);
    return size > 2 && bytes[0] == '#' && bytes[1] == '!' ? static_cast<std::size_t>(size) : 0;
}

bool line_says_test_only(std::string_view line) {
    bool found = false;
    bool comment = false;
    for (std::string_view rest = after(line, directive.size()); !rest.empty();) {
        const std::size_t start = rest.find_first_not_of(" \t\r");
        if (start == std::string_view::npos) {
            break;
        }
        rest.remove_prefix(start);
        const std::size_t size = std::min(rest.find_first_of(" \t\r"), rest.size());
        const std::string_view word(rest.data(), size);
        comment = comment || word[0] == '#';
        found = found || (!comment && is_test_only(word));
        rest.remove_prefix(size);
    }
    return found;
}

bool text_says_test_only(std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line(text.data(), end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::size_t start = line.find_first_not_of(" \t\r");
        if (start == std::string_view::npos) {
            continue;
        }
        if (line[start] != '#') {
            return false;
        }
        if (begins_with(line, directive) && line_says_test_only(line)) {
            return true;
        }
    }
    return false;
}

}  // namespace

bool script_says_test_only(std::string_view words) {
    static char bytes[most];
    bool is_command = true;
    bool found = false;
    bool says = false;
    for_each_piece(words, '\0', [&](std::string_view word) {
        if (found || is_command || word[0] == '-') {
            is_command = false;
            return;
        }
        if (const std::size_t size = read_script(word, &bytes[0])) {
            found = true;
            says = text_says_test_only({&bytes[0], size});
        }
    });
    return says;
}

}  // namespace pavtest::spank
