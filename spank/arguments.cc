// Key=value words; the pointers into Slurm's own argument vector outlive the hook.
#include "arguments.h"

#include <cstdlib>

#include "base/build_info.h"
#include "checks.h"
#include "slurm_version.h"
#include "text.h"

namespace pavtest::spank {

namespace {

constexpr int longest_deadline = 300;

bool take_path(const char* value, const char*& path) {
    if (!is_plain_path(value)) {
        return false;
    }
    path = value;
    return true;
}

bool take_deadline(const char* value, int& seconds) {
    if (!is_number(value)) {
        return false;
    }
    const long long number = std::atoll(value);
    if (number < 1 || number > longest_deadline) {
        return false;
    }
    seconds = static_cast<int>(number);
    return true;
}

bool take(std::string_view word, Arguments& arguments) {
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) {
        return false;
    }
    const std::string_view key(word.data(), equals);
    const char* value = word.data() + equals + 1;
    if (key == "pavsuite") {
        return take_path(value, arguments.pavsuite);
    }
    if (key == "pavnode") {
        return take_path(value, arguments.pavnode);
    }
    if (key == "spool") {
        return take_path(value, arguments.spool);
    }
    return key == "deadline" && take_deadline(value, arguments.deadline);
}

}  // namespace

Arguments parse_arguments(int count, char* const* words, Complain complain) {
    Arguments arguments{PAVTEST_BINDIR "/pavsuite", PAVTEST_LIBEXECDIR "/pavnode", PAVTEST_SPOOLDIR,
                        10};
    for (int i = 0; i < count; ++i) {
        if (!take(words[i], arguments) && complain == Complain::yes) {
            slurm_error(
                "pavtest: plugstack.conf: cannot use '%.200s', ignored; known are "
                "pavsuite=/PATH, pavnode=/PATH, spool=/PATH and deadline=SECONDS (1 to %d)",
                words[i], longest_deadline);
        }
    }
    return arguments;
}

}  // namespace pavtest::spank
