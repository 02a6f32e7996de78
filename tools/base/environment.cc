// A snapshot of the environment.
#include "base/environment.h"

#include <unistd.h>

namespace pavtest {

Environment Environment::of_process() {
    std::map<std::string, std::string> values;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const std::size_t equals = text.find('=');
        if (equals != std::string_view::npos) {
            values.emplace(text.substr(0, equals), text.substr(equals + 1));
        }
    }
    return Environment(std::move(values));
}

std::optional<std::string> Environment::get(const std::string& name) const {
    const auto found = values_.find(name);
    if (found == values_.end()) {
        return std::nullopt;
    }
    return found->second;
}

std::string Environment::get_or(const std::string& name, std::string_view fallback) const {
    const auto found = values_.find(name);
    return found == values_.end() || found->second.empty() ? std::string(fallback) : found->second;
}

std::vector<std::string> Environment::as_strings() const {
    std::vector<std::string> strings;
    strings.reserve(values_.size());
    for (const auto& [name, value] : values_) {
        strings.push_back(name);
        strings.back().append("=").append(value);
    }
    return strings;
}

}  // namespace pavtest
