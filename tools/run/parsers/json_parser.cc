// JSON from a line on, to a line that stop_at matches or to the end of the file.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "run/parsers/json_text.h"
#include "run/parsers/line_parser.h"
#include "run/parsers/python_text.h"
#include "run/parsers/regex.h"

namespace pavtest::parsers {

namespace {

constexpr std::size_t most_bytes = 64U << 20;

using Path = std::vector<std::string>;

std::vector<Path> paths_of(const std::vector<std::string>& keys) {
    std::vector<Path> paths;
    for (const std::string& key : keys) {
        Path path;
        for (const std::string_view part : split_by(key, ".")) {
            path.emplace_back(part);
        }
        paths.push_back(std::move(path));
    }
    return paths;
}

std::string dotted(const Path& path, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
        text += (i == 0 ? "" : ".") + path[i];
    }
    return text;
}

tl::unexpected<Error> missing(std::string_view option, const Path& path, std::size_t at,
                              bool is_map) {
    std::string what = fmt::format("{} names '{}', ", option, dotted(path, path.size()));
    if (is_map) {
        what += fmt::format("but there is no '{}'", dotted(path, at + 1));
    } else {
        what += at == 0 ? "but the JSON is no mapping"
                        : fmt::format("but '{}' is no mapping", dotted(path, at));
    }
    return fail(ErrorKind::config, std::move(what));
}

Result<> exclude(Value& value, const Path& path) {
    Value* at = &value;
    for (std::size_t i = 0;; ++i) {
        auto* map = at->as<Map>();
        Value* below = map == nullptr ? nullptr : find(*map, path[i]);
        if (below == nullptr) {
            return missing("exclude", path, i, map != nullptr);
        }
        if (i + 1 == path.size()) {
            map->erase(std::find_if(map->begin(), map->end(),
                                    [&](const auto& member) { return member.first == path[i]; }));
            return {};
        }
        at = below;
    }
}

Result<> include(Value& kept, const Value& value, const Path& path) {
    const Value* from = &value;
    Value* to = &kept;
    for (std::size_t i = 0; i < path.size(); ++i) {
        const auto* map = from->as<Map>();
        from = map == nullptr ? nullptr : find(*map, path[i]);
        if (from == nullptr) {
            return missing("include_only", path, i, map != nullptr);
        }
        auto& target = *to->as<Map>();
        if (find(target, path[i]) == nullptr) {
            set(target, path[i], i + 1 == path.size() ? *from : Value(Map()));
        }
        to = find(target, path[i]);
        if (i + 1 < path.size() && to->as<Map>() == nullptr) {
            return missing("include_only", path, i + 1, false);
        }
    }
    return {};
}

class JsonParser : public LineParser {
  public:
    JsonParser(std::optional<Regex> stop, const ParserOptions& options, const Deadline& deadline)
        : stop_(std::move(stop)),
          include_(paths_of(options.list("include_only"))),
          exclude_(paths_of(options.list("exclude"))),
          deadline_(deadline) {}

    void clear() override {
        text_.clear();
        starts_.clear();
    }

    [[nodiscard]] bool wants_rest() const override { return true; }

    Result<> line(const Line& line, bool selected, Matches& matches) override {
        if (selected) {
            starts_.push_back(text_.size());
        }
        if (starts_.empty()) {
            return {};
        }
        if (stop_ && line.begins) {
            const auto found = stop_->search({line.text, line.ascii}, deadline_);
            if (found == Regex::Found::gave_up) {
                return tl::unexpected(stop_->error());
            }
            if (found == Regex::Found::yes) {
                return end(matches);
            }
        }
        text_ += line.text;
        if (text_.size() > most_bytes) {
            return fail(ErrorKind::config,
                        fmt::format("more than {} MiB of JSON", most_bytes >> 20U));
        }
        return {};
    }

    Result<> end(Matches& matches) override {
        for (const std::size_t start : starts_) {
            if (matches.enough()) {
                break;
            }
            if (deadline_.over()) {
                return fail(ErrorKind::infrastructure, "the time for parsing was over in JSON");
            }
            auto value = parse_json(std::string_view(text_).substr(start));
            if (!value) {
                return tl::unexpected(value.error());
            }
            if (value->is_null()) {
                continue;
            }
            if (auto reduced = reduce(*value); !reduced) {
                return reduced;
            }
            if (auto added = matches.add(std::move(*value)); !added) {
                return added;
            }
        }
        clear();
        return {};
    }

  private:
    Result<> reduce(Value& value) const {
        for (const Path& path : exclude_) {
            if (auto done = exclude(value, path); !done) {
                return done;
            }
        }
        if (include_.empty()) {
            return {};
        }
        Value kept{Map()};
        for (const Path& path : include_) {
            if (auto done = include(kept, value, path); !done) {
                return done;
            }
        }
        value = std::move(kept);
        return {};
    }

    std::optional<Regex> stop_;
    std::vector<Path> include_, exclude_;
    const Deadline& deadline_;
    std::string text_;
    std::vector<std::size_t> starts_;
};

}  // namespace

Result<std::unique_ptr<LineParser>> make_json_parser(const ParserOptions& options,
                                                     const Deadline& deadline) {
    std::optional<Regex> stop;
    if (const std::string pattern = options.text("stop_at"); !pattern.empty()) {
        auto compiled = Regex::compile(pattern);
        if (!compiled) {
            return tl::unexpected(compiled.error());
        }
        stop = std::move(*compiled);
    }
    return std::make_unique<JsonParser>(std::move(stop), options, deadline);
}

}  // namespace pavtest::parsers
