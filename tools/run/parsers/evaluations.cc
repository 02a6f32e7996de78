// A depth-first walk over what refers to what.
#include "run/parsers/evaluations.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace pavtest::parsers {

namespace {

class Walk {
  public:
    Walk(const Expressions& expressions, Map& results, Evaluator& evaluator)
        : expressions_(expressions), results_(results), evaluator_(evaluator) {}

    Evaluations run() {
        for (const auto& [name, expression] : expressions_) {
            auto references = evaluator_.references(expression);
            if (references) {
                out_.dependencies.emplace(name, std::move(*references));
            } else {
                fail_one(name, references.error());
            }
        }
        for (const auto& [name, expression] : expressions_) {
            visit(name);
        }
        return std::move(out_);
    }

  private:
    void visit(const std::string& name) {
        if (done_.count(name) > 0 || out_.failed.count(name) > 0) {
            return;
        }
        path_.push_back(name);
        std::string needs;
        for (const auto& reference : out_.dependencies[name]) {
            const std::string& other = reference.front();
            if (expressions_.count(other) == 0) {
                continue;
            }
            if (const auto loop = std::find(path_.begin(), path_.end(), other);
                loop != path_.end()) {
                report_loop({loop, path_.end()});
                continue;
            }
            visit(other);
            if (out_.failed.count(other) > 0) {
                needs = other;
            }
        }
        path_.pop_back();
        if (out_.failed.count(name) > 0) {
            return;
        }
        if (!needs.empty()) {
            fail_one(name, {ErrorKind::config,
                            fmt::format("it needs '{}', which failed", needs),
                            {},
                            std::nullopt});
            return;
        }
        auto value = evaluator_.evaluate(expressions_.at(name));
        if (!value) {
            fail_one(name, value.error());
            return;
        }
        evaluator_.define(name, *value);
        set(results_, name, std::move(*value));
        done_.insert(name);
    }

    void report_loop(std::vector<std::string> loop) {
        const bool known = std::all_of(loop.begin(), loop.end(), [&](const std::string& name) {
            return out_.failed.count(name) > 0;
        });
        out_.failed.insert(loop.begin(), loop.end());
        if (!known) {
            loop.push_back(loop.front());
            out_.errors.push_back(
                {ErrorKind::config,
                 fmt::format("result_evaluate: '{}' refer to each other in a loop",
                             join(loop, "' → '")),
                 {},
                 std::nullopt});
        }
    }

    void fail_one(const std::string& name, const Error& error) {
        out_.failed.insert(name);
        out_.errors.push_back(error.within(fmt::format("result_evaluate, key '{}'", name)));
    }

    const Expressions& expressions_;
    Map& results_;
    Evaluator& evaluator_;
    Evaluations out_;
    std::set<std::string> done_;
    std::vector<std::string> path_;
};

}  // namespace

Evaluations evaluate_all(const Expressions& expressions, Map& results, Evaluator& evaluator) {
    return Walk(expressions, results, evaluator).run();
}

}  // namespace pavtest::parsers
