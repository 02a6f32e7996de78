// Parsed texts, each parsed once however many tests and permutations use it.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <unordered_map>

#include "suite/expression_tree.h"

namespace pavtest::suite {

class TemplateCache {
  public:
    /// The parsed text. Stays valid as long as the cache.
    tl::expected<const Template*, SyntaxError> get(std::string_view text);

  private:
    std::unordered_map<std::string, tl::expected<const Template*, SyntaxError>> parsed_;
    std::deque<Template> templates_;
};

}  // namespace pavtest::suite
