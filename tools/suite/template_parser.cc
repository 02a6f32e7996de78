// Cuts a text into plain pieces, expressions and iterations, as Pavilion's grammar does.
#include "suite/template_parser.h"

#include <fmt/format.h>

#include "suite/expression_parser.h"
#include "suite/format_spec.h"

namespace pavtest::suite {

bool needs_parsing(std::string_view text) {
    const std::size_t at = text.find_first_of("\\~{}[");
    if (at == std::string_view::npos) {
        return false;
    }
    return text.find('\\', at) != std::string_view::npos ||
           text.find('~', at) != std::string_view::npos ||
           text.find("{{", at) != std::string_view::npos ||
           text.find("}}", at) != std::string_view::npos;
}

namespace {

struct Escape {
    std::string_view written;
    std::string_view meant;
};

// The first that fits at a backslash is taken.
constexpr Escape kTextEscapes[] = {
    {"\\{{", "{{"}, {"\\~", "~"}, {"\\\\{{", "\\{{"}, {"\\\\~", "\\~"}};
constexpr Escape kSeparatorEscapes[] = {{"\\]", "]"}, {"\\\\]", "\\]"}};

template <std::size_t N>
std::string unescaped(std::string_view text, const Escape (&escapes)[N]) {
    std::string out;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t slash = text.find('\\', at);
        if (slash == std::string_view::npos) {
            break;
        }
        out += text.substr(at, slash - at);
        at = slash + 1;
        bool found = false;
        for (const Escape& escape : escapes) {
            if (text.substr(slash).starts_with(escape.written)) {
                out += escape.meant;
                at = slash + escape.written.size();
                found = true;
                break;
            }
        }
        if (!found) {
            out += '\\';
        }
    }
    out += text.substr(std::min(at, text.size()));
    return out;
}

class Parser {
  public:
    explicit Parser(std::string_view text) : text_(text) {}

    tl::expected<Template, SyntaxError> parse() {
        Template out;
        if (!segments(out.segments, false)) {
            return tl::make_unexpected(error_);
        }
        return out;
    }

  private:
    bool fail(std::size_t at, std::string what, std::string hint = {}) {
        if (error_.what.empty()) {
            error_ = SyntaxError{at, std::move(what), std::move(hint)};
        }
        return false;
    }
    [[nodiscard]] bool next_is(std::string_view what) const {
        return text_.substr(at_).starts_with(what);
    }

    // Inside of an iteration, up to its "~".
    bool segments(std::vector<Segment>& out, bool inside) {
        while (at_ < text_.size()) {
            if (next_is("{{")) {
                if (!expression(out)) {
                    return false;
                }
            } else if (next_is("}}")) {
                return fail(at_, "a '}}' that closes nothing",
                            "write '{{' before, or one '}' less");
            } else if (next_is("[~")) {
                if (inside) {
                    return fail(at_, "an iteration inside of an iteration");
                }
                if (!iteration(out)) {
                    return false;
                }
            } else if (text_[at_] == '~') {
                if (inside) {
                    return true;
                }
                return fail(at_, "a '~' stands for the end of an iteration",
                            "write '\\~' for the character itself");
            } else if (!plain(out)) {
                return false;
            }
        }
        return true;
    }

    // Up to the next mark that no odd number of backslashes precedes. Backslashes at the
    // very beginning of a piece escape in any number.
    bool plain(std::vector<Segment>& out) {
        const std::size_t from = at_;
        std::size_t slashes = 0;
        bool only_slashes = true;
        const auto escaped = [&] { return slashes % 2 == 1 || (slashes > 0 && only_slashes); };
        while (at_ < text_.size()) {
            if (!escaped() && at_ > from &&
                (next_is("{{") || next_is("}}") || next_is("[~") || text_[at_] == '~')) {
                break;
            }
            only_slashes = only_slashes && text_[at_] == '\\';
            slashes = text_[at_] == '\\' ? slashes + 1 : 0;
            ++at_;
        }
        if (escaped()) {
            return fail(text_.size() - 1, "the text ends with a backslash",
                        "write '\\\\' for a backslash at the end");
        }
        Segment segment;
        segment.offset = from;
        segment.text = unescaped(text_.substr(from, at_ - from), kTextEscapes);
        out.push_back(std::move(segment));
        return true;
    }

    bool expression(std::vector<Segment>& out) {
        const std::size_t open = at_;
        at_ += 2;
        const std::size_t from = at_;
        while (at_ < text_.size() && !next_is("}}")) {
            const char c = text_[at_];
            if (c == '"') {
                if (!skip_quoted(open)) {
                    return false;
                }
            } else if (c == ':') {
                const std::size_t bracket = slice_end(at_);
                if (bracket == std::string_view::npos) {
                    break;
                }
                at_ = bracket;
            } else if (c == '{') {
                return fail(at_, "an expression inside of an expression");
            } else if (c == '}' || c == '~') {
                return fail(at_, fmt::format("a '{}' inside of an expression", c),
                            "texts in expressions stand in double quotes");
            } else {
                ++at_;
            }
        }
        Segment segment;
        segment.kind = Segment::Kind::expression;
        segment.offset = open;
        const std::string_view source = text_.substr(from, at_ - from);
        if (at_ < text_.size() && text_[at_] == ':') {
            const std::size_t length = format_spec_length(text_.substr(at_ + 1));
            segment.formatted = true;
            segment.format = std::string(text_.substr(at_ + 1, length));
            at_ += length + 1;
            if (!next_is("}}")) {
                return fail(at_,
                            at_ < text_.size() ? "this is no format" : "a '{{' that is not closed",
                            "formats are Python's, such as ':03d' or ':.2f'; texts stand in "
                            "double quotes");
            }
        }
        if (!next_is("}}")) {
            return fail(open, "a '{{' that is not closed", "close it with '}}'");
        }
        auto parsed = parse_expression(source, from);
        if (!parsed) {
            error_ = parsed.error();
            return false;
        }
        segment.expression = std::move(*parsed);
        at_ += 2;
        out.push_back(std::move(segment));
        return true;
    }

    // A colon that belongs to a slice has its ']' before anything that ends an expression.
    [[nodiscard]] std::size_t slice_end(std::size_t colon) const {
        const std::size_t end = text_.find_first_of("}~{:\"]", colon + 1);
        if (end == std::string_view::npos || text_[end] != ']' || colon == 0 ||
            text_[colon - 1] == '{') {
            return std::string_view::npos;
        }
        return end + 1;
    }

    bool skip_quoted(std::size_t open) {
        std::size_t at = at_ + 1;
        while (at < text_.size() && text_[at] != '"' && text_[at] != '\n') {
            at += text_[at] == '\\' && at + 1 < text_.size() ? 2 : 1;
        }
        if (at >= text_.size() || text_[at] != '"') {
            return fail(text_.find("}}", open) == std::string_view::npos ? open : at_,
                        "a text whose quotes are not closed", "end it by \"");
        }
        at_ = at + 1;
        return true;
    }

    bool iteration(std::vector<Segment>& out) {
        const std::size_t open = at_;
        at_ += 2;
        Segment segment;
        segment.kind = Segment::Kind::iteration;
        segment.offset = open;
        if (!segments(segment.segments, true)) {
            return false;
        }
        if (at_ >= text_.size()) {
            return fail(open, "a '[~' that is not closed", "end it with '~]' or '~separator]'");
        }
        // The separator goes up to the first ']' that is not escaped.
        const std::size_t from = at_ + 1;
        std::size_t at = from;
        std::size_t slashes = 0;
        while (at < text_.size() && text_[at] != '\n' && (text_[at] != ']' || slashes % 2 == 1)) {
            slashes = text_[at] == '\\' ? slashes + 1 : 0;
            ++at;
        }
        if (at >= text_.size() || text_[at] != ']') {
            return fail(at_, "a '~' without the ']' that ends the iteration");
        }
        segment.text = unescaped(text_.substr(from, at - from), kSeparatorEscapes);
        at_ = at + 1;
        out.push_back(std::move(segment));
        return true;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    SyntaxError error_;
};

}  // namespace

tl::expected<Template, SyntaxError> parse_template(std::string_view text) {
    return Parser(text).parse();
}

}  // namespace pavtest::suite
