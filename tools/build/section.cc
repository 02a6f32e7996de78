// Reading a section of the resolved configuration.
#include "build/section.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/text.h"

namespace pavtest::build {

namespace {

using nlohmann::json;

const json& member(const json& object, const std::string& key) {
    static const json none;
    const auto found = object.is_object() ? object.find(key) : object.end();
    return object.is_object() && found != object.end() ? *found : none;
}

std::optional<std::string> text_of(const json& value) {
    if (!value.is_string() || value.get_ref<const std::string&>().empty()) {
        return std::nullopt;
    }
    return value.get<std::string>();
}

Result<std::optional<double>> seconds_of(const json& value, const std::string& what) {
    const auto text = text_of(value);
    if (!text) {
        return std::optional<double>{};
    }
    const std::string_view digits = trim(*text);
    double seconds = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
    if (error != std::errc{} || end != digits.data() + digits.size() || !std::isfinite(seconds) ||
        seconds < 0) {
        return fail(ErrorKind::config, fmt::format("{} '{}' is no number of seconds", what, *text));
    }
    return std::optional(seconds);
}

std::vector<EnvironmentChange> environment_of(const json& section) {
    std::vector<EnvironmentChange> changes;
    const json& environment = member(section, "env");
    if (environment.is_object()) {
        for (const auto& [variable, value] : environment.items()) {
            changes.push_back({variable, value.is_string() ? std::optional(value.get<std::string>())
                                                           : std::nullopt});
        }
    }
    return changes;
}

std::vector<ModuleWrapper> wrappers_of(const json& config) {
    std::vector<ModuleWrapper> wrappers;
    const json& section = member(config, "module_wrappers");
    if (section.is_object()) {
        for (const auto& [pattern, wrapper] : section.items()) {
            wrappers.push_back(
                {pattern, string_list(member(wrapper, "modules")), environment_of(wrapper)});
        }
    }
    return wrappers;
}

SpackPackages spack_of(const json& section) {
    const json& spack = member(section, "spack");
    return {string_list(member(spack, "install")), string_list(member(spack, "load")), false};
}

bool any(const SpackPackages& packages) {
    return !packages.install.empty() || !packages.load.empty();
}

Result<std::vector<CreatedFile>> files_of(const json& value, const std::string& what) {
    std::vector<CreatedFile> files;
    if (!value.is_object()) {
        return files;
    }
    for (const auto& [path, lines] : value.items()) {
        if (!stays_below(path)) {
            return fail(ErrorKind::config,
                        fmt::format("{}: '{}' leads out of the directory of the test", what, path),
                        "only relative paths without '..' are allowed");
        }
        files.push_back({path, string_list(lines)});
    }
    return files;
}

}  // namespace

bool is_true(const std::string& text) {
    return text == "true" || text == "True" || text == "TRUE";
}

std::string assignment(const EnvironmentChange& change) {
    if (!change.value) {
        return "unset " + change.name;
    }
    const std::string_view value = trim(*change.value);
    const bool needs_quotes =
        value.find(' ') != std::string_view::npos && value.front() != '"' && value.front() != '\'';
    return fmt::format("export {}={}{}{}", change.name, needs_quotes ? "\"" : "",
                       needs_quotes ? value : std::string_view(*change.value),
                       needs_quotes ? "\"" : "");
}

std::vector<std::string> string_list(const json& value) {
    std::vector<std::string> list;
    if (value.is_string()) {
        list.push_back(value.get<std::string>());
    } else if (value.is_array()) {
        for (const json& item : value) {
            list.push_back(item.is_string() ? item.get<std::string>() : std::string());
        }
    }
    return list;
}

bool stays_below(const std::string& path) {
    if (path.empty() || path.front() == '/') {
        return false;
    }
    for (const std::string& part : split(path, '/')) {
        if (part == ".." || part.find('\0') != std::string::npos) {
            return false;
        }
    }
    return true;
}

Result<Section> read_section(const json& config, const std::string& name) {
    const json& section = member(config, name);
    Section read;
    read.preamble = string_list(member(section, "preamble"));
    read.modules = string_list(member(section, "modules"));
    read.commands = string_list(member(section, "cmds"));
    if (const auto text = text_of(member(section, "autoexit"))) {
        read.autoexit = is_true(*text);
    }
    if (const auto text = text_of(member(section, "verbose"))) {
        read.verbose = is_true(*text);
    }
    read.environment = environment_of(section);
    read.wrappers = wrappers_of(config);
    auto files = files_of(member(section, "create_files"), name + ".create_files");
    if (!files) {
        return tl::make_unexpected(files.error());
    }
    read.files = std::move(*files);
    read.spack = spack_of(section);
    read.spack.enabled =
        any(spack_of(member(config, "build"))) || any(spack_of(member(config, "run")));
    auto timeout = seconds_of(member(section, "timeout"), name + ".timeout");
    if (!timeout) {
        return tl::make_unexpected(timeout.error());
    }
    read.timeout = *timeout;
    read.timeout_file = text_of(member(section, "timeout_file"));
    return read;
}

}  // namespace pavtest::build
