// The suite that 'pavsuite new' writes: small, commented, and sound as it stands.
#pragma once

#include <string>
#include <string_view>

namespace pavtest::cmd {

std::string new_suite(std::string_view name);

}  // namespace pavtest::cmd
