// The rules, without files.
#include "run/epilog_ends.h"

#include <fmt/format.h>

#include <charconv>

#include "status/states.h"

namespace pavtest::run {

namespace {

using status::Cause;
using status::Record;

struct Reason {
    Cause cause = Cause::pending;
    std::string note;
};

std::string describe_exit(const std::optional<JobExit>& exit) {
    // Slurm says 0:0 also of what it cancelled or never started.
    if (!exit || (exit->status == 0 && exit->signal == 0)) {
        return {};
    }
    return exit->signal != 0 ? fmt::format(" (signal {})", exit->signal)
                             : fmt::format(" (exit status {})", exit->status);
}

Reason without_runner(const EpilogFacts& facts) {
    constexpr int not_executable = 126;
    constexpr int not_found = 127;
    if (facts.script != "generated") {
        return {Cause::not_run, facts.script == "own" ? "the job's script never ran pavrun"
                                                      : "nobody ran pavrun in the allocation"};
    }
    if (facts.exit && (facts.exit->status == not_executable || facts.exit->status == not_found)) {
        return {Cause::failed_to_start, fmt::format("pavrun could not be started on this node{}",
                                                    describe_exit(facts.exit))};
    }
    return {Cause::pending,
            fmt::format("ended before pavrun started{}, cause pending", describe_exit(facts.exit))};
}

Reason reason_of(const Ledger& ledger, const EpilogFacts& facts) {
    if (facts.notice) {
        return {facts.notice->cause, facts.notice->text};
    }
    if (!ledger.runner_started) {
        return without_runner(facts);
    }
    if (ledger.left_some_out) {
        return {Cause::not_run, "the job's script did not have pavrun run it"};
    }
    // Slurm announces what it ends, in a file that was read: so it was somebody else.
    constexpr int kill_signal = 9;
    if (facts.output_readable && facts.exit && facts.exit->signal == kill_signal) {
        return {Cause::runner_killed, "pavrun was killed (signal 9), and not by Slurm"};
    }
    return {Cause::pending,
            fmt::format("pavrun ended without a word{}, cause pending", describe_exit(facts.exit))};
}

}  // namespace

std::optional<JobExit> parse_job_exit(const std::string& code2, const std::string& code) {
    const auto number = [](std::string_view text) -> std::optional<int> {
        int value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        return error == std::errc{} && end == text.data() + text.size() ? std::optional(value)
                                                                        : std::nullopt;
    };
    if (const std::size_t colon = code2.find(':'); colon != std::string::npos) {
        const auto status = number(std::string_view(code2).substr(0, colon));
        const auto signal = number(std::string_view(code2).substr(colon + 1));
        if (status && signal) {
            return JobExit{*status, *signal};
        }
    }
    if (const auto raw = number(code)) {
        constexpr int low_byte = 0xFF;
        constexpr int signal_bits = 0x7F;
        return JobExit{(*raw >> 8) & low_byte, *raw & signal_bits};
    }
    return std::nullopt;
}

std::vector<Record> epilog_ends(const Ledger& ledger, const EpilogFacts& facts) {
    std::vector<Record> records;
    const std::vector<std::uint32_t> open = ledger.open_tests();
    if (open.empty() && ledger.session_ended) {
        return records;
    }
    const Reason reason = reason_of(ledger, facts);
    Record end;
    end.role = status::Role::epilog;
    end.state = status::state::aborted;
    end.note = reason.note;
    end.end = true;
    end.again = true;
    end.cause = reason.cause;

    std::vector<std::uint32_t> never_begun;
    for (const std::uint32_t index : open) {
        if (ledger.tests[index].begun_here) {
            Record of_test = end;
            of_test.test = index;
            of_test.attempt = ledger.tests[index].attempts;
            records.push_back(std::move(of_test));
        } else {
            never_begun.push_back(index);
        }
    }
    if (!never_begun.empty()) {
        Record of_tests = end;
        of_tests.tests = status::test_ranges(never_begun);
        if (reason.cause != Cause::not_run) {
            of_tests.note = "not started: " + reason.note;
        }
        records.push_back(std::move(of_tests));
    }
    if (!ledger.session_ended) {
        if (open.empty() && ledger.runner_started) {
            // The runner died between its last test and its last line.
            end.state = status::state::complete;
            end.note = "all tests had ended; pavrun itself did not end in order";
            end.again = false;
            end.cause = Cause::finished;
        }
        records.push_back(std::move(end));
    }
    return records;
}

}  // namespace pavtest::run
