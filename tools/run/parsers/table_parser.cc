// Tables: a header, rows, and an end. Several tables may be open at once, when every line is
// looked at; all of them end at the same line, so their lines are kept once.
#include <fmt/format.h>

#include <unordered_map>
#include <unordered_set>

#include "run/parsers/line_parser.h"
#include "run/parsers/python_text.h"
#include "run/parsers/regex.h"

namespace pavtest::parsers {

namespace {

constexpr std::size_t most_bytes = 64U << 20;

struct Expressions {
    Regex delimiter, ignore, end;
};

// A map that stays fast when it grows large.
class Rows {
  public:
    [[nodiscard]] bool has(const std::string& key) const { return places_.count(key) > 0; }
    Value& at(const std::string& key) {
        const auto [place, added] = places_.emplace(key, rows_.size());
        if (added) {
            rows_.emplace_back(key, Value());
        }
        return rows_[place->second].second;
    }
    Map take() { return std::move(rows_); }

  private:
    Map rows_;
    std::unordered_map<std::string, std::size_t> places_;
};

Value by_column(const Map& rows) {
    Rows columns;
    for (const auto& [label, row] : rows) {
        for (const auto& [name, cell] : *row.as<Map>()) {
            Value& column = columns.at(name);
            if (column.is_null()) {
                column = Value(Map());
            }
            column.as<Map>()->emplace_back(label, cell);
        }
    }
    return Value(columns.take());
}

// Names made fit for expressions, each of them once.
std::vector<std::string> column_names(const std::vector<std::string>& given) {
    std::vector<std::string> names;
    std::unordered_set<std::string> seen;
    for (const std::string& text : given) {
        const std::string base = with_underscores(lower_ascii(text));
        std::string name = base;
        for (int i = 2; !name.empty() && seen.count(name) > 0; ++i) {
            name = fmt::format("{}_{}", base, i);
        }
        // Pavilion leaves a 2 as it is.
        if (!name.empty() && name.front() >= '0' && name.front() <= '9' && name.front() != '2') {
            name = "c_" + name;
        }
        seen.insert(name);
        names.push_back(std::move(name));
    }
    return names;
}

class TableParser : public LineParser {
  public:
    TableParser(Expressions expressions, const ParserOptions& options, const Deadline& deadline)
        : expressions_(std::move(expressions)),
          names_(options.list("col_names")),
          has_row_labels_(options.flag("has_row_labels")),
          by_column_(options.flag("by_column")),
          lstrip_(options.flag("lstrip")),
          deadline_(deadline) {}

    void clear() override {
        lines_.clear();
        starts_.clear();
        bytes_ = 0;
    }

    Result<> line(const Line& line, bool selected, Matches& matches) override {
        if (!line.begins) {
            return {};
        }
        if (selected) {
            starts_.push_back(lines_.size());
        }
        if (starts_.empty()) {
            return {};
        }
        const Subject subject{lstrip_ ? lstrip(line.text) : line.text, line.ascii};
        auto ignored = matches_line(expressions_.ignore, subject);
        if (!ignored || *ignored) {
            return ignored ? Result<>() : tl::unexpected(ignored.error());
        }
        auto ends = matches_line(expressions_.end, subject);
        if (!ends) {
            return tl::unexpected(ends.error());
        }
        if (*ends) {
            return end(matches);
        }
        bytes_ += subject.text.size();
        if (bytes_ > most_bytes) {
            return fail(ErrorKind::config,
                        fmt::format("a table of more than {} MiB", most_bytes >> 20U),
                        "table_end_re says where it ends");
        }
        lines_.emplace_back(subject.text);
        return {};
    }

    Result<> end(Matches& matches) override {
        for (const std::size_t start : starts_) {
            if (matches.enough()) {
                break;
            }
            auto table = parse(start);
            if (!table) {
                return tl::unexpected(table.error());
            }
            if (auto added = matches.add(std::move(*table)); !added) {
                return added;
            }
        }
        clear();
        return {};
    }

  private:
    Result<bool> matches_line(Regex& regex, const Subject& subject) {
        switch (regex.search(subject, deadline_)) {
            case Regex::Found::yes:
                return true;
            case Regex::Found::no:
                return false;
            default:
                return tl::unexpected(regex.error());
        }
    }

    // Python's split(): what groups in the delimiter match is among the parts.
    Result<std::vector<std::string>> cells(const std::string& line) {
        const Subject subject = Subject::of(line);
        std::vector<std::string> parts;
        std::size_t last = 0;
        bool was_empty = false;
        while (true) {
            const auto found =
                expressions_.delimiter.search_from(subject, last, was_empty, deadline_);
            if (found == Regex::Found::gave_up) {
                return tl::unexpected(expressions_.delimiter.error());
            }
            if (found == Regex::Found::no) {
                break;
            }
            const Regex::Span whole = expressions_.delimiter.group(0);
            parts.emplace_back(strip(subject.text.substr(last, whole.begin - last)));
            for (std::size_t i = 1; i <= expressions_.delimiter.groups(); ++i) {
                const Regex::Span span = expressions_.delimiter.group(i);
                parts.emplace_back(strip(subject.text.substr(span.begin, span.end - span.begin)));
            }
            was_empty = whole.begin == whole.end;
            last = whole.end;
        }
        parts.emplace_back(strip(subject.text.substr(last)));
        return parts;
    }

    Result<Value> parse(std::size_t start) {
        if (deadline_.over()) {
            return fail(ErrorKind::infrastructure, "the time for parsing was over in a table");
        }
        if (start >= lines_.size()) {
            return fail(ErrorKind::config,
                        fmt::format("a table has no lines: row_ignore_re '{}' leaves all of them "
                                    "out, or table_end_re '{}' ends it at once",
                                    expressions_.ignore.pattern(), expressions_.end.pattern()));
        }
        std::vector<std::string> given = names_;
        if (given.empty()) {
            auto header = cells(lines_[start++]);
            if (!header) {
                return tl::unexpected(header.error());
            }
            given = std::move(*header);
            if (has_row_labels_) {
                given.erase(given.begin());
            }
        }
        const std::vector<std::string> columns = column_names(given);
        Rows rows;
        for (std::size_t number = 0; start + number < lines_.size(); ++number) {
            auto row = cells(lines_[start + number]);
            if (!row) {
                return tl::unexpected(row.error());
            }
            add_row(rows, number, columns, *row);
        }
        return by_column_ ? by_column(rows.take()) : Value(rows.take());
    }

    void add_row(Rows& rows, std::size_t number, const std::vector<std::string>& columns,
                 const std::vector<std::string>& row) const {
        std::string label;
        if (has_row_labels_) {
            label = with_underscores(lower_ascii(row.front()));
        }
        if (label.empty()) {
            label = fmt::format("row_{}", number);
        }
        if (has_row_labels_ && rows.has(label)) {
            label += fmt::format("_{}", number);
        }
        Map cells_of_row;
        const std::size_t first = has_row_labels_ ? 1 : 0;
        for (std::size_t i = 0; i < columns.size(); ++i) {
            if (!columns[i].empty()) {
                const bool there = first + i < row.size() && !row[first + i].empty();
                set(cells_of_row, columns[i], there ? Value(row[first + i]) : Value());
            }
        }
        rows.at(label) = Value(std::move(cells_of_row));
    }

    Expressions expressions_;
    std::vector<std::string> names_;
    bool has_row_labels_, by_column_, lstrip_;
    const Deadline& deadline_;

    std::vector<std::string> lines_;
    std::vector<std::size_t> starts_;  // of the tables that are open, in lines_
    std::size_t bytes_ = 0;
};

}  // namespace

Result<std::unique_ptr<LineParser>> make_table_parser(const ParserOptions& options,
                                                      const Deadline& deadline) {
    auto delimiter = Regex::compile(options.text("delimiter_re"));
    auto ignore = Regex::compile(options.text("row_ignore_re"));
    auto end = Regex::compile(options.text("table_end_re"));
    for (const auto* regex : {&delimiter, &ignore, &end}) {
        if (!*regex) {
            return tl::unexpected(regex->error());
        }
    }
    return std::make_unique<TableParser>(
        Expressions{std::move(*delimiter), std::move(*ignore), std::move(*end)}, options, deadline);
}

}  // namespace pavtest::parsers
