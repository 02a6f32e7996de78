// Text: splitting, UTF-8 boundaries, near misses, and making foreign text safe to show.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pavtest {

std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view trim(std::string_view text);
bool starts_with_any(std::string_view text, std::string_view characters);

/// The longest prefix of at most `bytes` bytes that does not cut a UTF-8 character.
std::string_view utf8_prefix(std::string_view text, std::size_t bytes);

/// Whether the text is well-formed UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

/// The same text with ill-formed UTF-8 replaced by U+FFFD.
std::string to_utf8(std::string_view text);

/// Safe for a terminal: control characters (C0, DEL, C1) and ill-formed bytes become
/// visible escapes (`\x1b`, `\n`); printable UTF-8 stays. `keep` lists control
/// characters that stay as they are.
std::string printable(std::string_view text, std::string_view keep = {});

/// How many columns a printable text takes, taking each code point as one column.
std::size_t display_width(std::string_view text);

/// The candidate nearest to `word` (edit distance with transpositions), or empty if none
/// is near enough to be a slip of the fingers.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// "did you mean 'x'?" or empty.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

/// Shell quoting for bash: 'it'\''s'. Always quotes.
std::string shell_quote(std::string_view text);

/// fnmatch-like globs (`*`, `?`, `[a-z]`, `[!a]`) as Python's fnmatch has them.
bool glob_match(std::string_view pattern, std::string_view text);

}  // namespace pavtest
