// JSON is YAML, too.
#include "build/spack.h"

#include <charconv>

namespace pavtest::build {

namespace {

using nlohmann::json;

json part(const json& section, const char* key, json otherwise) {
    const auto found = section.is_object() ? section.find(key) : section.end();
    return section.is_object() && found != section.end() && !found->is_null()
               ? *found
               : std::move(otherwise);
}

unsigned jobs_of(const json& section) {
    constexpr unsigned usual = 4;
    const json text = part(section, "build_jobs", "");
    unsigned jobs = 0;
    if (text.is_string()) {
        const auto& digits = text.get_ref<const std::string&>();
        std::from_chars(digits.data(), digits.data() + digits.size(), jobs);
    }
    return jobs > 0 ? jobs : usual;
}

}  // namespace

std::string spack_environment(const json& section, const std::string& directory) {
    json upstreams = part(section, "upstreams", json::object());
    if (!upstreams.contains("main")) {
        upstreams["main"] = {{"install_tree", "$spack/opt/spack"}};  // what the site has installed
    }
    const json document{{"spack",
                         {{"config",
                           {{"install_tree", {{"root", directory + "/spack_installs"}}},
                            {"build_jobs", jobs_of(section)}}},
                          {"mirrors", part(section, "mirrors", json::object())},
                          {"repos", part(section, "repos", json::array())},
                          {"upstreams", std::move(upstreams)},
                          {"specs", json::array()}}}};
    return document.dump(2, ' ', false, json::error_handler_t::replace);
}

}  // namespace pavtest::build
