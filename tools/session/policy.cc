// Each refusal names the setting and the file that it stands in.
#include "session/policy.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace pavtest::session {

namespace {

Result<> check_modes(const Header& header, const Settings& settings) {
    const auto& allowed = settings.policy.allowed_modes;
    if (!allowed) {
        return {};
    }
    for (const std::string& mode : header.modes) {
        if (std::none_of(allowed->begin(), allowed->end(),
                         [&](const auto& pattern) { return glob_match(pattern, mode); })) {
            return fail(ErrorKind::config,
                        fmt::format("mode '{}' is not among this site's allowed_modes: {}", mode,
                                    allowed->empty() ? "none" : join(*allowed, ", ")),
                        "in " + settings.site_file);
        }
    }
    return {};
}

}  // namespace

Result<> check_policy(const Header& header, const Settings& settings) {
    if (auto modes = check_modes(header, settings); !modes) {
        return modes;
    }
    const SitePolicy& policy = settings.policy;
    if (policy.max_tests > 0 && header.tests > policy.max_tests) {
        return fail(ErrorKind::config,
                    fmt::format("{} tests in one session, and this site allows {}", header.tests,
                                policy.max_tests),
                    fmt::format("select fewer at a time (max_tests in {})", settings.site_file));
    }
    if (policy.max_job_time.count() > 0 &&
        header.wanted.time_limit_minutes > policy.max_job_time.count()) {
        return fail(
            ErrorKind::config,
            fmt::format("these tests want {} minutes, and this site allows a session {}",
                        header.wanted.time_limit_minutes, policy.max_job_time.count()),
            fmt::format("select fewer at a time, or lower schedule.time_limit (max_job_time in {})",
                        settings.site_file));
    }
    return {};
}

}  // namespace pavtest::session
