// Whitelists. What a user could have set is passed on by root, or written into a
// record, only if it is of one of these kinds.
#pragma once

#include <string_view>

namespace pavtest::spank {

/// Twelve characters of Crockford's base 32 in lower case.
bool is_session_id(std::string_view text);

/// An absolute path of at most 1024 printable ASCII characters without quotes and
/// backslashes (so that it needs no escaping in JSON) and without ".." in it.
bool is_plain_path(std::string_view text);

/// 1 to 20 digits.
bool is_number(std::string_view text);

/// A node, cluster, partition: 1 to 255 of letters, digits, '.', '_', '-', neither
/// starting with '.' nor with '-'.
bool is_name(std::string_view text);

/// A hostlist: names, commas and brackets, up to 64 KiB.
bool is_host_list(std::string_view text);

/// Digits, optionally ':' and digits.
bool is_exit_code(std::string_view text);

/// A byte below 32, or 127.
bool has_control_character(std::string_view text);

}  // namespace pavtest::spank
