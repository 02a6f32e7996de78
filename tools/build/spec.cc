// Reading a build's description.
#include "build/spec.h"

#include "build/script.h"

namespace pavtest::build {

bool Spec::empty() const {
    return !source && section.commands.empty() && section.files.empty();
}

Result<Spec> read_spec(const nlohmann::json& config, const std::optional<std::string>& source) {
    auto section = read_section(config, "build");
    if (!section) {
        return tl::make_unexpected(section.error());
    }
    Spec spec;
    spec.section = std::move(*section);
    spec.source = source;
    const auto text = [](const nlohmann::json& object, const char* key) -> std::string {
        return object.is_object() && object.contains(key) && object[key].is_string()
                   ? object[key].get<std::string>()
                   : "";
    };
    spec.shebang = text(config, "shebang");
    if (spec.shebang.empty()) {
        spec.shebang = "#!/bin/bash";
    }
    if (config.is_object() && config.contains("build")) {
        const nlohmann::json& build = config["build"];
        spec.specificity = text(build, "specificity");
        if (build.is_object() && build.contains("copy_files")) {
            spec.copy_files = string_list(build["copy_files"]);
        }
    }
    return spec;
}

std::string identity(const Spec& spec) {
    nlohmann::json content;
    content["script"] = compose_script(
        spec.section, {.shebang = spec.shebang, .directory = {}, .test_id = {}, .environment = {}});
    content["specificity"] = spec.specificity;
    // Equal sources are frozen once, so an equal path is equal content.
    content["source"] = spec.source.value_or("");
    for (const CreatedFile& file : spec.section.files) {
        content["files"][file.path] = file.lines;
    }
    return content.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace pavtest::build
