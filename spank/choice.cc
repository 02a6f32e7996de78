// Checks what can be checked without reading a suite; the rest is pavsuite's.
#include "choice.h"

#include "checks.h"

namespace pavtest::spank {

namespace {

constexpr const char* too_long = "is too long";

template <std::size_t Capacity>
const char* keep(Text<Capacity>& text, std::string_view value) {
    return text.assign(value) ? nullptr : too_long;
}

bool names_nothing(std::string_view list) {
    bool nothing = true;
    for_each_piece(list, ',', [&](std::string_view) { nothing = false; });
    return nothing;
}

}  // namespace

const char* option_name(Option option) {
    switch (option) {
        case Option::request:
            return "pavtest";
        case Option::mode:
            return "pavtest-mode";
        case Option::host:
            return "pavtest-host";
        case Option::os:
            return "pavtest-os";
        case Option::set:
            return "pavtest-set";
    }
    return "";
}

const char* Choice::choose(Option option, std::string_view value) {
    if (has_control_character(value)) {
        return "holds a control character";
    }
    switch (option) {
        case Option::request:
            return names_nothing(value) ? "names no suite; give SUITE or SUITE.TEST"
                                        : keep(request, value);
        case Option::mode:
            return keep(mode, value);
        case Option::host:
            return keep(host, value);
        case Option::os:
            return keep(os, value);
        case Option::set: {
            const std::size_t equals = value.find('=');
            if (equals == 0 || equals == std::string_view::npos) {
                return "is not of the form KEY=VALUE";
            }
            return settings.append(value) && settings.append('\0') ? nullptr : too_long;
        }
    }
    return "is unknown";
}

}  // namespace pavtest::spank
