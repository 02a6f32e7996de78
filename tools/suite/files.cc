#include "suite/files.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "base/file.h"

namespace pavtest::suite {

namespace {

bool is_file(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

std::vector<std::string> entries(const std::string& path) {
    std::vector<std::string> names;
    if (DIR* directory = ::opendir(path.c_str())) {
        while (const dirent* entry = ::readdir(directory)) {
            if (entry->d_name[0] != '.') {
                names.emplace_back(entry->d_name);
            }
        }
        ::closedir(directory);
    }
    std::sort(names.begin(), names.end());
    return names;
}

constexpr std::string_view kSuffix = ".yaml";

}  // namespace

std::string_view folder_of(ConfigType type) {
    constexpr std::string_view folders[] = {"suites", "hosts", "os", "modes"};
    return folders[static_cast<std::size_t>(type)];
}

std::string_view name_of(ConfigType type) {
    constexpr std::string_view names[] = {"suite", "host", "os", "mode"};
    return names[static_cast<std::size_t>(type)];
}

// The label of a directory is what its own config.yaml says, if it has one.
Files::Files(const std::vector<ConfigDirectory>& directories) : directories_(directories) {
    for (ConfigDirectory& directory : directories_) {
        const std::string path = directory.path + "/config.yaml";
        if (!is_file(path)) {
            continue;
        }
        const auto& config = document(path);
        if (config) {
            const yaml::Node* label = config->root().find("label");
            if (label != nullptr && label->is_scalar()) {
                directory.label = label->text;
            }
        }
    }
}

std::optional<FoundConfig> Files::find_in(const ConfigDirectory& directory, ConfigType type,
                                          const std::string& name) const {
    FoundConfig found;
    found.config_path = directory.path;
    found.label = directory.label;
    const std::string single =
        directory.path + "/" + std::string(folder_of(type)) + "/" + name + std::string(kSuffix);
    if (type != ConfigType::suite) {
        found.path = single;
        return is_file(single) ? std::optional(found) : std::nullopt;
    }
    const std::string own = directory.path + "/suites/" + name;
    const std::string old = directory.path + "/tests/" + name + std::string(kSuffix);
    std::vector<std::string> places;
    if (is_file(own + "/suite.yaml")) {
        places.push_back(own + "/suite.yaml");
        found.directory = own;
    }
    if (is_file(single)) {
        places.push_back(single);
    }
    if (is_file(old)) {
        places.push_back(old);
    }
    if (places.empty()) {
        return std::nullopt;
    }
    found.path = places.front();
    found.deprecated = places.front() == old;
    if (places.size() > 1) {
        found.also = places[1];
    }
    return found;
}

std::optional<FoundConfig> Files::find(ConfigType type, const std::string& name) const {
    for (const ConfigDirectory& directory : directories_) {
        if (auto found = find_in(directory, type, name)) {
            return found;
        }
    }
    return std::nullopt;
}

std::vector<std::pair<std::string, FoundConfig>> Files::all(ConfigType type) const {
    std::vector<std::pair<std::string, FoundConfig>> out;
    for (const ConfigDirectory& directory : directories_) {
        std::set<std::string> names;
        const auto add = [&](const std::string& folder, bool directories_too) {
            for (const std::string& entry : entries(directory.path + "/" + folder)) {
                if (entry.size() > kSuffix.size() && entry.ends_with(kSuffix)) {
                    names.insert(entry.substr(0, entry.size() - kSuffix.size()));
                } else if (directories_too) {
                    names.insert(entry);
                }
            }
        };
        add(std::string(folder_of(type)), type == ConfigType::suite);
        if (type == ConfigType::suite) {
            add("tests", false);
        }
        for (const std::string& name : names) {
            if (auto found = find_in(directory, type, name)) {
                out.emplace_back(name, std::move(*found));
            }
        }
    }
    return out;
}

std::vector<std::string> Files::names(ConfigType type) const {
    std::set<std::string> names;
    for (const auto& [name, _] : all(type)) {
        names.insert(name);
    }
    return {names.begin(), names.end()};
}

const Result<yaml::Document>& Files::document(const std::string& path) {
    const auto known = documents_.find(path);
    if (known != documents_.end()) {
        return known->second;
    }
    return documents_.emplace(path, yaml::load(path)).first->second;
}

}  // namespace pavtest::suite
