// Python's regular expressions in PCRE2's syntax.
//
// Written differently: (?P<n>…) and (?P=n) by number, \Z as \z, \v \a \xhh \uXXXX \UXXXXXXXX
// and octal escapes as characters, \1 as \g{1}, {,n} as {0,n}, (?x) by leaving out blanks and
// comments, literal { } ] [ escaped, so that [:alpha:] in a class is no POSIX class. $ and ^
// with (?m), and backreferences to unset groups, mean the same in both as compiled here.
//
// Refused, as Python refuses them: \p \h \R \K \Q \z and the other escapes of letters that
// Python does not have, recursion, (?|…), callouts, verbs (*…), (?<n>…), quantified anchors,
// doubled quantifiers, flags that are not at the start. Refused though Python has them:
// \N{name}, (?a) and (?L) for a part only, more than 65535 repeats.
//
// Accepted though older Pythons refuse: lookbehind with branches of several fixed lengths,
// atomic groups and possessive quantifiers. \s does not match U+001C to U+001F here.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace pavtest::parsers {

struct Translation {
    std::string pattern;
    std::string guarded;  // the same with a callout behind each repeat
    bool ignore_case = false, multiline = false, dot_all = false;
    bool ascii = false;         // (?a): \w, \d, \s and \b know ASCII only
    bool beyond_ascii = false;  // the pattern itself has characters beyond ASCII
    std::size_t groups = 0;
    /// How many repeats multiply each other's time; nothing if they are nested.
    std::optional<std::size_t> ambiguous;
};

Result<Translation> translate_regex(std::string_view pattern);

}  // namespace pavtest::parsers
