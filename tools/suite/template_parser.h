// Texts with expressions in them: "plain {{expression:format}} [~ each {{v}} ~separator]".
#pragma once

#include <string_view>
#include <tl/expected.hpp>

#include "suite/expression_tree.h"

namespace pavtest::suite {

/// Whether a text can hold anything but plain text. Most do not.
bool needs_parsing(std::string_view text);

tl::expected<Template, SyntaxError> parse_template(std::string_view text);

}  // namespace pavtest::suite
