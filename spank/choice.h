// What a user asked for: the values of the --pavtest options.
#pragma once

#include <string_view>

#include "text.h"

namespace pavtest::spank {

enum class Option : int { request, mode, host, os, set };

inline constexpr int option_count = 5;

/// Without the dashes: "pavtest", "pavtest-mode", …
const char* option_name(Option option);

struct Choice {
    Text<8192> request;
    Text<1024> mode;
    Text<256> host;
    Text<256> os;
    Text<16384> settings;  // KEY=VALUE, each with its NUL, in the order given

    /// Nothing, or why this value is refused. As everywhere in Slurm the last value
    /// wins, except that settings add up.
    const char* choose(Option option, std::string_view value);

    [[nodiscard]] bool asked() const { return !request.empty(); }

    friend bool operator==(const Choice&, const Choice&) = default;
};

}  // namespace pavtest::spank
