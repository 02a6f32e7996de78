// Reads /proc/self/cmdline: a plugin is not given the command's arguments.
#include "command_line.h"

#include <cstdlib>

#include "descriptor.h"
#include "own_script.h"

namespace pavtest::spank {

namespace {

// Cuts the next NUL-terminated word off `words`.
std::string_view next_word(std::string_view& words) {
    const std::size_t end = words.find('\0');
    const std::string_view word(words.data(), end == std::string_view::npos ? words.size() : end);
    words.remove_prefix(end == std::string_view::npos ? words.size() : end + 1);
    return word;
}

// "--pavtest=x" or, with x as the next word, "--pavtest".
bool take_option(std::string_view word, std::string_view& rest, CommandLine& line) {
    if (!begins_with(word, "--")) {
        return false;
    }
    word.remove_prefix(2);
    for (int i = 0; i < option_count; ++i) {
        const auto option = static_cast<Option>(i);
        const std::string_view name = option_name(option);
        if (!begins_with(word, name)) {
            continue;
        }
        const std::string_view tail = after(word, name.size());
        // A bad value is refused when Slurm hands it to the option's callback.
        const bool same_word = begins_with(tail, "=");
        if (same_word || (tail.empty() && !rest.empty())) {
            line.choice.choose(option, same_word ? after(tail, 1) : next_word(rest));
            line.asks = line.asks || option == Option::request;
            return true;
        }
    }
    return false;
}

// A "-W" may hide behind other letters, and may be another option's value: seeing
// it too often costs only that a late refusal is left for pavstat to find out.
bool could_be_wait(std::string_view word) {
    if (word == "--wait") {
        return true;
    }
    return word.size() > 1 && word[0] == '-' && word[1] != '-' &&
           word.find('W') != std::string_view::npos;
}

bool is_standard_input(std::string_view word) {
    return word == "/dev/stdin" || word == "/dev/fd/0" || word == "/proc/self/fd/0";
}

// This process's words, each with a NUL behind it.
template <class Use>
void with_own_words(Use use) {
    const Descriptor file =
        above_standard(Descriptor(::open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC)));
    std::size_t capacity = 0;
    std::size_t size = 0;
    char* bytes = nullptr;
    while (file.valid()) {
        if (size == capacity) {
            capacity += 65536;
            auto* larger = static_cast<char*>(std::realloc(bytes, capacity));
            if (larger == nullptr) {
                break;
            }
            bytes = larger;
        }
        const ssize_t got = ::read(file.get(), bytes + size, capacity - size);
        if (got <= 0) {
            break;
        }
        size += static_cast<std::size_t>(got);
    }
    if (bytes != nullptr) {
        use(std::string_view{bytes, size});
    }
    std::free(bytes);
}

}  // namespace

// getopt_long takes unambiguous abbreviations; no other option starts with --te.
bool is_test_only(std::string_view word) {
    return word.size() >= 4 && begins_with("--test-only", word);
}

CommandLine scan_command_line(std::string_view words) {
    CommandLine line;
    next_word(words);
    while (!words.empty()) {
        const std::string_view word = next_word(words);
        if (word == "--") {
            line.names_standard_input =
                line.names_standard_input || is_standard_input(next_word(words));
            break;
        }
        if (take_option(word, words, line)) {
            continue;
        }
        line.test_only = line.test_only || is_test_only(word);
        line.may_wait = line.may_wait || could_be_wait(word);
        line.has_colon = line.has_colon || word == ":";
        line.names_standard_input = line.names_standard_input || is_standard_input(word);
    }
    return line;
}

CommandLine scan_own_command_line() {
    CommandLine line;
    with_own_words([&](std::string_view words) { line = scan_command_line(words); });
    return line;
}

bool own_script_says_test_only() {
    bool says = false;
    with_own_words([&](std::string_view words) { says = script_says_test_only(words); });
    return says;
}

}  // namespace pavtest::spank
