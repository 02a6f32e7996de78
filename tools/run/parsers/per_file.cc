// Combining files. A file that is not there is no match.
#include "run/parsers/per_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "run/parsers/files.h"
#include "run/parsers/python_text.h"

namespace pavtest::parsers {

namespace {

bool wanted(const std::string& name) {
    return !name.empty() && name != "_";
}

// Python's truth, as the documentation of `all` and `any` has it for single values.
bool counts(const Value& value) {
    const auto* text = value.as<std::string>();
    return text != nullptr ? !text->empty() : value.is_match();
}

Value merged(std::vector<FileResult>& files) {
    List items;
    for (FileResult& file : files) {
        if (auto* list = file.stored.as<List>()) {
            std::move(list->begin(), list->end(), std::back_inserter(items));
        } else if (!file.stored.is_null()) {
            items.push_back(std::move(file.stored));
        }
    }
    return Value(std::move(items));
}

// The names of files under which their results go, and a complaint where several share one.
std::vector<std::string> names_of(const ParserOptions& options,
                                  const std::vector<FileResult>& files,
                                  std::vector<std::string>& errors) {
    std::vector<std::string> names;
    std::map<std::string, std::vector<std::string>> by_name;
    for (const FileResult& file : files) {
        names.push_back(file_key(file.path));
        by_name[names.back()].push_back(base_name(file.path));
    }
    for (const auto& [name, paths] : by_name) {
        if (paths.size() > 1) {
            errors.push_back(fmt::format("key '{}': several files are called '{}': {}", options.key,
                                         name, join(paths, ", ")));
        }
    }
    return names;
}

void store_by_name(Map& results, const ParserOptions& options, std::vector<FileResult>& files,
                   std::vector<std::string>& errors) {
    const std::vector<std::string> names = names_of(options, files, errors);
    auto* per_file = find(results, per_file_key);
    if (per_file == nullptr || per_file->as<Map>() == nullptr) {
        set(results, per_file_key, Value(Map()));
        per_file = find(results, per_file_key);
    }
    Map& map = *per_file->as<Map>();
    std::map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < map.size(); ++i) {
        places.emplace(map[i].first, i);
    }
    for (std::size_t i = 0; i < files.size(); ++i) {
        const auto [place, added] = places.emplace(names[i], map.size());
        if (added) {
            map.emplace_back(names[i], Value(Map()));
        }
        store(*map[place->second].second.as<Map>(), options.key, std::move(files[i].stored),
              errors);
    }
}

Value one_of(std::vector<FileResult>& files, bool last) {
    if (files.empty()) {
        return {};
    }
    if (last) {
        std::reverse(files.begin(), files.end());
    }
    const auto found = std::find_if(files.begin(), files.end(),
                                    [](const FileResult& file) { return !file.stored.is_empty(); });
    return std::move((found == files.end() ? files.begin() : found)->stored);
}

}  // namespace

void store(Map& results, std::string_view key, Value value, std::vector<std::string>& errors) {
    if (key.find(',') == std::string_view::npos) {
        set(results, key, std::move(value));
        return;
    }
    const std::vector<std::string> names = split_key(key);
    auto* items = value.as<List>();
    if (items == nullptr) {
        const auto first = std::find_if(names.begin(), names.end(), wanted);
        errors.push_back(fmt::format("key '{}': what was found is no list, and went under '{}'",
                                     key, first == names.end() ? "" : *first));
        if (first != names.end()) {
            set(results, *first, std::move(value));
        }
        return;
    }
    if (items->size() < names.size()) {
        errors.push_back(
            fmt::format("key '{}': there are {} names and {} values; the others are "
                        "null",
                        key, names.size(), items->size()));
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (wanted(names[i])) {
            set(results, names[i], i < items->size() ? std::move((*items)[i]) : Value());
        }
    }
}

void store_files(Map& results, const ParserOptions& options, std::vector<FileResult> files,
                 bool all_found, std::vector<std::string>& errors) {
    const auto true_of = [](const FileResult& file) { return counts(file.stored); };
    switch (options.per_file) {
        case PerFile::first:
        case PerFile::last:
            if (!files.empty() || options.key.find(',') == std::string::npos) {
                store(results, options.key, one_of(files, options.per_file == PerFile::last),
                      errors);
            }
            break;
        case PerFile::name:
            store_by_name(results, options, files, errors);
            break;
        case PerFile::name_list: {
            const std::vector<std::string> names = names_of(options, files, errors);
            List matching;
            for (std::size_t i = 0; i < files.size(); ++i) {
                if (files[i].matched) {
                    matching.emplace_back(names[i]);
                }
            }
            set(results, options.key, Value(std::move(matching)));
            break;
        }
        case PerFile::list:
            store(results, options.key, merged(files), errors);
            break;
        case PerFile::all:
            set(results, options.key,
                Value(all_found && std::all_of(files.begin(), files.end(), true_of)));
            break;
        case PerFile::any:
            set(results, options.key, Value(std::any_of(files.begin(), files.end(), true_of)));
            break;
    }
}

}  // namespace pavtest::parsers
