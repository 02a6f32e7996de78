// The built-in functions of expressions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "suite/evaluate.h"

namespace pavtest::suite {

struct FunctionInfo {
    std::string_view name;
    std::string_view signature;
    std::string_view summary;
};

/// All of them, by name.
const std::vector<FunctionInfo>& builtin_functions();

class BuiltinFunctions : public Functions {
  public:
    [[nodiscard]] std::vector<std::string> names() const override;
    [[nodiscard]] bool has(std::string_view name) const override;
    [[nodiscard]] tl::expected<Datum, std::string> call(
        std::string_view name, const std::vector<Datum>& arguments) const override;
};

}  // namespace pavtest::suite
