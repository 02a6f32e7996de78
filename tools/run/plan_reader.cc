// Finding the tests in the text by their brackets; each is parsed when its turn comes.
#include "run/plan_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace pavtest::run {

namespace {

constexpr std::uint64_t kPlanLimit = 1ULL << 30;

class Scanner {
  public:
    explicit Scanner(std::string_view text) : text_(text) {}

    [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
    [[nodiscard]] std::size_t place() const { return at_; }
    char peek() {
        while (!at_end() && std::string_view(" \t\r\n,:").find(text_[at_]) != std::string::npos) {
            ++at_;
        }
        return at_end() ? '\0' : text_[at_];
    }
    bool take(char c) {
        if (peek() != c) {
            return false;
        }
        ++at_;
        return true;
    }
    // Behind a string whose opening quote is next; its raw content.
    std::string_view string() {
        const std::size_t begin = ++at_;
        while (!at_end() && text_[at_] != '"') {
            at_ += text_[at_] == '\\' ? 2 : 1;
        }
        const std::size_t end = std::min(at_, text_.size());
        at_ = end + 1;
        return text_.substr(begin, end - begin);
    }
    // Behind one value; false if the text ends in it.
    bool skip_value() {
        const char first = peek();
        if (first == '"') {
            string();
            return at_ <= text_.size();
        }
        if (first != '{' && first != '[') {
            at_ = std::min(text_.find_first_of(",]} \t\r\n", at_), text_.size());
            return true;
        }
        int depth = 0;
        while (!at_end()) {
            const char c = text_[at_];
            if (c == '"') {
                string();
                continue;
            }
            depth += c == '{' || c == '[' ? 1 : 0;
            depth -= c == '}' || c == ']' ? 1 : 0;
            ++at_;
            if (depth == 0) {
                return true;
            }
        }
        return false;
    }

  private:
    std::string_view text_;
    std::size_t at_ = 0;
};

tl::unexpected<Error> torn() {
    return fail(ErrorKind::infrastructure, "plan.json ends too early or is no plan");
}

}  // namespace

Result<std::vector<std::pair<std::size_t, std::size_t>>> elements_of(std::string_view text,
                                                                     std::string_view key) {
    std::vector<std::pair<std::size_t, std::size_t>> spans;
    Scanner scanner(text);
    if (!scanner.take('{')) {
        return torn();
    }
    while (scanner.peek() == '"') {
        const bool wanted = scanner.string() == key;
        if (!wanted || scanner.peek() != '[') {
            if (!scanner.skip_value()) {
                return torn();
            }
            continue;
        }
        scanner.take('[');
        while (scanner.peek() != ']') {
            const std::size_t begin = scanner.place();
            if (scanner.at_end() || !scanner.skip_value()) {
                return torn();
            }
            spans.emplace_back(begin, scanner.place() - begin);
        }
        scanner.take(']');
    }
    if (!scanner.take('}')) {
        return torn();
    }
    return spans;
}

Result<PlanReader> PlanReader::open(const session::SessionDirectory& session) {
    auto text = session.directory().read("plan.json", kPlanLimit);
    if (!text) {
        return tl::make_unexpected(text.error());
    }
    return from_text(std::move(*text));
}

Result<PlanReader> PlanReader::from_text(std::string text) {
    PlanReader reader;
    reader.text_ = std::move(text);
    auto spans = elements_of(reader.text_, "tests");
    if (!spans) {
        return tl::make_unexpected(spans.error());
    }
    reader.spans_ = std::move(*spans);
    // All but the tests, so that the format is checked where plans are checked.
    std::string frame;
    if (reader.spans_.empty()) {
        frame = reader.text_;
    } else {
        const auto [last, length] = reader.spans_.back();
        frame = reader.text_.substr(0, reader.spans_.front().first);
        frame += std::string_view(reader.text_).substr(last + length);
    }
    const auto plan = session::plan_from_json(frame);
    if (!plan) {
        return tl::make_unexpected(plan.error());
    }
    reader.builds_ = plan->builds;
    return reader;
}

Result<session::PlannedTest> PlanReader::test(std::uint32_t index) const {
    if (index >= spans_.size()) {
        return fail(ErrorKind::infrastructure, fmt::format("the plan has no test {}", index));
    }
    const auto [begin, length] = spans_[index];
    nlohmann::json element =
        nlohmann::json::parse(text_.data() + begin, text_.data() + begin + length, nullptr, false);
    if (!element.is_object() || element.value("index", nlohmann::json()) != index) {
        return fail(ErrorKind::infrastructure,
                    fmt::format("plan.json: test {} is not what its place says", index));
    }
    // As the only test of a plan, so that tests are read where plans are read.
    element["index"] = 0;
    const nlohmann::json alone = {
        {"format", session::kPlanFormat}, {"id", "-"}, {"tests", {std::move(element)}}};
    auto plan = session::plan_from_json(alone.dump());
    if (!plan) {
        return tl::make_unexpected(plan.error().within(fmt::format("test {}", index)));
    }
    plan->tests.front().index = index;
    return std::move(plan->tests.front());
}

}  // namespace pavtest::run
