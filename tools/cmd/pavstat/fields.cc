// The fields and how each is said.
#include "cmd/pavstat/fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>

#include "base/hostlist.h"
#include "status/states.h"

namespace pavtest::cmd {

namespace {

using status::Cause;

template <class Number>
std::string or_blank(const std::optional<Number>& number) {
    return number ? fmt::format("{}", *number) : std::string{};
}

std::string or_blank(std::uint32_t number) {
    return fmt::format("{}", number);
}

// As SLURM_TIME_FORMAT says: "relative", a format of strftime's, or the standard one.
std::string time_text(const std::optional<Timestamp>& when, const Subject& it) {
    if (!when) {
        return {};
    }
    if (it.time_format.empty() || it.time_format == "standard") {
        return to_slurm_time(*when);
    }
    const std::time_t seconds = when->microseconds / 1'000'000;
    const std::time_t today = it.now.microseconds / 1'000'000;
    std::tm local{};
    std::tm now{};
    ::localtime_r(&seconds, &local);
    ::localtime_r(&today, &now);
    std::string format(it.time_format);
    if (format == "relative") {
        const bool this_year = local.tm_year == now.tm_year;
        format = this_year && local.tm_yday == now.tm_yday ? "%H:%M:%S"
                 : this_year                               ? "%d %b %H:%M"
                                                           : "%d %b %Y";
    }
    std::array<char, 256> text{};
    return {text.data(), std::strftime(text.data(), text.size(), format.c_str(), &local)};
}

// From start to end, or to now for what still runs; clocks that disagree make no negative.
std::string elapsed(const std::optional<Timestamp>& started, const std::optional<Timestamp>& ended,
                    bool over, Timestamp now) {
    if (!started || (over && !ended)) {
        return {};
    }
    const std::int64_t micro = ended.value_or(now).microseconds - started->microseconds;
    return to_slurm_duration(std::max<std::int64_t>(micro, 0) / 1'000'000);
}

std::string job_text(const Subject& it) {
    return or_blank(it.row->job.job);
}

std::string test_id(const Subject& it) {
    const std::string base = it.row->job.job ? job_text(it) : it.row->job.id;
    return it.test == nullptr ? base : fmt::format("{}.{}", base, it.test->view.index);
}

std::string nodes(const Subject& it) {
    return it.test != nullptr ? it.test->view.nodes : it.row->job.nodes;
}

std::string reason(const Subject& it) {
    if (it.test != nullptr) {
        return cause_text(it.test->view.cause);
    }
    if (it.row->live && it.row->live->state == "PENDING") {
        return it.row->live->reason;
    }
    return cause_text(it.row->job.cause);
}

std::string nodes_or_reason(const Subject& it) {
    const std::string names = nodes(it);
    const std::string why = reason(it);
    return why.empty() ? names : fmt::format("{}{}({})", names, names.empty() ? "" : " ", why);
}

std::string node_count(const Subject& it) {
    const auto names = expand_hostlist(nodes(it));
    return names ? fmt::format("{}", names->size()) : std::string{};
}

std::string state(const Subject& it) {
    return it.test != nullptr ? it.test->view.state : it.row->job.state;
}

std::string result(const Subject& it) {
    if (it.test != nullptr) {
        return std::string(to_string(it.test->view.result));
    }
    const index::Counts& counts = it.row->job.counts;
    if (counts.fail + counts.error > 0) {
        return counts.fail > 0 ? "FAIL" : "ERROR";
    }
    return counts.unfinished == 0 && counts.pass > 0 ? "PASS" : "";
}

std::string note(const Subject& it) {
    if (it.test == nullptr) {
        return it.row->job.note;
    }
    const session::TestView& test = it.test->view;
    const std::string cause = cause_text(test.cause);
    if (cause.empty() || test.note.find(cause) != std::string::npos) {
        return test.note;
    }
    return test.note.empty() ? cause : fmt::format("{}: {}", cause, test.note);
}

// A test's run alone, where it is known; else from its start until now.
std::string time_used(const Subject& it) {
    if (it.test == nullptr) {
        return elapsed(it.row->job.started, it.row->job.ended_at, it.row->job.ended, it.now);
    }
    const session::TestView& test = it.test->view;
    if (test.duration) {
        return to_slurm_duration(static_cast<std::int64_t>(*test.duration));
    }
    return elapsed(test.started, test.ended, test.ended.has_value(), it.now);
}

std::string source(const Subject& it) {
    const auto& role = it.test != nullptr ? it.test->view.source : it.row->job.source;
    return role ? std::string(to_string(*role)) : std::string{};
}

using Text = std::string (*)(const Subject&);

template <std::uint32_t index::Counts::*Member>
std::string count(const Subject& it) {
    return fmt::format("{}", it.row->job.counts.*Member);
}

template <std::string index::JobRow::*Member>
std::string text(const Subject& it) {
    return it.row->job.*Member;
}

template <auto JobMember, auto TestMember>
std::string time_of(const Subject& it) {
    return time_text(it.test != nullptr ? it.test->view.*TestMember : it.row->job.*JobMember, it);
}

template <auto Member>
std::string of_test(const Subject& it) {
    return it.test == nullptr ? std::string{} : or_blank(it.test->view.*Member);
}

constexpr std::array kFields{
    Field{'i', "jobid", ">JOBID", job_text, "Slurm's job id"},
    Field{'I', "session", "SESSION", text<&index::JobRow::id>, "session id"},
    Field{'j', "request", "REQUEST", text<&index::JobRow::request>, "what was asked for"},
    Field{'q', "suites", "SUITES", text<&index::JobRow::suites>, "its suites"},
    Field{'u', "user", "USER", text<&index::JobRow::user>, "who submitted it"},
    Field{'U', "uid", ">UID", [](const Subject& it) { return fmt::format("{}", it.row->job.uid); },
          "its number"},
    Field{'c', "cluster", "CLUSTER", text<&index::JobRow::cluster>, "cluster"},
    Field{'P', "partition", "PARTITION", text<&index::JobRow::partition>,
          "partition that the suite asked for"},
    Field{'a', "account", "ACCOUNT", text<&index::JobRow::account>, "account, likewise"},
    Field{'T', "state", "STATE", state, "state of the session or test"},
    Field{'t', "statecompact", "ST", [](const Subject& it) { return compact_state(state(it)); },
          "the same in two letters"},
    Field{'v', "result", "RESULT", result, "PASS, FAIL or ERROR"},
    Field{'n', "tests", ">TESTS", count<&index::Counts::total>, "tests in the session"},
    Field{'p', "pass", ">PASS", count<&index::Counts::pass>, "that passed"},
    Field{'f', "fail", ">FAIL", count<&index::Counts::fail>, "that failed"},
    Field{'E', "error", ">ERR", count<&index::Counts::error>, "that could not be tried"},
    Field{'s', "skipped", ">SKIP", count<&index::Counts::skipped>, "that were skipped"},
    Field{'l', "left", ">LEFT", count<&index::Counts::unfinished>, "without a result"},
    Field{'x', "test", ">TEST", of_test<&session::TestView::index>, "a test's number"},
    Field{'J', "name", "NAME",
          [](const Subject& it) { return it.test == nullptr ? std::string{} : it.test->name; },
          "a test's name"},
    Field{'z', "testid", "TESTID", test_id, "job and test, as -j takes them"},
    Field{'A', "attempt", ">TRY", of_test<&session::TestView::attempt>, "a test's attempt"},
    Field{'X', "returnvalue", ">EXIT", of_test<&session::TestView::return_value>,
          "a test's return value"},
    Field{'g', "signal", ">SIG", of_test<&session::TestView::signal>, "signal that ended a test"},
    Field{'d', "duration", ">SECONDS", of_test<&session::TestView::duration>,
          "a test's run in seconds"},
    Field{'V', "submittime", "SUBMIT_TIME",
          [](const Subject& it) { return time_text(it.row->job.submitted, it); }, "when submitted"},
    Field{'S', "starttime", "START_TIME",
          time_of<&index::JobRow::started, &session::TestView::started>, "when started"},
    Field{'e', "endtime", "END_TIME", time_of<&index::JobRow::ended_at, &session::TestView::ended>,
          "when ended"},
    Field{'w', "when", "WHEN", time_of<&index::JobRow::when, &session::TestView::when>,
          "when its state was written"},
    Field{'M', "time", ">TIME", time_used, "time used"},
    Field{'D', "numnodes", ">NODES", node_count, "number of nodes"},
    Field{'N', "nodelist", "NODELIST", nodes, "nodes"},
    Field{'R', "reasonlist", "NODELIST(REASON)", nodes_or_reason, "nodes and why"},
    Field{'r', "reason", "REASON", reason, "why it waits or ended"},
    Field{'W', "source", "SOURCE", source, "who says so"},
    Field{'b', "restarts", ">RESTARTS",
          [](const Subject& it) { return fmt::format("{}", it.row->job.restarts); },
          "how often Slurm started it again"},
    Field{'B', "submithost", "SUBMIT_HOST", text<&index::JobRow::submit_host>, "submitted from"},
    Field{'Z', "workdir", "WORK_DIR", text<&index::JobRow::submit_dir>, "directory, likewise"},
    Field{'k', "note", "NOTE", note, "what the last record says"},
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kOtherNames{
    {{"submit", "submittime"},
     {"start", "starttime"},
     {"end", "endtime"},
     {"elapsed", "time"},
     {"timeused", "time"},
     {"nnodes", "numnodes"},
     {"jobname", "request"},
     {"username", "user"},
     {"exitcode", "returnvalue"},
     {"comment", "note"}}};

}  // namespace

std::span<const Field> known_fields() {
    return kFields;
}

const Field* field_by_letter(char letter) {
    const auto* const found = std::find_if(
        kFields.begin(), kFields.end(), [&](const Field& field) { return field.letter == letter; });
    return found == kFields.end() ? nullptr : &*found;
}

const Field* field_by_name(std::string_view name) {
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    for (const auto& [other, ours] : kOtherNames) {
        if (lower == other) {
            lower = ours;
        }
    }
    const auto* const found = std::find_if(kFields.begin(), kFields.end(),
                                           [&](const Field& field) { return field.name == lower; });
    return found == kFields.end() ? nullptr : &*found;
}

std::string fields_help() {
    std::string text;
    for (const Field& field : kFields) {
        text += fmt::format("%{}  {:<14}{}\n", field.letter, field.name, field.help);
    }
    return text;
}

std::string compact_state(std::string_view state) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 18> kCompact{
        {{"COMPLETE", "CD"},
         {"RUNNING", "R"},
         {"SCHEDULED", "PD"},
         {"CREATED", "CR"},
         {"SKIPPED", "SK"},
         {"ABORTED", "AB"},
         {"BUILDING", "B"},
         {"BUILD_FAILED", "BF"},
         {"BUILD_ERROR", "BE"},
         {"RUN_TIMEOUT", "TO"},
         {"RUN_ERROR", "RE"},
         {"SCHED_CANCELLED", "CA"},
         {"SCHED_ERROR", "SE"},
         {"UNKNOWN", "UN"},
         {"PREPPING_RUN", "PR"},
         {"ENV_FAILED", "EF"},
         {"RESULTS_ERROR", "XE"},
         {"RUN_DONE", "RD"}}};
    for (const auto& [name, compact] : kCompact) {
        if (name == state) {
            return std::string(compact);
        }
    }
    return std::string(state.substr(0, 2));
}

std::string cause_text(Cause cause) {
    switch (cause) {
        case Cause::none:
        case Cause::finished:
        case Cause::skipped:
            return {};
        case Cause::pending:
            return "ended, cause pending";
        default:
            return std::string(to_string(cause));
    }
}

}  // namespace pavtest::cmd
