// Folding records, restart after restart.
#include "run/ledger.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/file.h"
#include "status/states.h"

namespace pavtest::run {

namespace {

using status::Record;
using status::Role;

constexpr std::uint64_t kReadLimit = 1ULL << 30;
constexpr std::string_view kInfo = status::state::info;

// The first end of a test in one restart, in the order (role, sequence).
struct FirstEnd {
    std::pair<Role, std::uint64_t> place;
    bool again = false;
    status::Verdict verdict = status::Verdict::none;
};

class Fold {
  public:
    explicit Fold(Ledger& ledger) : ledger_(ledger) {}

    // `here`: it is a journal of the restart that is asked about.
    void read(const Directory& directory, const std::string& name, bool here) {
        const auto text = directory.read(name, kReadLimit);
        std::string_view rest = text ? std::string_view(*text) : std::string_view();
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find('\n'), rest.size());
            if (const auto record = status::decode(rest.substr(0, end))) {
                take(*record, here);
            }
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }

    // What the ends of the restart that was read mean. Called once after each.
    void close_restart(bool here) {
        for (const auto& [index, end] : ends_) {
            TestEntry& entry = ledger_.tests[index];
            if (entry.finished) {
                continue;
            }
            entry.finished = !end.again;
            entry.ended_here = here;
            entry.verdict = end.verdict;
        }
        ends_.clear();
    }

  private:
    void take(const Record& record, bool here) {
        const bool of_a_test = record.test || !record.tests.empty();
        if (record.role == Role::runner && here) {
            if (!ledger_.runner_started) {
                ledger_.runner_data = record.data;
            }
            ledger_.runner_started = true;
        }
        if (!of_a_test) {
            ledger_.session_ended |= record.end && here;
            ledger_.left_some_out |= here && record.role == Role::runner && record.state == kInfo;
            return;
        }
        if ((record.role == Role::submit || (record.role == Role::prolog && here)) &&
            !record.state.empty()) {
            ledger_.before.push_back(
                {record.when, record.state, record.note, record.tests, record.test});
        }
        if (record.test) {
            take_of_test(record, *record.test, here);
            return;
        }
        if (record.end) {
            const auto last = static_cast<std::uint32_t>(ledger_.tests.size());
            for (const auto& [from, to] : status::parse_tests(record.tests)) {
                for (std::uint32_t index = from; index < last && index <= to; ++index) {
                    take_of_test(record, index, here);
                }
            }
        }
    }

    void take_of_test(const Record& record, std::uint32_t index, bool here) {
        if (index >= ledger_.tests.size()) {
            return;
        }
        TestEntry& entry = ledger_.tests[index];
        if (record.role == Role::runner) {
            entry.attempts = std::max(entry.attempts, record.attempt);
            entry.begun_here |= here && !record.end;
        }
        // A submission that seemed to be refused, and yet there is a job: it was not.
        if (!record.end || record.cause == status::Cause::refused) {
            return;
        }
        const FirstEnd end{{record.role, record.seq}, record.again, record.result};
        const auto [found, added] = ends_.emplace(index, end);
        if (!added && end.place < found->second.place) {
            found->second = end;
        }
    }

    Ledger& ledger_;
    std::map<std::uint32_t, FirstEnd> ends_;
};

}  // namespace

bool CommonState::holds_for(std::uint32_t index) const {
    return test ? *test == index : status::names_test(tests, index);
}

std::vector<std::uint32_t> Ledger::open_tests() const {
    std::vector<std::uint32_t> open;
    for (std::uint32_t index = 0; index < tests.size(); ++index) {
        if (!tests[index].finished && !tests[index].ended_here) {
            open.push_back(index);
        }
    }
    return open;
}

Ledger read_ledger(const session::SessionDirectory& session, session::JobKey key,
                   std::uint32_t tests) {
    Ledger ledger;
    ledger.tests.resize(tests);
    Fold fold(ledger);
    fold.read(session.directory(), "submit.jsonl", false);
    fold.close_restart(false);
    for (std::uint32_t restart = 0; restart <= key.restart; ++restart) {
        const auto directory = session.job_directory({key.job, restart});
        const auto names = directory ? directory->names() : Result<std::vector<std::string>>{};
        if (!names) {
            continue;
        }
        for (const std::string& name : *names) {
            if (name.starts_with("journal.") && !name.starts_with("journal.user-")) {
                fold.read(*directory, name, restart == key.restart);
            }
        }
        fold.close_restart(restart == key.restart);
    }
    return ledger;
}

}  // namespace pavtest::run
