// The results that every run has, filled in by the runner: no parser or expression may set
// them.
#pragma once

#include <array>
#include <string_view>

namespace pavtest::parsers {

/// In Pavilion's order.
constexpr std::array<std::string_view, 19> base_keys = {"name",         "id",
                                                        "test_version", "pav_version",
                                                        "created",      "started",
                                                        "finished",     "duration",
                                                        "user",         "job_info",
                                                        "permute_on",   "sched",
                                                        "sys_name",     "pav_result_errors",
                                                        "per_file",     "return_value",
                                                        "uuid",         "var",
                                                        "result"};

constexpr std::string_view errors_key = "pav_result_errors";
constexpr std::string_view result_key = "result";

/// Whether only the runner may set it. The verdict is for anybody to set.
constexpr bool is_reserved(std::string_view key) {
    if (key == result_key) {
        return false;
    }
    for (const std::string_view name : base_keys) {
        if (name == key) {
            return true;
        }
    }
    return false;
}

}  // namespace pavtest::parsers
