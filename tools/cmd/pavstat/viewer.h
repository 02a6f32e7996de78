// Who looks, at what, and how it is shown: everything pavstat knows, as values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/environment.h"
#include "base/settings.h"
#include "base/time.h"
#include "session/slurm_questions.h"

namespace pavtest::cmd {

struct Viewer {
    Environment environment;
    Account account;
    Settings settings;
    const Clock* clock = nullptr;
    session::SlurmQuestions* slurm = nullptr;
};

/// What `-j` names: a job or a session, and perhaps one test of it.
struct Wish {
    std::string text;  // as typed
    std::string session;
    std::uint32_t job = 0;
    std::optional<std::uint32_t> test;
};

struct PavstatOptions {
    std::vector<Wish> wishes;        // none: the recent sessions
    std::vector<std::string> users;  // none: one's own
    std::vector<std::string> clusters;
    bool all_users = false;
    std::optional<Timestamp> since, until;
    std::vector<std::string> states, results, suites, tests, partitions, accounts, had, names;
    std::string nodes;  // a host list
    bool failed = false;
    bool of_tests = false;  // a line a test, and the filters are about tests
    bool no_header = false;
    bool offline = false;
    bool with_past = false;  // everything since `since` is wanted beside what was named
    /// What Slurm said a while ago, for who looks again without asking.
    std::map<std::string, std::vector<session::SlurmJob>> queue;
    Timestamp queue_at;
};

/// "4711", "4711.3", "1hf7yat00abc.3".
Result<Wish> parse_wish(const std::string& text);
/// "now-7days", "2026-11-21", "2026-11-21T20:26[:34]": as sacct takes them.
Result<Timestamp> parse_start_time(const std::string& text, Timestamp now);

}  // namespace pavtest::cmd
