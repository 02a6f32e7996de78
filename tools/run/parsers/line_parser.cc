// Choosing a parser; and the regex and split parsers, which look at one line alone.
#include "run/parsers/line_parser.h"

#include <algorithm>

#include "run/parsers/python_text.h"
#include "run/parsers/regex.h"

namespace pavtest::parsers {

namespace {

class RegexParser : public LineParser {
  public:
    RegexParser(Regex regex, const ParserOptions& options, const Deadline& deadline)
        : regex_(std::move(regex)),
          only_last_(options.select.kind == Select::Kind::index && options.select.index == -1),
          spans_(std::max<std::size_t>(regex_.groups(), 1)),
          deadline_(deadline) {}

    void clear() override { found_ = false; }

    Result<> line(const Line& line, bool selected, Matches& matches) override {
        if (!selected) {
            return {};
        }
        switch (regex_.search({line.text, line.ascii}, deadline_)) {
            case Regex::Found::no:
                return {};
            case Regex::Found::gave_up:
                return tl::unexpected(regex_.error());
            case Regex::Found::yes:
                break;
        }
        // With one group, that one is the match; it may have taken no part.
        if (regex_.groups() == 1 && !regex_.group(1).set) {
            return {};
        }
        if (matches.only_counts()) {
            matches.count_one();
            return {};
        }
        take_spans();
        if (only_last_) {
            found_ = true;
            last_line_ = line.text;
            return {};
        }
        return matches.add(value_in(line.text));
    }

    // Of millions of matches only the last is made a value.
    Result<> end(Matches& matches) override {
        return found_ ? matches.add(value_in(last_line_)) : Result<>();
    }

  private:
    void take_spans() {
        const std::size_t first = regex_.groups() == 0 ? 0 : 1;
        for (std::size_t i = 0; i < spans_.size(); ++i) {
            spans_[i] = regex_.group(first + i);
        }
    }

    [[nodiscard]] Value value_in(std::string_view text) const {
        const auto part = [&](const Regex::Span& span) {
            return span.set ? Value(std::string(text.substr(span.begin, span.end - span.begin)))
                            : Value();
        };
        if (spans_.size() == 1) {
            return part(spans_.front());
        }
        List values;
        values.reserve(spans_.size());
        for (const Regex::Span& span : spans_) {
            values.push_back(part(span));
        }
        return Value(std::move(values));
    }

    Regex regex_;
    bool only_last_;
    std::vector<Regex::Span> spans_;  // of the latest match
    bool found_ = false;              // for the last match only
    std::string last_line_;
    const Deadline& deadline_;
};

class SplitParser : public LineParser {
  public:
    explicit SplitParser(std::string separator) : separator_(std::move(separator)) {}

    Result<> line(const Line& line, bool selected, Matches& matches) override {
        if (!selected) {
            return {};
        }
        const std::string_view text = strip(line.text);
        List values;
        for (const std::string_view part :
             separator_.empty() ? split_blanks(text) : split_by(text, separator_)) {
            values.emplace_back(std::string(strip(part)));
        }
        return matches.add(Value(std::move(values)));
    }

  private:
    std::string separator_;
};

// For the parsers that need no file's content: the first line to look at says that they apply.
class SelectedParser : public LineParser {
  public:
    Result<> line(const Line& /*line*/, bool selected, Matches& matches) override {
        return selected ? matches.add(Value(true)) : Result<>();
    }
};

}  // namespace

Result<std::unique_ptr<LineParser>> make_regex_parser(const ParserOptions& options,
                                                      const Deadline& deadline) {
    auto regex = Regex::compile(options.text("regex"));
    if (!regex) {
        return tl::unexpected(regex.error());
    }
    return std::make_unique<RegexParser>(std::move(*regex), options, deadline);
}

Result<std::unique_ptr<LineParser>> make_split_parser(const ParserOptions& options) {
    return std::make_unique<SplitParser>(options.text("sep"));
}

Result<std::unique_ptr<LineParser>> make_line_parser(const ParserOptions& options,
                                                     const Deadline& deadline) {
    const std::string_view name = options.kind->name;
    if (name == "regex") {
        return make_regex_parser(options, deadline);
    }
    if (name == "split") {
        return make_split_parser(options);
    }
    if (name == "table") {
        return make_table_parser(options, deadline);
    }
    if (name == "json") {
        return make_json_parser(options, deadline);
    }
    return std::make_unique<SelectedParser>();
}

}  // namespace pavtest::parsers
