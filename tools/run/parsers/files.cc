// Globs by the C library, with a backslash standing for itself as in Python's.
#include "run/parsers/files.h"

#include <glob.h>
#include <unistd.h>

#include <algorithm>

#include "run/parsers/options.h"

namespace pavtest::parsers {

namespace {

std::string escaped(std::string_view text, std::string_view characters) {
    std::string out;
    for (const char c : text) {
        if (characters.find(c) != std::string_view::npos) {
            out += '\\';
        }
        out += c;
    }
    return out;
}

std::string pattern_of(std::string_view glob, const Places& places) {
    const std::string wanted = escaped(glob, "\\");
    if (glob.starts_with('/')) {
        return wanted;
    }
    constexpr std::string_view above = "../";
    if (glob.starts_with(above)) {
        return escaped(places.test_directory, "\\*?[") + "/" + wanted.substr(above.size());
    }
    return escaped(places.build_directory, "\\*?[") + "/" + wanted;
}

}  // namespace

std::vector<std::string> find_files(std::string_view glob, const Places& places) {
    if (glob == run_log && !places.run_log.empty()) {
        return ::access(places.run_log.c_str(), F_OK) == 0
                   ? std::vector<std::string>{places.run_log}
                   : std::vector<std::string>{};
    }
    std::vector<std::string> paths;
    glob_t found{};
    if (::glob(pattern_of(glob, places).c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
        paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    }
    ::globfree(&found);
    std::sort(paths.begin(), paths.end());
    return paths;
}

std::string base_name(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

}  // namespace pavtest::parsers
