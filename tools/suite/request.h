// Requests: [N*]suite[.test[.subtitle]][*N], with globs on test and subtitle.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace pavtest::suite {

struct Request {
    std::string text;
    std::string suite;
    std::optional<std::string> test;
    std::optional<std::string> subtitle;
    std::uint32_t count = 1;

    /// Names that begin with an underscore are matched only when written out.
    [[nodiscard]] bool matches_test(std::string_view name) const;
    [[nodiscard]] bool matches_subtitle(const std::optional<std::string>& given) const;
};

Result<Request> parse_request(std::string_view text);

}  // namespace pavtest::suite
