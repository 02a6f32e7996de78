#include "cmd/pavsuite/show_raw.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "base/text.h"
#include "suite/files.h"
#include "suite/request.h"

namespace pavtest::cmd {

namespace {

bool is_comment(std::string_view line) {
    return line.starts_with('#');
}

// The lines of a top-level entry: with the comment right above it, without what belongs to
// the next one.
std::pair<std::size_t, std::size_t> section(const std::vector<std::string>& lines,
                                            std::size_t first, std::size_t next) {
    std::size_t end = next;
    while (end > first + 1 && (trim(lines[end - 1]).empty() || is_comment(lines[end - 1]))) {
        --end;
    }
    std::size_t begin = first;
    while (begin > 0 && is_comment(lines[begin - 1])) {
        --begin;
    }
    return {begin, end};
}

std::string shown(const std::vector<std::string>& lines, std::size_t begin, std::size_t end,
                  const std::string& file, const Paint& paint) {
    std::string out = paint.dim(fmt::format("# {}:{}", printable(file), begin + 1)) + "\n";
    for (std::size_t i = begin; i < end; ++i) {
        const std::string line = printable(lines[i], "\t");
        out += (is_comment(line) ? paint.dim(line) : line) + "\n";
    }
    return out;
}

Result<std::string> show_one(suite::Files& files, const suite::Request& request,
                             const Paint& paint) {
    const auto found = files.find(suite::ConfigType::suite, request.suite);
    if (!found) {
        return fail(ErrorKind::not_found, fmt::format("there is no suite '{}'", request.suite),
                    did_you_mean(request.suite, files.names(suite::ConfigType::suite)));
    }
    const auto text = read_file(found->path);
    if (!text) {
        return tl::make_unexpected(text.error());
    }
    std::vector<std::string> lines = split(*text, '\n');
    if (!lines.empty() && lines.back().empty()) {
        lines.pop_back();
    }
    if (!request.test) {
        return shown(lines, 0, lines.size(), found->path, paint);
    }
    const auto& document = files.document(found->path);
    if (!document) {
        return tl::make_unexpected(document.error());
    }
    std::vector<std::string> names;
    std::string out;
    const auto& entries = document->root().entries;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const yaml::Node& key = *entries[i].key;
        names.push_back(key.text);
        if (!request.matches_test(key.text)) {
            continue;
        }
        const std::size_t first = key.position.line - 1;
        const std::size_t next =
            i + 1 < entries.size()
                ? std::max<std::size_t>(entries[i + 1].key->position.line - 1, first + 1)
                : lines.size();
        const auto [begin, end] = section(lines, first, std::min(next, lines.size()));
        out += (out.empty() ? "" : "\n") + shown(lines, begin, end, found->path, paint);
    }
    if (out.empty()) {
        const std::string meant = did_you_mean(*request.test, names);
        return fail(ErrorKind::nothing_selected,
                    fmt::format("suite '{}' has no test '{}'", request.suite, *request.test),
                    meant.empty() ? fmt::format("its tests are {}", join(names, ", ")) : meant);
    }
    return out;
}

}  // namespace

Result<std::string> show_raw(const suite::World& world, const std::vector<std::string>& requests,
                             const Paint& paint) {
    suite::Files files(world.directories);
    std::string out;
    for (const std::string& text : requests) {
        const auto request = suite::parse_request(text);
        if (!request) {
            return tl::make_unexpected(request.error());
        }
        const auto part = show_one(files, *request, paint);
        if (!part) {
            return part;
        }
        out += (out.empty() ? "" : "\n") + *part;
    }
    return out;
}

}  // namespace pavtest::cmd
