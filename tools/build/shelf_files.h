// What lies on a shelf, by its names: links, ends, holders.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"
#include "build/holder.h"

namespace pavtest::build {

constexpr std::uint64_t kRecordLimit = 1U << 16;

std::optional<std::string> link_target(const Directory& directory, const std::string& name);
bool is_workspace_of(std::string_view name, std::string_view hash);
/// ".<hash>.<token>" → hash; empty for any other name.
std::string hash_of(std::string_view workspace);

/// A workspace's end.json; no object while there is none.
nlohmann::json end_of(const Directory& workspace);
std::string state_of(const nlohmann::json& end);

/// The name, on the shelf, of the note who makes a workspace: it is there before the workspace.
std::string early_note(std::string_view workspace);
std::optional<Holder> holder_in(const Directory& shelf, const Directory& workspace,
                                const std::string& name);

}  // namespace pavtest::build
