// What becomes of an attempt that is over: the test's end, or another attempt.
#include <fmt/format.h>

#include <algorithm>

#include "run/runner.h"

namespace pavtest::run {

namespace {

using status::Cause;
using status::Record;

bool wants_retry(const session::Retry& retry, const TestRun& test) {
    switch (test.verdict().result) {
        case status::Verdict::fail:
            return retry.on_fail;
        case status::Verdict::error:
            return retry.on_error;
        case status::Verdict::none:
            return test.lost_its_node() && retry.on_node_failure;
        case status::Verdict::pass:
            break;
    }
    return false;
}

bool is_trouble(const Verdict& verdict) {
    return verdict.result == status::Verdict::fail || verdict.result == status::Verdict::error;
}

}  // namespace

void Runner::conclude(Running running) {
    TestRun& test = *running.test;
    const session::Retry retry = session::read_retry(test.test().config).value_or(session::Retry{});
    const Attempt& attempt = test.attempt_made();
    if (attempt.here < attempt.most_here && wants_retry(retry, test)) {
        conclude_attempt(running, retry);
        return;
    }
    retried_.erase(test.test().index);
    test.conclude();
    const Verdict& verdict = test.verdict();
    if (options_.durations != nullptr && verdict.result != status::Verdict::none) {
        options_.durations->note(test.test().name, test.duration());
    }
    if (test.lost_its_node()) {
        ++tally_.interrupted;
    } else {
        tally_.count(verdict.result);
    }
    tally_.retried += attempt.here > 1 ? 1 : 0;
    report_.ended(running.place, test.test().name, verdict, test.duration());
    if (is_trouble(verdict)) {
        troubles_.push_back({test.test().name, verdict, test.nodes(), test.log_path()});
    }
}

// Kept as it ended, and once more into the packing.
void Runner::conclude_attempt(Running& running, const session::Retry& retry) {
    TestRun& test = *running.test;
    test.conclude_attempt();
    Retried& entry = retried_[test.test().index];
    entry.made = test.attempt_made().here;
    entry.place = running.place;
    entry.last = test.verdict();
    entry.duration = test.duration();
    entry.trouble = {test.test().name, test.verdict(), test.nodes(), test.log_path()};
    for (std::size_t i = 0; i < packer_.nodes().size(); ++i) {
        const auto& names = test.node_names();
        if (std::find(names.begin(), names.end(), packer_.nodes()[i].name) != names.end()) {
            entry.nodes.insert(i);
        }
    }
    packer_.again({test.test().index, session::needs_of(test.test()), 0},
                  retry.elsewhere ? entry.nodes : std::set<std::size_t>{});
    Verdict shown = test.verdict();
    shown.reason += fmt::format("; {}, runs again", test.attempt_made().text());
    report_.ended(running.place, test.test().name, shown, test.duration());
}

// What the last attempt found is then what is known.
void Runner::no_further_attempt(std::uint32_t index, const std::string& why) {
    const auto found = retried_.find(index);
    Retried entry = std::move(found->second);
    retried_.erase(found);
    entry.last.reason += "; no further attempt: " + why;
    Record end;
    end.test = index;
    end.attempt = world_.ledger.tests[index].attempts + entry.made;
    end.state = entry.last.state;
    end.end = true;
    end.result = entry.last.result;
    end.cause = entry.last.cause;
    end.again = entry.last.cause == Cause::node_failure;
    end.note = end.result == status::Verdict::none
                   ? entry.last.reason
                   : fmt::format("{}: {}", status::to_string(end.result), entry.last.reason);
    world_.recorder.record(std::move(end));
    if (entry.last.cause == Cause::node_failure) {
        ++tally_.interrupted;
    } else {
        tally_.count(entry.last.result);
    }
    report_.ended(entry.place, entry.trouble.name, entry.last, entry.duration);
    if (is_trouble(entry.last)) {
        entry.trouble.verdict = entry.last;
        troubles_.push_back(std::move(entry.trouble));
    }
}

}  // namespace pavtest::run
