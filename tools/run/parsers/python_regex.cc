// One pass over the pattern; what Python's parser would refuse is refused on the way.
#include "run/parsers/python_regex.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/text.h"
#include "run/parsers/pattern_reader.h"
#include "run/parsers/repeat_cost.h"

namespace pavtest::parsers {

namespace {

// What a quantifier would apply to.
enum class Before { nothing, item, anchor, repeat };

// Stands in the pattern where a callout may: behind a repeat. It never stands for itself.
constexpr char callout_place = '\x01';

struct Group {
    std::size_t number = 0;  // 0: captures nothing
    bool verbose = false;    // as it was outside
};

class Translator : private PatternReader {
  public:
    explicit Translator(std::string_view pattern) : PatternReader(pattern) {}

    Result<Translation> run() {
        while (at_ < in_.size()) {
            if (auto step = next(); !step) {
                return tl::unexpected(step.error());
            }
        }
        if (!open_.empty()) {
            return bad("a group is not closed");
        }
        if (highest_condition_ > out_.groups) {
            return bad(fmt::format("there is no group {}", highest_condition_));
        }
        out_.ambiguous = cost_.ambiguous();
        place_callouts();
        return std::move(out_);
    }

  private:
    void place_callouts() {
        std::string plain;
        for (const char c : out_.pattern) {
            out_.guarded += c == callout_place ? "(?C1)" : std::string_view(&c, 1);
            plain += c == callout_place ? "" : std::string_view(&c, 1);
        }
        out_.pattern = std::move(plain);
    }

    Result<> next() {
        const char c = in_[at_];
        if (verbose_ && (c == ' ' || (c >= '\t' && c <= '\r'))) {
            ++at_;
            return {};
        }
        if (verbose_ && c == '#') {
            at_ = std::min(in_.find('\n', at_), in_.size());
            return {};
        }
        switch (c) {
            case '\\':
                return escape();
            case '[':
                return character_class();
            case '(':
                return open();
            case ')':
                return close();
            case '|':
                cost_.alternative();
                emit_raw("|", Before::nothing);
                break;
            case '*':
            case '+':
            case '?':
                return quantifier(std::string(1, c), 1, c == '+' ? 1 : 0,
                                  c == '?' ? 1 : RepeatCost::unbounded);
            case '{':
                return brace();
            case '^':
            case '$':
                cost_.barrier();
                emit_raw(std::string_view(&c, 1), Before::anchor);
                break;
            case '.':
                cost_.item(CharacterSet::everything());
                emit_raw(".", Before::item);
                break;
            default:
                emit_item(character());
                return {};
        }
        ++at_;
        return {};
    }

    // ---- escapes

    Result<> escape() {
        if (at_ + 1 >= in_.size()) {
            return bad("a lone backslash at the end");
        }
        const char c = in_[at_ + 1];
        if (std::string_view("dDsSwW").find(c) != std::string_view::npos) {
            cost_.item(CharacterSet::category(c));
            emit_raw(in_.substr(at_, 2), Before::item);
            at_ += 2;
            return {};
        }
        if (c == 'b' || c == 'B' || c == 'A' || c == 'Z') {
            cost_.barrier();
            emit_raw(c == 'Z' ? std::string_view("\\z") : in_.substr(at_, 2), Before::anchor);
            at_ += 2;
            return {};
        }
        if (c >= '1' && c <= '9' && !is_octal_escape()) {
            const std::size_t digits = at_ + 2 < in_.size() && is_digit(in_[at_ + 2]) ? 2 : 1;
            const std::size_t number = number_of(in_.substr(at_ + 1, digits));
            at_ += 1 + digits;
            return back_reference(number);
        }
        auto code = escaped_character();
        if (!code) {
            return tl::unexpected(code.error());
        }
        emit_item(*code);
        return {};
    }

    // ---- classes

    // One end of a range, or a category such as \d.
    struct ClassItem {
        std::uint32_t code = 0;
        char category = '\0';
    };

    Result<ClassItem> class_item() {
        if (in_[at_] != '\\') {
            return ClassItem{character(), '\0'};
        }
        if (at_ + 1 >= in_.size()) {
            return bad("a class is not closed by ]");
        }
        const char c = in_[at_ + 1];
        if (std::string_view("dDsSwW").find(c) != std::string_view::npos) {
            at_ += 2;
            return ClassItem{0, c};
        }
        auto code = escaped_character();
        if (!code) {
            return tl::unexpected(code.error());
        }
        return ClassItem{*code, '\0'};
    }

    Result<> character_class() {
        out_.pattern += '[';
        ++at_;
        const bool negated = at_ < in_.size() && in_[at_] == '^';
        if (negated) {
            out_.pattern += '^';
            ++at_;
        }
        class_ = CharacterSet();
        const std::size_t first = at_;
        while (true) {
            if (at_ >= in_.size()) {
                return bad("a class is not closed by ]");
            }
            if (in_[at_] == ']' && at_ != first) {
                break;
            }
            if (auto member = class_member(); !member) {
                return member;
            }
        }
        ++at_;
        if (any_case_) {
            class_.add_other_case();
        }
        cost_.item(negated ? class_.inverted() : class_);
        emit_raw("]", Before::item);
        return {};
    }

    // A character, category or range.
    Result<> class_member() {
        auto low = class_item();
        if (!low) {
            return tl::unexpected(low.error());
        }
        const bool range = at_ + 1 < in_.size() && in_[at_] == '-' && in_[at_ + 1] != ']';
        if (!range) {
            class_.add(low->category != '\0' ? CharacterSet::category(low->category)
                                             : CharacterSet::of(low->code));
            emit(*low);
            return {};
        }
        ++at_;
        auto high = class_item();
        if (!high) {
            return tl::unexpected(high.error());
        }
        if (low->category != '\0' || high->category != '\0') {
            return bad("a range in a class needs a character at both ends");
        }
        if (low->code > high->code) {
            return bad("a range in a class runs backwards");
        }
        class_.add_range(low->code, high->code);
        emit(*low);
        out_.pattern += '-';
        emit(*high);
        return {};
    }

    void emit(const ClassItem& item) {
        if (item.category != '\0') {
            out_.pattern += {'\\', item.category};
        } else {
            emit_character(item.code);
        }
    }

    // ---- repeats

    Result<> quantifier(const std::string& text, std::size_t length, std::size_t least,
                        std::size_t most) {
        if (before_ == Before::nothing || before_ == Before::anchor) {
            return bad(fmt::format("'{}' has nothing to repeat", in_.substr(at_, length)));
        }
        if (before_ == Before::repeat) {
            return bad(fmt::format("'{}' repeats a repeat", in_.substr(at_, length)),
                       "put what comes before it in (?:…)");
        }
        at_ += length;
        emit_raw(text, Before::repeat);
        if (at_ < in_.size() && (in_[at_] == '?' || in_[at_] == '+')) {
            out_.pattern += in_[at_++];
        }
        cost_.quantifier(least, most);
        if (least != most) {
            out_.pattern += callout_place;
        }
        return {};
    }

    // {m}, {m,}, {,n}, {m,n}; anything else is a brace.
    Result<> brace() {
        std::size_t end = at_ + 1;
        const auto digits = [&] {
            const std::size_t from = end;
            while (end < in_.size() && is_digit(in_[end])) {
                ++end;
            }
            return in_.substr(from, end - from);
        };
        const std::string_view low = digits();
        std::string_view high = low;
        const bool comma = end < in_.size() && in_[end] == ',';
        if (comma) {
            ++end;
            high = digits();
        }
        if (end >= in_.size() || in_[end] != '}' || (!comma && low.empty())) {
            emit_item('{');
            ++at_;
            return {};
        }
        const std::size_t least = number_of(low);
        const std::size_t most = high.empty() ? RepeatCost::unbounded : number_of(high);
        constexpr std::size_t limit = 65535;
        if (least > limit || (!high.empty() && most > limit)) {
            return bad(fmt::format("no more than {} repeats are supported", limit));
        }
        if (least > most) {
            return bad("the least number of repeats is more than the most");
        }
        return quantifier(
            comma ? fmt::format("{{{},{}}}", least, high) : fmt::format("{{{}}}", least),
            end + 1 - at_, least, most);
    }

    // ---- groups

    Result<> open() {
        const char c = peek(1);
        if (c != '?') {
            push(++out_.groups, true);
            return emit_open("(", 1);
        }
        switch (peek(2)) {
            case ':':
            case '=':
            case '!':
            case '>':
                push(0, peek(2) == ':' || peek(2) == '>');
                return emit_open(std::string(in_.substr(at_, 3)), 3);
            case '<':
                if (peek(3) == '=' || peek(3) == '!') {
                    push(0, false);
                    return emit_open(std::string(in_.substr(at_, 4)), 4);
                }
                return bad("(?< begins a lookbehind only", "a group with a name is (?P<name>…)");
            case '#': {
                const std::size_t end = in_.find(')', at_);
                if (end == std::string_view::npos) {
                    return bad("a comment is not closed");
                }
                at_ = end + 1;
                return {};
            }
            case 'P':
                return named();
            case '(':
                return condition();
            default:
                return flags();
        }
    }

    Result<> named() {
        if (peek(3) == '<') {
            auto name = name_until('>', at_ + 4);
            if (!name) {
                return tl::unexpected(name.error());
            }
            if (!names_.emplace(*name, out_.groups + 1).second) {
                return bad(fmt::format("two groups are named '{}'", *name));
            }
            push(++out_.groups, true);
            return emit_open("(", 5 + name->size());
        }
        if (peek(3) == '=') {
            auto name = name_until(')', at_ + 4);
            if (!name) {
                return tl::unexpected(name.error());
            }
            const auto found = names_.find(*name);
            if (found == names_.end()) {
                return bad(fmt::format("there is no group named '{}'", *name));
            }
            at_ += 5 + name->size();
            return back_reference(found->second);
        }
        return bad("(?P is followed by <name> or =name", {});
    }

    // (?(1)yes|no), (?(name)yes|no)
    Result<> condition() {
        auto name = name_until(')', at_ + 3);
        if (!name) {
            return tl::unexpected(name.error());
        }
        std::size_t number = 0;
        if (is_digit(name->front())) {
            number = number_of(*name);
            highest_condition_ = std::max(highest_condition_, number);
        } else if (const auto found = names_.find(*name); found != names_.end()) {
            number = found->second;
        }
        if (number == 0) {
            return bad(fmt::format("there is no group '{}'", *name));
        }
        push(0, false);
        return emit_open(fmt::format("(?({})", number), 4 + name->size());
    }

    Result<> flags() {
        std::size_t end = at_ + 2;
        while (end < in_.size() && (is_letter(in_[end]) || in_[end] == '-')) {
            ++end;
        }
        const std::string_view given = in_.substr(at_ + 2, end - at_ - 2);
        const char after = end < in_.size() ? in_[end] : '\0';
        const std::string_view on = given.substr(0, given.find('-'));
        const std::string_view off = given.substr(std::min(given.size(), on.size() + 1));
        const bool known = on.find_first_not_of("aiLmsux") == std::string_view::npos &&
                           off.find_first_not_of("imsx") == std::string_view::npos;
        if (given.empty() || !known || (after != ')' && after != ':')) {
            return bad(fmt::format("(?{} is no extension that Python has", in_.substr(at_ + 2, 1)));
        }
        if (on.find('L') != std::string_view::npos) {
            return bad("(?L) is for bytes only");
        }
        return after == ')' ? global_flags(on, given.size() != on.size(), end)
                            : scoped_flags(on, off, end);
    }

    Result<> global_flags(std::string_view on, bool negative, std::size_t end) {
        if (negative) {
            return bad("flags are switched off for a group only: (?-i:…)");
        }
        if (!out_.pattern.empty() || !open_.empty()) {
            return bad(fmt::format("(?{}) stands behind the start", on),
                       fmt::format("put it first, or write (?{}:…)", on));
        }
        for (const char c : on) {
            out_.ignore_case |= c == 'i';
            any_case_ |= c == 'i';
            out_.multiline |= c == 'm';
            out_.dot_all |= c == 's';
            out_.ascii |= c == 'a';
            verbose_ |= c == 'x';
        }
        at_ = end + 1;
        return {};
    }

    Result<> scoped_flags(std::string_view on, std::string_view off, std::size_t end) {
        if (on.find('a') != std::string_view::npos) {
            return bad("(?a:…) is not supported", "(?a) at the start is");
        }
        push(0, true);
        any_case_ |= on.find('i') != std::string_view::npos;
        std::string text = "(?";
        for (const char c : on) {
            text += c == 'x' || c == 'u' ? std::string() : std::string(1, c);
            verbose_ |= c == 'x';
        }
        std::string without;
        for (const char c : off) {
            without += c == 'x' ? std::string() : std::string(1, c);
            verbose_ = verbose_ && c != 'x';
        }
        text += (without.empty() ? "" : "-") + without + ":";
        return emit_open(text, end + 1 - at_);
    }

    Result<> close() {
        if (open_.empty()) {
            return bad("a ) closes nothing");
        }
        verbose_ = open_.back().verbose;
        open_.pop_back();
        cost_.close();
        ++at_;
        emit_raw(")", Before::item);
        return {};
    }

    Result<> back_reference(std::size_t number) {
        if (number > out_.groups) {
            return bad(fmt::format("there is no group {}", number));
        }
        if (std::any_of(open_.begin(), open_.end(),
                        [&](const Group& group) { return group.number == number; })) {
            return bad(fmt::format("group {} is referred to within itself", number));
        }
        cost_.item(CharacterSet::everything());
        emit_raw(fmt::format("\\g{{{}}}", number), Before::item);
        return {};
    }

    // ---- the small things

    void push(std::size_t number, bool consumes) {
        open_.push_back({number, verbose_});
        cost_.open(consumes);
    }

    Result<> emit_open(const std::string& text, std::size_t length) {
        at_ += length;
        emit_raw(text, Before::nothing);
        return {};
    }

    void emit_raw(std::string_view text, Before before) {
        out_.pattern += text;
        before_ = before;
    }

    // A character that stands for itself, outside of a class.
    void emit_item(std::uint32_t code) {
        CharacterSet set = CharacterSet::of(code);
        if (any_case_) {
            set.add_other_case();
        }
        cost_.item(set);
        emit_character(code);
        before_ = Before::item;
    }

    void emit_character(std::uint32_t code) {
        if (code < 0x80 && is_word(static_cast<char>(code))) {
            out_.pattern += static_cast<char>(code);
        } else if (code > 0x20 && code < 0x7F) {
            out_.pattern += {'\\', static_cast<char>(code)};
        } else {
            out_.pattern += fmt::format("\\x{{{:x}}}", code);
            out_.beyond_ascii |= code >= 0x80;
        }
    }

    Translation out_;
    Before before_ = Before::nothing;
    bool verbose_ = false;
    std::vector<Group> open_;
    std::map<std::string, std::size_t, std::less<>> names_;
    std::size_t highest_condition_ = 0;
    RepeatCost cost_;
    CharacterSet class_;     // that is being read
    bool any_case_ = false;  // (?i) here or in a part
};

}  // namespace

Result<Translation> translate_regex(std::string_view pattern) {
    if (!is_utf8(pattern)) {
        return fail(ErrorKind::config, "a regular expression is not UTF-8");
    }
    return Translator(pattern).run();
}

}  // namespace pavtest::parsers
