// Merging: one pass over the records, pointers until the end, text only in the result.
#include "session/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/hostlist.h"
#include "status/states.h"

namespace pavtest::session {

namespace {

using status::Cause;
using status::Record;
using status::Role;
namespace state = status::state;

constexpr std::size_t kFlawsKept = 100;

// Whether a record of this restart came after the restart was settled. Records of nodes may
// come late (a spool): they count, but for ends.
bool is_late(const SourcedRecord& each, const std::map<std::string, std::uint64_t>& seen) {
    const Record& record = each.record;
    if (record.role == Role::settle || record.role == Role::submit) {
        return false;
    }
    const auto known = seen.find(each.file.substr(each.file.rfind('/') + 1));
    if (known != seen.end() && record.seq <= known->second) {
        return false;
    }
    return record.end || record.role == Role::runner || record.role == Role::user;
}

// The first record that settled this restart and says what there was.
std::optional<std::map<std::string, std::uint64_t>> seen_when_settled(const SourcedRecord* begin,
                                                                      const SourcedRecord* end) {
    for (const SourcedRecord* each = begin; each != end; ++each) {
        const Record& record = each->record;
        if (record.role == Role::settle && record.end) {
            if (auto seen = seen_of(record)) {
                return seen;
            }
        }
    }
    return std::nullopt;
}

// A thousand nodes say of ten thousand tests that they are being prepared: only the last of
// such records in a row is worth applying to each test.
bool says_nothing_after(const Record& record, const Record& next) {
    const auto plain = [](const Record& each) {
        return !each.tests.empty() && !each.state.empty() && !each.end && each.attempt == 0 &&
               each.nodes.empty() && !each.return_value && !each.signal && !each.duration &&
               each.role == Role::prolog && each.state != state::running &&
               each.state != state::info;
    };
    return plain(record) && plain(next) && record.tests == next.tests;
}

// When what a record tells happened: Slurm's time where it is an answer of Slurm's.
std::optional<Timestamp> time_of(const Record* record, std::string_view data_key) {
    if (record == nullptr) {
        return std::nullopt;
    }
    if (record->role == Role::settle) {
        if (const auto when = from_rfc3339(data_text(*record, data_key))) {
            return when;
        }
    }
    return record->when;
}

}  // namespace

bool test_may_speak(std::string_view state) {
    return state == state::running || state == state::building || state == state::run_user ||
           state == state::prepping_run;
}

bool JobView::settled() const {
    return ended && cause != Cause::pending &&
           std::all_of(tests.begin(), tests.end(), [](const TestView& test) {
               return test.ended_for_good && test.cause != Cause::pending;
           });
}

bool Subject::awaits_restart() const {
    if (end == nullptr || !end->again || completion != nullptr || end->role == Role::settle) {
        return false;
    }
    switch (end->cause) {
        case Cause::none:
        case Cause::pending:
        case Cause::requeued:
        case Cause::preempted:
        case Cause::node_failure:
            return true;
        default:
            return false;
    }
}

bool SessionView::awaits_tasks() const {
    const bool some_never_started = std::any_of(
        jobs.begin(), jobs.end(), [](const JobView& job) { return job.job && !job.has_directory; });
    return array_count > jobs.size() && !some_never_started;
}

void Merge::add(std::vector<SourcedRecord>& records) {
    for (std::size_t first = 0; first < records.size();) {
        std::size_t last = first;
        while (last < records.size() &&
               records[last].record.restart == records[first].record.restart) {
            ++last;
        }
        add_restart(records.data() + first, records.data() + last);
        first = last;
    }
}

void Merge::add_restart(SourcedRecord* begin, SourcedRecord* end) {
    if (begin->record.restart.value_or(0) > restart_) {
        restart_ = *begin->record.restart;
        runner_spoke_ = runner_named_state_ = node_spoke_ = false;
        first_ = nullptr;
        not_known_since_.reset();
        seen_.clear();
        seen_at_look_.clear();
        if (!session_.final()) {
            session_.end = session_.completion = nullptr;
        }
    }
    const auto seen = seen_when_settled(begin, end);
    for (SourcedRecord* each = begin; each != end; ++each) {
        if (seen && is_late(*each, *seen)) {
            each->ignored = true;
            flaw(*each, "came after its restart was settled");
            continue;
        }
        add_one(*each, each + 1 != end && says_nothing_after(each->record, (each + 1)->record));
    }
}

void Merge::flaw(const SourcedRecord& each, std::string what) {
    if (flaws_.size() < kFlawsKept) {
        flaws_.push_back({each.file, 0, fmt::format("record {}: {}", each.record.seq, what)});
    }
}

Merge::Effect Merge::apply(Subject& subject, const Record& record) {
    if (record.role == Role::user) {
        // Read after all of the runner's records: it shows only while the test still runs.
        const bool shows = subject.end == nullptr && subject.shown != nullptr &&
                           test_may_speak(subject.shown->state) && !record.state.empty() &&
                           (record.attempt == 0 || record.attempt == subject.attempt);
        if (shows) {
            subject.shown = &record;
        }
        subject.had |= status::state_bit(record.state);
        return Effect::used;
    }
    if (subject.end != nullptr) {
        const bool same_restart = subject.end->restart == record.restart;
        if (same_restart || subject.final()) {
            const bool open =
                subject.end->cause == Cause::pending || (subject.end->again && record.end);
            const bool completes =
                record.role == Role::settle && record.cause != Cause::none && open &&
                (subject.completion == nullptr || subject.completion->cause == Cause::pending);
            if (completes) {
                subject.completion = &record;
                subject.had |= status::state_bit(record.state);
                return Effect::used;
            }
            // Two people may have asked Slurm at the same time: no fault of theirs.
            return record.end && same_restart && record.role != Role::settle ? Effect::second_end
                                                                             : Effect::ignored;
        }
        // It was interrupted, and this restart goes on with it.
        subject.end = subject.completion = nullptr;
        subject.running = subject.exit = subject.lasted = nullptr;
    }
    subject.had |= status::state_bit(record.state);
    if (record.attempt > subject.attempt) {
        subject.attempt = record.attempt;
        subject.running = subject.exit = subject.lasted = nullptr;
    }
    if (!record.state.empty() && (record.state != state::info || subject.shown == nullptr)) {
        subject.shown = &record;
    }
    if (record.state == state::running) {
        subject.running = &record;
    }
    if (record.return_value || record.signal) {
        subject.exit = &record;
    }
    if (record.duration) {
        subject.lasted = &record;
    }
    if (!record.nodes.empty()) {
        subject.placed = &record;
    }
    if (record.end) {
        subject.end = &record;
    }
    return Effect::used;
}

void Merge::add_node(const SourcedRecord& each) {
    const Record& record = each.record;
    NodeView& node = nodes_[record.host];
    node.name = record.host;
    if (record.restart.value_or(0) > node.restart) {
        node.joined = node.left = std::nullopt;
        node.joined_by.clear();
        node.left_by.clear();
        node.restart = *record.restart;
    }
    // A hook gives its own records a key as well; only what root composed names a store.
    const std::string_view by =
        data_text(record, "store").empty() ? to_string(record.role) : "spool";
    if (record.node == "joined" && !node.joined) {
        node.joined = record.when;
        node.joined_by = by;
    } else if (record.node == "left") {
        node.left = record.when;
        node.left_by = by;
    }
    if (!record.data.empty()) {
        node.data = record.data;
    }
}

// What is_late() will ask for, should this restart be settled now.
void Merge::add_to_seen(const SourcedRecord& each) {
    const Record& record = each.record;
    if (record.role == Role::runner || record.role == Role::user ||
        (record.end && record.role != Role::settle && record.role != Role::submit)) {
        seen_[each.file.substr(each.file.rfind('/') + 1)] = record.seq;
    }
}

// Slurm did not know the job. What was written since tells that somebody lives.
void Merge::add_look(const Record& record) {
    if (record.role != Role::settle || data_text(record, "look") != "not known") {
        return;
    }
    auto seen = seen_of(record).value_or(std::map<std::string, std::uint64_t>{});
    if (!not_known_since_ || seen != seen_at_look_) {
        not_known_since_ = record.when;
        seen_at_look_ = std::move(seen);
    }
}

void Merge::add_array(const Record& record) {
    if (record.role != Role::runner || record.data.find("\"array\"") == std::string::npos) {
        return;
    }
    const auto numbers =
        data_numbers(record, "array").value_or(std::map<std::string, std::uint64_t>{});
    const auto number = [&](const char* name) {
        const auto found = numbers.find(name);
        return found == numbers.end() ? 0U : static_cast<std::uint32_t>(found->second);
    };
    array_job_ = number("job");
    array_count_ = number("count");
}

void Merge::add_one(SourcedRecord& each, bool overwritten) {
    const Record& record = each.record;
    add_to_seen(each);
    if (has_job_ && record.end && record.role == Role::submit && record.cause == Cause::refused) {
        // A job that has a directory was not refused, whatever sbatch's exit status says.
        each.ignored = true;
        flaw(each, "says that the submission was refused, but there is a job");
        return;
    }
    const bool from_node = record.role == Role::prolog || record.role == Role::epilog;
    if (from_node || record.role == Role::runner) {
        first_ = first_ == nullptr || record.when < first_->when ? &record : first_;
        node_spoke_ = node_spoke_ || from_node;
    }
    if (!record.node.empty()) {
        add_node(each);
    }
    Effect effect = Effect::ignored;
    const auto apply_to_test = [&](std::uint32_t index) {
        const Effect one = apply(tests_[index], record);
        if (one == Effect::second_end) {
            flaw(each, fmt::format("a second end of test {}", index));
        }
        effect = one == Effect::used || effect == Effect::ignored ? one : effect;
    };
    if (record.test) {
        if (*record.test >= tests_.size()) {
            flaw(each, fmt::format("there is no test {}", *record.test));
        } else {
            apply_to_test(*record.test);
        }
    } else if (overwritten) {
        effect = Effect::used;
    } else if (!record.tests.empty()) {
        for (const auto& [first, last] : status::parse_tests(record.tests)) {
            for (std::size_t i = first; i <= last && i < tests_.size(); ++i) {
                apply_to_test(static_cast<std::uint32_t>(i));
            }
        }
    } else if (!record.node.empty()) {
        effect = Effect::used;
    } else if (record.role != Role::user) {
        effect = apply(session_, record);
        if (effect == Effect::second_end) {
            flaw(each, "a second end of the session");
        }
        if (record.role == Role::submit && record.state == state::scheduled) {
            accepted_ = record.when;
        }
        runner_named_state_ =
            runner_named_state_ || (record.role == Role::runner && !record.state.empty());
        add_look(record);
        add_array(record);
    }
    const bool of_tests = record.test || !record.tests.empty();
    runner_spoke_ = runner_spoke_ || (record.role == Role::runner && of_tests);
    each.ignored = effect != Effect::used;
}

// Where nobody named the state of the session itself, it follows from who has spoken.
void Merge::name_state(JobView& view) const {
    if (session_.end == nullptr && !runner_named_state_ && (runner_spoke_ || node_spoke_)) {
        view.state = runner_spoke_ ? state::running : state::prepping_run;
        view.source = runner_spoke_ ? Role::runner : Role::prolog;
        view.when = first_->when;
        view.note.clear();
    } else if (view.state.empty()) {
        view.state = state::unknown;
        view.note = "no record says anything of it";
    }
}

std::string Merge::job_nodes() const {
    if (session_.placed != nullptr) {
        return session_.placed->nodes;
    }
    std::vector<std::string> names;
    for (const auto& [name, node] : nodes_) {
        if (node.restart == restart_) {
            names.push_back(name);
        }
    }
    return compress_hostlist(names);
}

namespace {

// State, note, cause and source of a subject, alike for tests and sessions.
template <class View>
void fill_end(const Subject& subject, View& view) {
    const Record* const shown = subject.end != nullptr ? subject.end : subject.shown;
    if (shown == nullptr) {
        return;
    }
    view.state = shown->state;
    view.note = shown->note;
    view.source = shown->role;
    view.when = shown->when;
    if (subject.end == nullptr) {
        return;
    }
    view.cause = subject.end->cause;
    view.again = subject.awaits_restart();
    if (const Record* const answer = subject.completion) {
        view.cause = answer->cause;
        view.source = answer->role;
        view.when = answer->when;
        view.state = answer->state.empty() ? view.state : answer->state;
        view.note = answer->note.empty() ? view.note : answer->note;
    }
}

TestView test_view(const Subject& subject, std::uint32_t index) {
    TestView view;
    view.index = index;
    fill_end(subject, view);
    if (view.state.empty()) {
        view.state = state::unknown;
        view.note = "no record says anything of it";
    }
    view.attempt = subject.attempt;
    view.had = subject.had;
    view.ended_for_good = subject.end != nullptr && !subject.awaits_restart();
    if (subject.running != nullptr) {
        view.started = subject.running->when;
    }
    if (subject.end != nullptr) {
        view.result = subject.end->result;
        view.ended = time_of(subject.end, "ended");
    }
    if (subject.exit != nullptr) {
        view.return_value = subject.exit->return_value;
        view.signal = subject.exit->signal;
    }
    if (subject.lasted != nullptr) {
        view.duration = subject.lasted->duration;
    }
    if (subject.placed != nullptr) {
        view.nodes = subject.placed->nodes;
    }
    return view;
}

}  // namespace

JobView Merge::view(const Header& header, const JobRecords& job) const {
    JobView view;
    view.job = job.job;
    view.restarts = job.keys.empty() ? restart_ : job.keys.back().restart;
    fill_end(session_, view);
    view.ended = session_.end != nullptr && !session_.awaits_restart();
    name_state(view);
    view.submitted = header.created;
    if (first_ != nullptr) {
        view.started = first_->when;
    } else if (session_.end != nullptr) {
        view.started = from_rfc3339(data_text(*session_.end, "started"));
    }
    view.ended_at = time_of(session_.end, "ended");
    view.nodes = job_nodes();
    view.tests.reserve(tests_.size());
    for (std::size_t i = 0; i < tests_.size(); ++i) {
        view.tests.push_back(test_view(tests_[i], static_cast<std::uint32_t>(i)));
    }
    view.node_views = nodes_;
    view.runner_spoke = runner_spoke_ || runner_named_state_;
    view.array_job = array_job_;
    view.array_count = array_count_;
    view.has_directory = has_job_;
    view.seen = seen_;
    view.seen_at_look = seen_at_look_;
    view.not_known_since = not_known_since_;
    view.flaws = job.flaws;
    view.flaws.insert(view.flaws.end(), flaws_.begin(), flaws_.end());
    return view;
}

}  // namespace pavtest::session
