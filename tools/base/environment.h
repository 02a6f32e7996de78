// The process environment as a value, so that tests can replace it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pavtest {

class Environment {
  public:
    Environment() = default;
    explicit Environment(std::map<std::string, std::string> values) : values_(std::move(values)) {}
    /// A copy of this process's environment, made once in main().
    static Environment of_process();

    [[nodiscard]] std::optional<std::string> get(const std::string& name) const;
    /// The value, or `fallback` where it is unset or empty.
    [[nodiscard]] std::string get_or(const std::string& name, std::string_view fallback) const;
    void set(const std::string& name, std::string value) { values_[name] = std::move(value); }
    void unset(const std::string& name) { values_.erase(name); }
    [[nodiscard]] const std::map<std::string, std::string>& values() const { return values_; }
    /// "NAME=value" strings for execve.
    [[nodiscard]] std::vector<std::string> as_strings() const;

  private:
    std::map<std::string, std::string> values_;
};

}  // namespace pavtest
