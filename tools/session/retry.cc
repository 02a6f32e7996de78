// Reading `retry` from a resolved configuration.
#include "session/retry.h"

#include <fmt/format.h>

#include <charconv>

#include "base/text.h"
#include "session/sizing.h"

namespace pavtest::session {

namespace {

constexpr std::uint32_t kMostRetries = 100;

bool is_true(const std::string& text) {
    return text == "true" || text == "True" || text == "TRUE";
}

}  // namespace

Result<Retry> read_retry(const nlohmann::json& config) {
    Retry retry;
    const std::string count = config_text(config, "retry.count");
    if (count.empty()) {
        return retry;
    }
    const std::string_view digits = trim(count);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), retry.count);
    if (error != std::errc{} || end != digits.data() + digits.size() ||
        retry.count > kMostRetries) {
        return fail(ErrorKind::config, fmt::format("retry.count is '{}'", count),
                    fmt::format("a whole number from 0 to {}", kMostRetries));
    }
    retry.elsewhere = is_true(config_text(config, "retry.elsewhere"));
    const auto reasons = config_list(config, "retry.on");
    if (reasons.empty()) {
        return retry;
    }
    retry.on_fail = retry.on_error = retry.on_node_failure = false;
    for (const std::string& reason : reasons) {
        if (reason == "fail") {
            retry.on_fail = true;
        } else if (reason == "error") {
            retry.on_error = true;
        } else if (reason == "node-fail") {
            retry.on_node_failure = true;
        } else {
            return fail(ErrorKind::config, fmt::format("retry.on has '{}'", reason),
                        "it takes fail, error and node-fail");
        }
    }
    return retry;
}

}  // namespace pavtest::session
