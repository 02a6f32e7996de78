// Finding configuration files, and reading each at most once.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/yaml.h"
#include "suite/resolve.h"

namespace pavtest::suite {

enum class ConfigType { suite, host, os, mode };
std::string_view folder_of(ConfigType type);  // "hosts"; of a suite: "suites"
std::string_view name_of(ConfigType type);    // "host"

struct FoundConfig {
    std::string path;
    std::string directory;    // of a suite directory; else empty
    std::string config_path;  // the configuration directory that it is in
    std::string label;
    bool deprecated = false;  // in tests/
    std::string also;         // a second place in the same directory: an error
};

class Files {
  public:
    explicit Files(const std::vector<ConfigDirectory>& directories);

    /// The first that there is.
    [[nodiscard]] std::optional<FoundConfig> find(ConfigType type, const std::string& name) const;
    /// Every name of a kind, sorted, without duplicates.
    [[nodiscard]] std::vector<std::string> names(ConfigType type) const;
    /// Every place that has a kind of configuration, first ones first.
    [[nodiscard]] std::vector<std::pair<std::string, FoundConfig>> all(ConfigType type) const;

    /// The parsed file; the same one for the same path.
    const Result<yaml::Document>& document(const std::string& path);

    [[nodiscard]] const std::vector<ConfigDirectory>& directories() const { return directories_; }

  private:
    [[nodiscard]] std::optional<FoundConfig> find_in(const ConfigDirectory& directory,
                                                     ConfigType type,
                                                     const std::string& name) const;

    std::vector<ConfigDirectory> directories_;
    std::map<std::string, Result<yaml::Document>> documents_;
};

}  // namespace pavtest::suite
