// A test's own words.
#include "cmd/pavstat/set.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>

#include "session/journal.h"
#include "session/store.h"
#include "status/append_log.h"
#include "status/record.h"
#include "status/states.h"
#include "status/status_file.h"

namespace pavtest::cmd {

namespace {

Result<std::string> variable(const Environment& environment, const std::string& name) {
    const auto value = environment.get(name);
    if (!value || value->empty()) {
        return fail(ErrorKind::usage, fmt::format("{} is not set", name),
                    "'pavstat set' is for the scripts of tests, which pavrun starts");
    }
    return *value;
}

Result<std::uint32_t> number(const Environment& environment, const std::string& name) {
    const auto text = variable(environment, name);
    if (!text) {
        return tl::make_unexpected(text.error());
    }
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc{} || end != text->data() + text->size()) {
        return fail(ErrorKind::usage, fmt::format("{} is '{}', no number", name, *text));
    }
    return value;
}

struct Speaker {
    session::SessionDirectory session;
    Directory job;
    session::JobKey key;
    std::uint32_t test = 0;
    std::uint32_t attempt = 1;
};

Result<Speaker> speaker(const Environment& environment) {
    const auto store_path = variable(environment, "PAVTEST_STORE");
    const auto id = variable(environment, "PAVTEST_SESSION");
    const auto job_text = variable(environment, "PAVTEST_JOB");
    const auto test = number(environment, "PAVTEST_TEST");
    for (const auto* text : {&store_path, &id, &job_text}) {
        if (!*text) {
            return tl::make_unexpected(text->error());
        }
    }
    if (!test) {
        return tl::make_unexpected(test.error());
    }
    const auto key = session::JobKey::from(*job_text);
    if (!key) {
        return fail(ErrorKind::usage, fmt::format("PAVTEST_JOB is '{}', no job", *job_text));
    }
    const auto store = session::Store::open(*store_path);
    if (!store) {
        return tl::make_unexpected(store.error());
    }
    auto session = store->open_session(*id);
    if (!session) {
        return tl::make_unexpected(session.error());
    }
    auto job = session->job_directory(*key);
    if (!job) {
        return tl::make_unexpected(job.error());
    }
    const std::uint32_t attempt = number(environment, "PAVTEST_ATTEMPT").value_or(1);
    return Speaker{*std::move(session), *std::move(job), *key, *test, attempt};
}

// Only the host whose runner writes the status files may append to one.
Result<> add_to_status_file(const Speaker& who, const std::string& host, const std::string& note,
                            const Clock& clock) {
    if (!who.job.has(session::journal_name(status::Role::runner, host))) {
        return {};
    }
    const auto directory = who.job.open_below(fmt::format("tests/{:04}", who.test));
    if (!directory || !directory->has("status")) {
        return {};
    }
    auto file = status::AppendLog::open(*directory, "status", who.session.file_mode());
    if (!file) {
        return tl::make_unexpected(file.error());
    }
    return file->append(status::format_status_line(clock.now(), status::state::run_user, note));
}

}  // namespace

Result<> set_user_state(const Environment& environment, const std::string& note,
                        const Clock& clock) {
    const auto who = speaker(environment);
    if (!who) {
        return tl::make_unexpected(who.error());
    }
    const std::string host = session::record_host(environment);
    auto journal = session::Journal::open(who->job, session::journal_name(status::Role::user, host),
                                          host, clock, who->session.file_mode());
    if (!journal) {
        return tl::make_unexpected(journal.error());
    }
    status::Record record;
    record.role = status::Role::user;
    record.job = who->key.job;
    record.restart = who->key.restart;
    record.test = who->test;
    record.attempt = who->attempt;
    record.state = status::state::run_user;
    record.note = note;
    if (auto appended = journal->append(std::move(record)); !appended) {
        return appended;
    }
    return add_to_status_file(*who, host, note, clock);
}

}  // namespace pavtest::cmd
