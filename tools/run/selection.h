// -k EXPR: which tests by name.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace pavtest::run {

/// Words joined by `and`, `or`, `not` and parentheses. A word with `*`, `?` or `[` must match
/// the whole name as a glob; any other has to occur in it, in any case of letters.
class NameFilter {
  public:
    static Result<NameFilter> parse(std::string_view expression);
    [[nodiscard]] bool matches(const std::string& name) const;

    struct Node;

  private:
    explicit NameFilter(std::shared_ptr<const Node> root) : root_(std::move(root)) {}
    std::shared_ptr<const Node> root_;
};

}  // namespace pavtest::run
