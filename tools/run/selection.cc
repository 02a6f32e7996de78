// A parser by recursive descent for and, or, not.
#include "run/selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <vector>

#include "base/text.h"

namespace pavtest::run {

struct NameFilter::Node {
    enum class Kind { word, negation, conjunction, disjunction };
    Kind kind = Kind::word;
    std::string word;
    std::shared_ptr<const Node> left, right;
};

namespace {

using Node = NameFilter::Node;
using NodePointer = std::shared_ptr<const Node>;

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

class Parser {
  public:
    explicit Parser(std::string_view text) {
        std::string word;
        for (const char c : text) {
            const bool bracket = c == '(' || c == ')';
            if (bracket || c == ' ' || c == '\t') {
                if (!word.empty()) {
                    tokens_.push_back(std::move(word));
                    word.clear();
                }
                if (bracket) {
                    tokens_.emplace_back(1, c);
                }
            } else {
                word += c;
            }
        }
        if (!word.empty()) {
            tokens_.push_back(std::move(word));
        }
    }

    NodePointer parse() {
        NodePointer all = disjunction();
        return all && at_ == tokens_.size() ? all : nullptr;
    }
    // Where it went wrong.
    [[nodiscard]] std::string stopped_at() const {
        return at_ < tokens_.size() ? tokens_[at_] : "the end";
    }

  private:
    bool take(std::string_view token) {
        if (at_ < tokens_.size() && tokens_[at_] == token) {
            ++at_;
            return true;
        }
        return false;
    }
    NodePointer joined(Node::Kind kind, NodePointer left, NodePointer right) {
        if (!right) {
            return nullptr;
        }
        return std::make_shared<const Node>(Node{kind, {}, std::move(left), std::move(right)});
    }
    NodePointer disjunction() {
        NodePointer left = conjunction();
        while (left && take("or")) {
            left = joined(Node::Kind::disjunction, left, conjunction());
        }
        return left;
    }
    NodePointer conjunction() {
        NodePointer left = factor();
        while (left && take("and")) {
            left = joined(Node::Kind::conjunction, left, factor());
        }
        return left;
    }
    NodePointer factor() {
        // Deep nesting is no expression that a person typed.
        constexpr int deepest = 100;
        if (++depth_ > deepest) {
            return nullptr;
        }
        NodePointer result;
        if (take("not")) {
            result = joined(Node::Kind::negation, nullptr, factor());
        } else if (take("(")) {
            result = disjunction();
            if (!take(")")) {
                return nullptr;
            }
        } else if (at_ < tokens_.size() && tokens_[at_] != ")" && tokens_[at_] != "and" &&
                   tokens_[at_] != "or") {
            result = std::make_shared<const Node>(
                Node{Node::Kind::word, tokens_[at_++], nullptr, nullptr});
        }
        --depth_;
        return result;
    }

    std::vector<std::string> tokens_;
    std::size_t at_ = 0;
    int depth_ = 0;
};

bool holds(const Node& node, const std::string& name, const std::string& lower_name) {
    switch (node.kind) {
        case Node::Kind::word:
            return node.word.find_first_of("*?[") != std::string::npos
                       ? glob_match(node.word, name)
                       : lower_name.find(lower(node.word)) != std::string::npos;
        case Node::Kind::negation:
            return !holds(*node.right, name, lower_name);
        case Node::Kind::conjunction:
            return holds(*node.left, name, lower_name) && holds(*node.right, name, lower_name);
        case Node::Kind::disjunction:
            return holds(*node.left, name, lower_name) || holds(*node.right, name, lower_name);
    }
    return false;
}

}  // namespace

Result<NameFilter> NameFilter::parse(std::string_view expression) {
    Parser parser(expression);
    NodePointer root = parser.parse();
    if (!root) {
        return fail(ErrorKind::usage,
                    fmt::format("'{}' makes no sense at '{}'", expression, parser.stopped_at()),
                    "words joined by 'and', 'or', 'not' and parentheses: 'mpi and not slow'");
    }
    return NameFilter(std::move(root));
}

bool NameFilter::matches(const std::string& name) const {
    return holds(*root_, name, lower(name));
}

}  // namespace pavtest::run
