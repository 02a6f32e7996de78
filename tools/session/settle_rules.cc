// Slurm's states and ours.
#include "session/settle_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>

#include "session/id.h"
#include "status/states.h"

namespace pavtest::session {

namespace {

using status::Cause;
using status::Record;
using status::Role;
namespace state = status::state;

constexpr std::array<std::string_view, 10> kOver{
    "BOOT_FAIL", "CANCELLED",     "COMPLETED", "DEADLINE", "FAILED",
    "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "TIMEOUT",  "LAUNCH_FAILED"};
constexpr std::array<std::string_view, 3> kOther{"REQUEUED", "REVOKED", "RECONFIG_FAIL"};
constexpr std::string_view kCommentTag = "pavtest:";
constexpr std::size_t kIdLength = 12;
// The controller's clock and the submitting host's may differ by so much.
constexpr std::chrono::seconds kClockSlack{7200};
constexpr std::chrono::seconds kShortestForgetting{10};

Timestamp plus(Timestamp when, std::chrono::seconds seconds) {
    return {when.microseconds + seconds.count() * 1'000'000};
}

bool one_of(std::string_view word, const auto& words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

// "signal 9" or "exit code 3"; squeue gives the status of wait(), sacct CODE:SIGNAL.
std::string exit_text(const SlurmJob& job) {
    int code = 0;
    int signal = 0;
    const char* const end = job.exit_code.data() + job.exit_code.size();
    const auto [stop, error] = std::from_chars(job.exit_code.data(), end, code);
    if (error != std::errc{}) {
        return "exit code unknown";
    }
    if (stop != end && *stop == ':') {
        std::from_chars(stop + 1, end, signal);
    } else {
        signal = code & 0x7F;
        code = code >> 8;
    }
    return signal != 0 ? fmt::format("signal {}", signal) : fmt::format("exit code {}", code);
}

std::string reason_text(const SlurmJob& job) {
    return job.reason.empty() ? std::string{} : fmt::format(", reason {}", job.reason);
}

Ending failed_or_completed(const SlurmJob& job, bool runner_spoke) {
    if (never_started(job)) {
        return {std::string(state::sched_error), Cause::failed_to_start,
                fmt::format("Slurm could not start the job: {}{}", job.state, reason_text(job))};
    }
    if (!runner_spoke) {
        return {std::string(state::aborted), Cause::not_run,
                fmt::format("the job ended ({}, {}) without a word from pavrun", job.state,
                            exit_text(job))};
    }
    if (job.state == "FAILED") {
        return {std::string(state::aborted), Cause::runner_killed,
                fmt::format("the job failed ({}{}) before pavrun could finish", exit_text(job),
                            reason_text(job))};
    }
    return {std::string(state::aborted), Cause::unknown,
            "the job completed, but pavrun's last records never arrived"};
}

std::string seen_text(const JobView& job, const Ending* ending, const SlurmJob* slurm) {
    nlohmann::json data = nlohmann::json::object();
    data["seen"] = job.seen;
    if (ending == nullptr) {
        data["look"] = "not known";
    }
    if (slurm != nullptr) {
        data["slurm"] = {
            {"state", slurm->state}, {"reason", slurm->reason}, {"exit_code", slurm->exit_code}};
        if (slurm->started && !never_started(*slurm)) {
            data["started"] = to_rfc3339(*slurm->started);
        }
        if (slurm->ended) {
            data["ended"] = to_rfc3339(*slurm->ended);
        }
    }
    return data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

Standing standing(std::string_view slurm_state) {
    if (one_of(slurm_state, kOver)) {
        return Standing::over;
    }
    return one_of(slurm_state, kOther) ? Standing::other : Standing::live;
}

bool never_started(const SlurmJob& job) {
    return job.nodes.empty();
}

std::string_view session_in_comment(std::string_view comment) {
    const std::size_t tag = comment.find(kCommentTag);
    if (tag == std::string_view::npos) {
        return {};
    }
    const std::string_view id = comment.substr(tag + kCommentTag.size(), kIdLength);
    return is_id(id) ? id : std::string_view{};
}

bool is_job_of(const SlurmJob& job, const Header& header, std::uint32_t job_id) {
    if (job.job != job_id || (header.cluster && !same_cluster(job.cluster, *header.cluster))) {
        return false;
    }
    if (const std::string_view named = session_in_comment(job.comment); !named.empty()) {
        return named == header.id;
    }
    if (!job.submitted || *job.submitted < plus(header.created, -kClockSlack)) {
        return false;
    }
    // A requeue is a submission anew; without one the job was submitted with the session.
    return job.restarts.value_or(1) > 0 || *job.submitted <= plus(header.created, kClockSlack);
}

bool could_be_job_of(const SlurmJob& job, const SessionView& view, std::chrono::seconds slack) {
    const Header& header = view.header;
    if ((header.cluster && !same_cluster(job.cluster, *header.cluster)) || !job.submitted) {
        return false;
    }
    const Timestamp last = view.accepted.value_or(plus(header.created, std::chrono::seconds(60)));
    return session_in_comment(job.comment).empty() &&
           *job.submitted >= plus(header.created, -slack) && *job.submitted <= plus(last, slack);
}

Ending ending_of(const SlurmJob& job, bool runner_spoke) {
    const auto ending = [](std::string_view name, Cause cause, std::string note) {
        return Ending{std::string(name), cause, std::move(note)};
    };
    const std::string& slurm = job.state;
    if (slurm == "CANCELLED") {
        return ending(state::sched_cancelled, Cause::cancelled,
                      never_started(job) ? "the job was cancelled while it waited in the queue"
                                         : "the job was cancelled");
    }
    if (slurm == "TIMEOUT") {
        return ending(state::aborted, Cause::time_limit, "the job reached its time limit");
    }
    if (slurm == "DEADLINE") {
        return ending(state::sched_cancelled, Cause::cancelled,
                      "Slurm ended the job at its deadline (--deadline)");
    }
    if (slurm == "NODE_FAIL" || slurm == "BOOT_FAIL") {
        return ending(state::aborted, Cause::node_failure,
                      fmt::format("a node of the job failed ({}{})", slurm, reason_text(job)));
    }
    if (slurm == "OUT_OF_MEMORY") {
        return ending(state::aborted, Cause::out_of_memory, "the job ran out of memory");
    }
    if (slurm == "PREEMPTED") {
        return ending(state::aborted, Cause::preempted, "the job was preempted");
    }
    return failed_or_completed(job, runner_spoke);
}

Ending ending_of_forgotten(const JobView& job) {
    return {std::string(state::unknown), Cause::unknown,
            job.job ? fmt::format("Slurm no longer knows job {}, and nobody recorded how it ended",
                                  *job.job)
                    : "Slurm knows no job of this session any more, and no node ever reported one"};
}

std::vector<Record> settling_records(const Header& header, const JobView& job, const Ending& ending,
                                     const SlurmJob* slurm) {
    const std::set<std::uint32_t> skipped(header.skipped.begin(), header.skipped.end());
    std::vector<std::uint32_t> passed_over;
    std::vector<std::uint32_t> begun;
    std::vector<std::uint32_t> waiting;
    std::vector<std::uint32_t> undecided;
    for (const TestView& test : job.tests) {
        if (!test.ended_for_good && skipped.contains(test.index)) {
            passed_over.push_back(test.index);
        } else if (!test.ended_for_good) {
            (test.started ? begun : waiting).push_back(test.index);
        } else if (test.cause == Cause::pending) {
            undecided.push_back(test.index);
        }
    }
    Record base;
    base.role = Role::settle;
    base.job = job.job;
    base.end = true;
    base.cause = ending.cause;
    base.note = ending.note;
    const std::string data = seen_text(job, &ending, slurm);
    nlohmann::json times = nlohmann::json::parse(data);
    times.erase("seen");
    base.data = times.empty() ? "" : times.dump();

    std::vector<Record> records;
    const auto add_tests = [&](const std::vector<std::uint32_t>& tests, std::string_view name,
                               const std::string& note, Cause cause) {
        if (!tests.empty()) {
            Record record = base;
            record.cause = cause;
            // Should somebody requeue the job by hand, it goes on with these.
            record.again = cause != Cause::skipped;
            record.tests = status::test_ranges(tests);
            record.state = name;
            record.note = note;
            records.push_back(std::move(record));
        }
    };
    const bool had_nodes = job.started.has_value() || (slurm != nullptr && !never_started(*slurm));
    add_tests(passed_over, state::skipped, "skipped when the suite was resolved", Cause::skipped);
    add_tests(begun, ending.state, ending.note, ending.cause);
    add_tests(waiting, ending.state,
              had_nodes ? ending.note + ", before this test had started" : ending.note,
              ending.cause);
    // A cancel is a state of its own; otherwise the end keeps the state that it had.
    const bool cancelled = ending.state == state::sched_cancelled;
    add_tests(undecided, cancelled ? state::sched_cancelled : "", ending.note, ending.cause);
    if (!job.ended || job.cause == Cause::pending) {
        Record record = base;
        const bool all_ended = begun.empty() && waiting.empty() && undecided.empty();
        const bool finished = all_ended && job.runner_spoke && !job.ended && slurm != nullptr &&
                              (slurm->state == "COMPLETED" || slurm->state == "FAILED");
        record.state = job.ended && !cancelled ? "" : ending.state;
        if (finished) {
            record.state = state::complete;
            record.cause = Cause::finished;
            record.note = "all tests had ended";
        }
        record.again = !finished;
        record.data = data;
        records.push_back(std::move(record));
    }
    return records;
}

Record look_record(const JobView& job) {
    Record record;
    record.role = Role::settle;
    record.job = job.job;
    record.state = state::info;
    record.note = job.job ? fmt::format(
                                "Slurm does not know job {}; it counts as gone if that is "
                                "still so after MinJobAge",
                                *job.job)
                          : "Slurm knows no job of this session; it counts as gone if that is "
                            "still so after MinJobAge";
    record.data = seen_text(job, nullptr, nullptr);
    return record;
}

bool forgotten(const JobView& job, Timestamp now, std::chrono::seconds min_job_age) {
    const std::chrono::seconds age = min_job_age.count() == 0
                                         ? std::chrono::seconds(300)  // jobs are never forgotten
                                         : std::max(min_job_age, kShortestForgetting);
    return job.not_known_since && job.seen == job.seen_at_look &&
           now >= plus(*job.not_known_since, age);
}

}  // namespace pavtest::session
