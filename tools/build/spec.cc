// Reading a build's description.
#include "build/spec.h"

#include <filesystem>

#include "build/script.h"

namespace pavtest::build {

namespace {

std::vector<Input> inputs_of(const std::vector<session::FrozenFile>& files,
                             const std::string& session) {
    std::vector<Input> inputs;
    inputs.reserve(files.size());
    for (const session::FrozenFile& file : files) {
        inputs.push_back({session + "/" + file.path, file.target, file.digest});
    }
    return inputs;
}

}  // namespace

bool Spec::empty() const {
    return !source && section.commands.empty() && section.files.empty() && extra_files.empty() &&
           spack.is_null();
}

Result<Spec> read_spec(const session::PlannedTest& test, const std::string& session) {
    const nlohmann::json& config = test.config;
    auto section = read_section(config, "build");
    if (!section) {
        return tl::make_unexpected(section.error());
    }
    Spec spec;
    spec.section = std::move(*section);
    if (test.source) {
        const std::size_t slash = test.source->rfind('/');
        spec.source = Input{session + "/" + *test.source,
                            test.source->substr(slash == std::string::npos ? 0 : slash + 1),
                            test.source_digest};
    }
    spec.extra_files = inputs_of(test.extra_files, session);
    for (const Input& input : spec.extra_files) {
        if (!stays_below(input.target)) {
            return fail(ErrorKind::config,
                        "build: '" + input.target + "' leads out of the build's directory",
                        "only relative paths without '..' are allowed");
        }
    }
    const auto text = [](const nlohmann::json& object, const char* key) -> std::string {
        return object.is_object() && object.contains(key) && object[key].is_string()
                   ? object[key].get<std::string>()
                   : "";
    };
    spec.shebang = text(config, "shebang");
    if (spec.shebang.empty()) {
        spec.shebang = "#!/bin/bash";
    }
    if (spec.section.spack.enabled) {
        spec.spack = config.value("spack", nlohmann::json::object());
    }
    if (config.is_object() && config.contains("build")) {
        const nlohmann::json& build = config["build"];
        spec.specificity = text(build, "specificity");
        spec.on_nodes = is_true(text(build, "on_nodes"));
        if (build.is_object() && build.contains("copy_files")) {
            spec.copy_files = string_list(build["copy_files"]);
        }
    }
    return spec;
}

Result<std::string> identity(const Spec& spec, Digests& digests) {
    nlohmann::json content;
    content["format"] = 1;
    content["script"] = compose_script(
        spec.section, {.shebang = spec.shebang, .directory = {}, .test_id = {}, .environment = {}});
    content["specificity"] = spec.specificity;
    const auto digest_of = [&digests](const Input& input) {
        return input.digest.empty() ? digests.of(input.path) : Result<std::string>(input.digest);
    };
    if (spec.source) {
        auto digest = digest_of(*spec.source);
        if (!digest) {
            return digest;
        }
        // The name of a directory is not in the build; that of a file is.
        std::error_code error;
        const bool tree = std::filesystem::is_directory(spec.source->path, error);
        content["source"] = {tree ? "" : spec.source->target, *digest};
    }
    for (const Input& input : spec.extra_files) {
        auto digest = digest_of(input);
        if (!digest) {
            return digest;
        }
        content["extra_files"][input.target] = *digest;
    }
    if (!spec.spack.is_null()) {
        content["spack"] = spec.spack;
    }
    for (const CreatedFile& file : spec.section.files) {
        content["files"][file.path] = file.lines;
    }
    return sha256(content.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

std::string identity_on(const std::string& identity, const std::string& node) {
    return sha256(identity + " on " + node);
}

bool waits_for_node(const session::PlannedTest& test) {
    return test.deferred && test.config.contains("build") &&
           test.config["build"]
                   .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                   .find("!deferred!") != std::string::npos;
}

}  // namespace pavtest::build
