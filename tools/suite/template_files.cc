// Each file is read once, however many permutations use it.
#include "suite/template_files.h"

#include <fmt/format.h>

#include "base/file.h"
#include "base/text.h"
#include "suite/strings.h"
#include "suite/template_parser.h"

namespace pavtest::suite {

namespace {

constexpr std::uint64_t kTemplateLimit = 1U << 20;

bool stays_below(std::string_view path) {
    if (path.empty() || path.front() == '/') {
        return false;
    }
    for (const std::string& part : split(path, '/')) {
        if (part == "..") {
            return false;
        }
    }
    return true;
}

Place place_of(const Member& entry) {
    return Origin{entry.value->origin.layer, entry.key_node}.place();
}

}  // namespace

const TemplateFiles::File* TemplateFiles::find(const Member& entry,
                                               const std::string& suite_directory,
                                               Problems& problems) {
    const std::string name(entry.key);
    std::vector<std::string> places;
    if (name.starts_with('/')) {
        places.push_back(name);
    } else {
        if (!suite_directory.empty()) {
            places.push_back(suite_directory + "/" + name);
        }
        for (const ConfigDirectory& directory : directories_) {
            places.push_back(directory.path + "/test_src/" + name);
        }
    }
    for (const std::string& place : places) {
        if (const auto known = files_.find(place); known != files_.end()) {
            return &known->second;
        }
        const auto text = read_file(place, kTemplateLimit);
        if (!text && text.error().kind == ErrorKind::not_found) {
            continue;
        }
        if (!text) {
            problems.add(text.error().what, {}, place_of(entry));
            return nullptr;
        }
        std::vector<std::string> lines = split(*text, '\n');
        if (!lines.empty() && lines.back().empty()) {
            lines.pop_back();
        }
        return &files_.emplace(place, File{place, std::move(lines)}).first->second;
    }
    problems.add(fmt::format("the template file '{}' is not there", name),
                 fmt::format("looked for {}", join(places, ", ")), place_of(entry));
    return nullptr;
}

Json TemplateFiles::resolve(const Value& config, const std::string& suite_directory,
                            const VariableManager& variables, const Functions& functions,
                            Problems& problems, bool& deferred) {
    Json out = Json::object();
    for (const char* name : {"build", "run"}) {
        const Value* section = config.get(name);
        const Value* templates = section != nullptr ? section->get("templates") : nullptr;
        if (templates == nullptr || !templates->is_map()) {
            continue;
        }
        // As for the strings of the section itself.
        const bool may_defer = std::string_view(name) == "run" || is_built_on_nodes(*section);
        for (const Member& entry : templates->members) {
            const std::string target(entry.value->is_text() ? entry.value->text : "");
            if (!stays_below(target)) {
                problems.add(fmt::format("{}.templates: '{}' leads out of the directory of the "
                                         "test",
                                         name, target),
                             "only relative paths without '..' are allowed",
                             entry.value->origin.place());
                continue;
            }
            const File* file = find(entry, suite_directory, problems);
            if (file == nullptr) {
                continue;
            }
            Json& lines = out[name][target] = Json::array();
            for (std::size_t i = 0; i < file->lines.size(); ++i) {
                const std::string& line = file->lines[i];
                const auto wrong = [&](std::size_t offset, const std::string& what,
                                       const std::string& hint) {
                    problems.add(
                        what, hint,
                        {file->path, static_cast<int>(i) + 1, static_cast<int>(offset) + 1, line});
                };
                if (!needs_parsing(line)) {
                    lines.push_back(line);
                    continue;
                }
                const auto parsed = cache_.get(line);
                if (!parsed) {
                    wrong(parsed.error().offset, parsed.error().what, parsed.error().hint);
                    continue;
                }
                const auto resolved = resolve_text(**parsed, variables, functions);
                if (!resolved && resolved.error().deferred && may_defer) {
                    lines.push_back(std::string(kDeferredMark) + line);
                    deferred = true;
                } else if (!resolved) {
                    wrong(resolved.error().offset,
                          resolved.error().deferred
                              ? "this is known on the node only, and the build is made before"
                              : resolved.error().what,
                          resolved.error().hint);
                } else if (const auto* items = resolved->as<DatumList>()) {
                    for (const Datum& item : *items) {
                        lines.push_back(item.text());
                    }
                } else {
                    lines.push_back(resolved->text());
                }
            }
        }
    }
    return out;
}

}  // namespace pavtest::suite
