// Reading them; what can't be read is as if it were not there.
#include "build/shelf_files.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <climits>

#include "build/shelf.h"

namespace pavtest::build {

bool is_hash(std::string_view text) {
    return text.size() == 64 &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::optional<std::string> link_target(const Directory& directory, const std::string& name) {
    std::array<char, PATH_MAX> target{};
    const ssize_t length = ::readlinkat(directory.fd(), name.c_str(), target.data(), target.size());
    if (length <= 0) {
        return std::nullopt;
    }
    return std::string(target.data(), static_cast<std::size_t>(length));
}

bool is_workspace_of(std::string_view name, std::string_view hash) {
    return name.starts_with(fmt::format(".{}.", hash)) && name.find('/') == std::string_view::npos;
}

std::string hash_of(std::string_view workspace) {
    constexpr std::size_t digits = 64;
    return workspace.size() > digits + 2 && workspace.front() == '.' &&
                   workspace[digits + 1] == '.' && is_hash(workspace.substr(1, digits))
               ? std::string(workspace.substr(1, digits))
               : std::string();
}

nlohmann::json end_of(const Directory& workspace) {
    const auto text = workspace.read("end.json", kRecordLimit);
    return nlohmann::json::parse(text.value_or(std::string()), nullptr, false);
}

std::string state_of(const nlohmann::json& end) {
    return end.is_object() && end.contains("state") && end["state"].is_string()
               ? end["state"].get<std::string>()
               : "";
}

std::string early_note(std::string_view workspace) {
    return fmt::format(".holder.{}", workspace.substr(workspace.rfind('.') + 1));
}

std::optional<Holder> holder_in(const Directory& shelf, const Directory& workspace,
                                const std::string& name) {
    auto text = workspace.read("holder.json", kRecordLimit);
    if (!text) {
        text = shelf.read(early_note(name), kRecordLimit);
    }
    return text ? holder_from_json(*text) : std::nullopt;
}

}  // namespace pavtest::build
