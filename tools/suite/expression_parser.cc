// A recursive-descent parser that takes what Pavilion's grammar takes. Blanks between
// tokens are spaces alone; a blank before a single dot is not allowed.
#include "suite/expression_parser.h"

#include <fmt/format.h>

namespace pavtest::suite {

namespace {

constexpr std::size_t kDeepest = 100;

bool digit(char c) {
    return c >= '0' && c <= '9';
}
bool name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool name_part(char c) {
    return name_start(c) || digit(c);
}

class Parser {
  public:
    Parser(std::string_view text, std::size_t base) : text_(text), base_(base) {}

    tl::expected<Expression, SyntaxError> parse() {
        Expression expression;
        if (text_.empty()) {
            return expression;
        }
        if (!any_or(expression)) {
            return tl::make_unexpected(error_);
        }
        while (at_ < text_.size() &&
               std::string_view(" \t\r\n\f\v").find(text_[at_]) != std::string_view::npos) {
            ++at_;
        }
        if (at_ < text_.size()) {
            unexpected_end_wanted();
            return tl::make_unexpected(error_);
        }
        return expression;
    }

  private:
    [[nodiscard]] char peek(std::size_t ahead = 0) const {
        return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
    }
    void skip_spaces() {
        while (peek() == ' ') {
            ++at_;
        }
    }
    bool fail(std::string what, std::string hint = {}) {
        if (error_.what.empty()) {
            error_ =
                SyntaxError{base_ + std::min(at_, text_.size()), std::move(what), std::move(hint)};
        }
        return false;
    }
    void unexpected_end_wanted() {
        const char c = peek();
        if (c == ']' || c == ')') {
            fail(fmt::format("a '{}' that closes nothing", c));
        } else if (c == ',') {
            fail("a comma outside of a list or a call");
        } else if (c == '.') {
            fail("a dot that leads nowhere", "write 'name.part' without blanks, or '..' to join");
        } else if (c == '*' || c == '^') {
            fail(fmt::format("an unexpected '{}'", c), "the power operator is '^', once");
        } else if (c == '=') {
            fail("a single '='", "compare with '=='");
        } else if (c == '\n' || c == '\t') {
            fail("only spaces may separate the parts of an expression");
        } else {
            fail(fmt::format("'{}' was not expected here", text_.substr(at_, 12)),
                 "an operator is missing before it, or it does not belong here");
        }
    }

    /// Takes an operator if it is next, with spaces before it.
    bool take(std::string_view symbol) {
        std::size_t at = at_;
        while (at < text_.size() && text_[at] == ' ') {
            ++at;
        }
        if (text_.substr(at, symbol.size()) != symbol) {
            return false;
        }
        at_ = at + symbol.size();
        return true;
    }
    /// Takes a word operator: not followed by a letter or underscore.
    bool take_word(std::string_view word) {
        const std::size_t before = at_;
        if (take(word) && !name_start(peek())) {
            return true;
        }
        at_ = before;
        return false;
    }

    class Depth {
      public:
        explicit Depth(std::size_t& depth) : depth_(depth) { ++depth_; }
        ~Depth() { --depth_; }
        Depth(const Depth&) = delete;
        Depth& operator=(const Depth&) = delete;

      private:
        std::size_t& depth_;
    };

    // A chain of operands of one level; collapses to the operand where there is but one.
    template <class Next, class Operator>
    bool chain(Expression& out, Expression::Kind kind, Next next, Operator next_operator) {
        skip_spaces();
        const std::size_t offset = base_ + at_;
        Expression first;
        if (!next(first)) {
            return false;
        }
        std::string symbol = next_operator();
        if (symbol.empty()) {
            out = std::move(first);
            return true;
        }
        out.kind = kind;
        out.offset = offset;
        out.operands.push_back(std::move(first));
        while (!symbol.empty()) {
            out.operators.push_back(std::move(symbol));
            Expression operand;
            if (!next(operand)) {
                return false;
            }
            out.operands.push_back(std::move(operand));
            symbol = next_operator();
        }
        return true;
    }

    bool any_or(Expression& out) {
        const Depth depth(depth_);
        if (depth_ > kDeepest) {
            return fail(fmt::format("nested deeper than {} levels", kDeepest),
                        "give a part of it a name among the variables");
        }
        return chain(
            out, Expression::Kind::logical_or, [&](Expression& e) { return any_and(e); },
            [&] { return std::string(take_word("or") ? "or" : ""); });
    }
    bool any_and(Expression& out) {
        return chain(
            out, Expression::Kind::logical_and, [&](Expression& e) { return any_not(e); },
            [&] { return std::string(take_word("and") ? "and" : ""); });
    }
    bool any_not(Expression& out) {
        skip_spaces();
        const std::size_t offset = base_ + at_;
        if (!take_word("not")) {
            return comparison(out);
        }
        out.kind = Expression::Kind::logical_not;
        out.offset = offset;
        out.operands.emplace_back();
        return comparison(out.operands.back());
    }
    bool comparison(Expression& out) {
        return chain(
            out, Expression::Kind::compare, [&](Expression& e) { return sum(e); },
            [&]() -> std::string {
                for (const char* symbol : {"==", "!=", "<=", ">=", "<", ">"}) {
                    if (take(symbol)) {
                        return symbol;
                    }
                }
                return "";
            });
    }
    bool sum(Expression& out) {
        return chain(
            out, Expression::Kind::arithmetic, [&](Expression& e) { return product(e); },
            [&]() -> std::string {
                for (const char* symbol : {"+", "-"}) {
                    if (take(symbol)) {
                        return symbol;
                    }
                }
                return "";
            });
    }
    bool product(Expression& out) {
        return chain(
            out, Expression::Kind::arithmetic, [&](Expression& e) { return power(e); },
            [&]() -> std::string {
                for (const char* symbol : {"//", "*", "/", "%"}) {
                    if (take(symbol)) {
                        return symbol;
                    }
                }
                return "";
            });
    }
    bool power(Expression& out) {
        skip_spaces();
        const std::size_t offset = base_ + at_;
        Expression base;
        if (!concatenation(base)) {
            return false;
        }
        if (!take("^")) {
            out = std::move(base);
            return true;
        }
        out.kind = Expression::Kind::power;
        out.offset = offset;
        out.operands.push_back(std::move(base));
        out.operands.emplace_back();
        return concatenation(out.operands.back());
    }
    bool concatenation(Expression& out) {
        return chain(
            out, Expression::Kind::concatenate, [&](Expression& e) { return primary(e); },
            [&] { return std::string(take("..") ? ".." : ""); });
    }

    bool primary(Expression& out) {
        const Depth depth(depth_);
        if (depth_ > kDeepest) {
            return fail(fmt::format("nested deeper than {} levels", kDeepest),
                        "give a part of it a name among the variables");
        }
        skip_spaces();
        out.offset = base_ + at_;
        const char c = peek();
        if (c == '-' || c == '+') {
            ++at_;
            out.kind = c == '-' ? Expression::Kind::negate : Expression::Kind::plus;
            out.operands.emplace_back();
            return primary(out.operands.back());
        }
        if (c == '(') {
            ++at_;
            if (!any_or(out)) {
                return false;
            }
            return take(")") || fail("a '(' that is not closed");
        }
        if (c == '[') {
            return list(out);
        }
        if (c == '"') {
            return quoted(out);
        }
        if (digit(c)) {
            return number(out);
        }
        if (name_start(c)) {
            return named(out);
        }
        return no_operand(c);
    }

    bool no_operand(char c) {
        if (at_ >= text_.size()) {
            return fail("the expression ends where a value should follow",
                        "a number, a variable, a text in double quotes or a parenthesis");
        }
        if (c == '\'') {
            return fail("texts in expressions stand in double quotes", "write \"…\"");
        }
        if (c == '.') {
            return fail("a value cannot begin with a dot");
        }
        if (c == ',') {
            return fail("a comma without a value before it");
        }
        if (c == ']' || c == ')') {
            return fail(fmt::format("'{}' where a value should be", c));
        }
        if (c == '\n' || c == '\t') {
            return fail("only spaces may separate the parts of an expression");
        }
        return fail(fmt::format("'{}' where a value should be", text_.substr(at_, 12)));
    }

    bool list(Expression& out) {
        out.kind = Expression::Kind::list;
        ++at_;
        if (take("]")) {
            return true;
        }
        while (true) {
            out.operands.emplace_back();
            if (!any_or(out.operands.back())) {
                return false;
            }
            if (take("]")) {
                return true;
            }
            if (!take(",")) {
                return fail("a list that is not closed", "close it with ']'");
            }
            if (take("]")) {
                return true;
            }
        }
    }

    // "…" with every backslash as it stands; an odd number of them keeps the quote in.
    bool quoted(Expression& out) {
        std::size_t at = at_ + 1;
        while (at < text_.size() && text_[at] != '"' && text_[at] != '\n') {
            at += text_[at] == '\\' && at + 1 < text_.size() ? 2 : 1;
        }
        if (at >= text_.size() || text_[at] != '"') {
            return fail("a text whose quotes are not closed", "end it by \"");
        }
        out.kind = Expression::Kind::literal;
        out.literal = Datum::of(std::string(text_.substr(at_ + 1, at - at_ - 1)));
        at_ = at + 1;
        return true;
    }

    bool number(Expression& out) {
        const std::size_t from = at_;
        while (digit(peek())) {
            ++at_;
        }
        out.kind = Expression::Kind::literal;
        if (peek() == '.' && digit(peek(1))) {
            ++at_;
            while (digit(peek())) {
                ++at_;
            }
            double value = 0;
            parse_float(text_.substr(from, at_ - from), value);
            out.literal = Datum::of(value);
            return true;
        }
        Integer value = 0;
        if (!parse_integer(text_.substr(from, at_ - from), value)) {
            at_ = from;
            return fail("the number is too large");
        }
        out.literal = Datum::of(value);
        return true;
    }

    std::string take_name() {
        const std::size_t from = at_;
        while (name_part(peek())) {
            ++at_;
        }
        return std::string(text_.substr(from, at_ - from));
    }

    bool named(Expression& out) {
        out.name = take_name();
        if (out.name == "True" || out.name == "False") {
            out.kind = Expression::Kind::literal;
            out.literal = Datum::of(out.name == "True");
            return true;
        }
        if (!take("(")) {
            out.kind = Expression::Kind::reference;
            return steps(out, true);
        }
        out.kind = Expression::Kind::call;
        if (!take(")")) {
            while (true) {
                out.operands.emplace_back();
                if (!any_or(out.operands.back())) {
                    return false;
                }
                if (take(")")) {
                    break;
                }
                if (!take(",")) {
                    return fail(fmt::format("the call of '{}' is not closed", out.name),
                                "close it with ')'");
                }
            }
        }
        return steps(out, true);
    }

    // [..] and .name behind a name or a call.
    bool steps(Expression& out, bool slice_allowed) {
        while (true) {
            if (slice_allowed && peek() == '[') {
                if (!slice(out)) {
                    return false;
                }
                slice_allowed = false;
                continue;
            }
            if (peek() != '.' || peek(1) == '.') {
                return true;
            }
            ++at_;
            skip_spaces();
            ReferenceStep step;
            if (name_start(peek())) {
                step.name = take_name();
                slice_allowed = true;
            } else if (digit(peek())) {
                step.kind = ReferenceStep::Kind::index;
                const std::size_t from = at_;
                while (digit(peek())) {
                    ++at_;
                }
                step.name = std::string(text_.substr(from, at_ - from));
                slice_allowed = false;
            } else if (peek() == '*') {
                ++at_;
                step.kind = ReferenceStep::Kind::all;
                slice_allowed = false;
            } else {
                return fail("a dot that leads nowhere", "behind it comes a name, a number or '*'");
            }
            out.steps.push_back(std::move(step));
        }
    }

    bool slice(Expression& out) {
        const std::size_t open = at_;
        ++at_;
        ReferenceStep step;
        step.kind = ReferenceStep::Kind::at;
        skip_spaces();
        if (peek() != ':' && peek() != ']') {
            Expression from;
            if (!any_or(from)) {
                return false;
            }
            step.from = std::make_unique<const Expression>(std::move(from));
        }
        if (take(":")) {
            step.kind = ReferenceStep::Kind::slice;
            skip_spaces();
            if (peek() != ']') {
                Expression until;
                if (!any_or(until)) {
                    return false;
                }
                step.until = std::make_unique<const Expression>(std::move(until));
            }
        } else if (step.from == nullptr && peek() == ']') {
            return fail("the brackets are empty", "write an index, or a range such as [1:3]");
        }
        if (take(":")) {
            return fail("a range has one colon only");
        }
        if (!take("]")) {
            at_ = open;
            return fail("a '[' that is not closed");
        }
        out.steps.push_back(std::move(step));
        return true;
    }

    std::string_view text_;
    std::size_t base_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
    SyntaxError error_;
};

void collect(const Expression& expression, std::vector<const Expression*>& out) {
    if (expression.kind == Expression::Kind::reference) {
        out.push_back(&expression);
    }
    for (const ReferenceStep& step : expression.steps) {
        for (const ExpressionPtr* bound : {&step.from, &step.until}) {
            if (*bound != nullptr) {
                collect(**bound, out);
            }
        }
    }
    for (const Expression& operand : expression.operands) {
        collect(operand, out);
    }
}

void collect(const std::vector<Segment>& segments, std::vector<const Expression*>& out) {
    for (const Segment& segment : segments) {
        if (segment.kind == Segment::Kind::expression) {
            collect(segment.expression, out);
        }
        collect(segment.segments, out);
    }
}

}  // namespace

tl::expected<Expression, SyntaxError> parse_expression(std::string_view text, std::size_t base) {
    return Parser(text, base).parse();
}

std::vector<const Expression*> references_of(const Expression& expression) {
    std::vector<const Expression*> out;
    collect(expression, out);
    return out;
}

std::vector<const Expression*> references_of(const Template& text) {
    std::vector<const Expression*> out;
    collect(text.segments, out);
    return out;
}

}  // namespace pavtest::suite
