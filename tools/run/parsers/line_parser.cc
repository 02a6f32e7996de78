// Choosing a parser; and the regex and split parsers, which look at one line alone.
#include "run/parsers/line_parser.h"

#include "run/parsers/python_text.h"
#include "run/parsers/regex.h"

namespace pavtest::parsers {

namespace {

class RegexParser : public LineParser {
  public:
    RegexParser(Regex regex, const Deadline& deadline)
        : regex_(std::move(regex)), deadline_(deadline) {}

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
        if (regex_.groups() < 2) {
            Value value = group(line.text, regex_.groups());
            return value.is_null() ? Result<>() : matches.add(std::move(value));
        }
        List values;
        for (std::size_t i = 1; i <= regex_.groups(); ++i) {
            values.push_back(group(line.text, i));
        }
        return matches.add(Value(std::move(values)));
    }

  private:
    [[nodiscard]] Value group(std::string_view text, std::size_t number) const {
        const Regex::Span span = regex_.group(number);
        return span.set ? Value(std::string(text.substr(span.begin, span.end - span.begin)))
                        : Value();
    }

    Regex regex_;
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
    return std::make_unique<RegexParser>(std::move(*regex), deadline);
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
