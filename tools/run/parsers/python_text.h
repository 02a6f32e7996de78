// Text as Python's str methods see it. All texts here are well-formed UTF-8.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pavtest::parsers {

/// Without blanks (Unicode's too) at the ends.
std::string_view strip(std::string_view text);
std::string_view lstrip(std::string_view text);

/// str.split() and str.split(separator).
std::vector<std::string_view> split_blanks(std::string_view text);
std::vector<std::string_view> split_by(std::string_view text, std::string_view separator);

/// Letters of ASCII made small; others stay.
std::string lower_ascii(std::string_view text);

/// Every character that is no letter, digit or underscore made an underscore.
std::string with_underscores(std::string_view text);

/// A file's name as a key: small letters, up to the first point, with underscores.
std::string file_key(std::string_view path);

}  // namespace pavtest::parsers
