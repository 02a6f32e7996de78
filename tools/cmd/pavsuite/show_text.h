// A resolved test for people to read: YAML with comments, which pavtest reads back as the
// same values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cmd/pavsuite/paint.h"
#include "suite/resolve.h"

namespace pavtest::cmd {

struct ShowOptions {
    bool defaults = false;  // also what nobody set
};

/// One document: a key for each test, its configuration below.
std::string show_text(const std::vector<suite::ResolvedTest>& tests, const ShowOptions& options,
                      const Paint& paint);

/// A text as a YAML scalar on one line, quoted where it must be.
std::string yaml_scalar(std::string_view text);

/// Without the mark of values that wait for the node, and whether there was one.
std::string_view without_mark(std::string_view text, bool& deferred);

}  // namespace pavtest::cmd
