// Prolog and epilog: each a fresh process that knows nothing of the other.
#include "run/hooks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "base/settings.h"
#include "run/delivery.h"
#include "run/epilog_ends.h"
#include "run/job_context.h"
#include "run/ledger.h"
#include "run/node_builds.h"
#include "run/node_facts.h"
#include "run/notices.h"
#include "run/process_mark.h"
#include "run/scratch.h"
#include "run/test_files.h"
#include "run/tree_kill.h"
#include "session/journal.h"
#include "session/store.h"
#include "status/states.h"
#include "status/status_file.h"

namespace pavtest::run {

namespace {

using nlohmann::json;
using status::Record;
using status::Role;

std::string dump(const json& document) {
    return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

json number_or_null(const std::string& text) {
    json value = json::parse(text, nullptr, false);
    return value.is_number() ? value : json();
}

// A hook's place: its job, session and journal.
class Hook {
  public:
    static Result<Hook> open(const HookCall& call, Role role, const Clock& clock) {
        auto job = job_context(call.environment);
        if (!job) {
            return tl::make_unexpected(job.error());
        }
        const auto store = session::Store::open(call.environment.get_or("PAVTEST_STORE", ""));
        auto session = store ? store->open_session(call.environment.get_or("PAVTEST_SESSION", ""))
                             : tl::make_unexpected(store.error());
        if (!session) {
            return tl::make_unexpected(session.error());
        }
        auto directory = session->make_job_directory(job->key);
        if (!directory) {
            return tl::make_unexpected(directory.error());
        }
        auto journal = session::Journal::open(*directory, session::journal_name(role, job->node),
                                              job->node, clock, session->file_mode());
        if (!journal) {
            return tl::make_unexpected(journal.error());
        }
        return Hook(
            std::move(*job), std::move(*session), std::move(*directory), std::move(*journal), role,
            clock,
            call.environment.get_or("PAVTEST_HOOK_SEQUENCE", role == Role::prolog ? "0" : "1"));
    }

    // Once for each key, however often the hook is run.
    Result<> append_once(Record record, std::string_view key_suffix = {}) {
        record.key = fmt::format("{}/{}/{}/{}/{}{}", session.id(), job.key.job, job.key.restart,
                                 job.node, sequence_, key_suffix);
        record.when = clock_->now();
        record.host = job.node;
        return append(std::move(record));
    }
    Result<> append(Record record) {
        record.role = role_;
        record.job = job.key.job;
        record.restart = job.key.restart;
        return journal_.append(std::move(record));
    }

    JobContext job;
    session::SessionDirectory session;
    Directory directory;

  private:
    Hook(JobContext the_job, session::SessionDirectory the_session, Directory the_directory,
         session::Journal journal, Role role, const Clock& clock, std::string sequence)
        : job(std::move(the_job)),
          session(std::move(the_session)),
          directory(std::move(the_directory)),
          journal_(std::move(journal)),
          role_(role),
          clock_(&clock),
          sequence_(std::move(sequence)) {}

    session::Journal journal_;
    Role role_;
    const Clock* clock_;
    std::string sequence_;
};

// How far the store's clock is ahead: the time that its server gave to what we just wrote.
std::optional<double> store_offset(const Hook& hook, const Clock& clock) {
    struct stat info {};
    const std::string name = session::journal_name(Role::prolog, hook.job.node);
    if (::fstatat(hook.directory.fd(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
        return std::nullopt;
    }
    const double written =
        static_cast<double>(info.st_mtim.tv_sec) + static_cast<double>(info.st_mtim.tv_nsec) / 1e9;
    return written - static_cast<double>(clock.now().microseconds) / 1e6;
}

// Facts are good to have; a node without them still takes part.
Result<> write_facts(const Hook& hook, const Clock& clock) {
    NodeFacts facts = node_facts(hook.job.node);
    facts.clock.store_offset = store_offset(hook, clock);
    auto directory =
        session::make_directory(hook.directory, "facts", hook.session.directory_mode());
    if (!directory) {
        return tl::make_unexpected(directory.error());
    }
    auto file = open_with_mode(*directory, hook.job.node + ".json", O_WRONLY | O_TRUNC,
                               hook.session.file_mode());
    if (!file) {
        return tl::make_unexpected(file.error());
    }
    return write_all(file->get(), to_json(facts, clock.now()), "facts");
}

// Ends all processes of this job and session on this node; how many there were.
struct Cleaned {
    std::size_t found = 0;
    std::size_t left = 0;
};

Cleaned clean_up(const HookCall& call, const JobContext& job) {
    const ProcessMark mark = job_mark(call.environment.get_or("PAVTEST_SESSION", ""), job.mark(),
                                      fmt::format("{}", job.key.job), job.node);
    std::set<pid_t> seen;
    const Victims victims = [&mark, &seen](const std::vector<ProcessEntry>& table) {
        std::set<pid_t> marked;
        for (const ProcessEntry& entry : table) {
            if (entry.state != 'Z' && entry.pid != ::getpid() &&
                mark.matches(environment_of(entry.pid))) {
                marked.insert(entry.pid);
            }
        }
        marked = with_descendants(table, std::move(marked));
        seen.insert(marked.begin(), marked.end());
        return marked;
    };
    // A third of the time for asking, a third for forcing, the rest for records.
    const TreeKill::Duration share = call.deadline / 3;
    TreeKill kill(victims, std::min<TreeKill::Duration>(share, std::chrono::seconds(2)), 2 * share,
                  TreeKill::Duration(0));
    run_to_end(kill, std::chrono::steady_clock::now());
    return {seen.size(), kill.left().size()};
}

json time_data(const Environment& environment) {
    json data;
    for (const auto& [name, key] :
         {std::pair("SLURM_JOB_START_TIME", "start"), std::pair("SLURM_JOB_END_TIME", "limit")}) {
        const json value = number_or_null(environment.get_or(name, ""));
        if (!value.is_null()) {
            data[key] = value;
        }
    }
    return data;
}

// What the runner's first record says of the job's output.
OutputTail runner_output(const Ledger& ledger) {
    const json data = json::parse(ledger.runner_data, nullptr, false);
    OutputTail output;
    if (data.is_object()) {
        output.path = data.value("output", "");
        output.from = data.value("output_from", std::uint64_t{0});
    }
    return output;
}

// The line also goes to the status file of a test that has one. Those that never began have
// none, and get none: their end is in the journal.
void append_status_line(const Hook& hook, const Record& record, const Clock& clock) {
    const auto directory =
        hook.directory.open_below(fmt::format("tests/{:04}", record.test.value_or(0)));
    const auto status = directory ? directory->open_file("status", O_WRONLY | O_APPEND)
                                  : tl::make_unexpected(directory.error());
    if (status) {
        // The journal counts; a status file that can't be written is no reason to stop.
        static_cast<void>(write_all(
            status->get(), status::format_status_line(clock.now(), record.state, record.note),
            "status"));
    }
}

Result<> end_tests(Hook& hook, const HookCall& call, const Clock& clock) {
    const auto header = hook.session.header();
    if (!header) {
        return tl::make_unexpected(header.error());
    }
    const Ledger ledger = read_ledger(hook.session, hook.job.key, header->tests);
    const OutputTail output = runner_output(ledger);
    EpilogFacts facts;
    facts.script = header->script;
    facts.exit = parse_job_exit(call.environment.get_or("SLURM_JOB_EXIT_CODE2", ""),
                                call.environment.get_or("SLURM_JOB_EXIT_CODE", ""));
    facts.notice = output.notice(hook.job.key.job);
    facts.output_readable = !output.path.empty() && ::access(output.path.c_str(), R_OK) == 0;
    for (Record& record : epilog_ends(ledger, facts)) {
        if (record.test) {
            append_status_line(hook, record, clock);
        }
        if (auto appended = hook.append(std::move(record)); !appended) {
            return appended;
        }
    }
    return {};
}

Result<std::string> node_dir_of(const Environment& environment) {
    const auto account = Account::of_process(environment);
    const auto settings =
        account ? load_settings(environment, *account) : tl::make_unexpected(account.error());
    return settings ? Result<std::string>(settings->node_dir)
                    : tl::make_unexpected(settings.error());
}

// What became of the builds on this node. The first node's word is also that of the tests.
Result<> record_builds(Hook& hook, const NodeBuilds& builds) {
    struct Said {
        std::string_view state, key;
        std::vector<std::uint32_t> tests;
        std::string note;
    };
    std::vector<std::uint32_t> all = builds.reused;
    all.insert(all.end(), builds.deferred.begin(), builds.deferred.end());
    std::sort(all.begin(), all.end());
    const std::string note =
        fmt::format("{} of {} builds are finished; {} copied to {}", builds.builds.size(),
                    builds.builds.size() + builds.missing, builds.copied(), hook.job.node);
    const json data{{"builds",
                     {{"directory", builds.directory},
                      {"copied", builds.copied()},
                      {"linked", builds.builds.size() - builds.copied()},
                      {"missing", builds.missing}}}};
    for (const Said& said : {Said{status::state::build_created, "/builds", all,
                                  fmt::format("{} on {}", builds.directory, hook.job.node)},
                             Said{status::state::build_reused, "/reused", builds.reused, note},
                             Said{status::state::build_deferred, "/deferred", builds.deferred,
                                  "is made in the job"}}) {
        if (said.tests.empty()) {
            continue;
        }
        Record record;
        record.node = "builds";
        record.state = said.state;
        record.note = said.note;
        record.data = dump(data);
        if (hook.job.on_first_node()) {
            record.tests = status::test_ranges(said.tests);
        }
        if (auto appended = hook.append_once(std::move(record), said.key); !appended) {
            return appended;
        }
    }
    return {};
}

// Good to have, as facts are: a job without finds its builds on the shelf, or makes them.
Result<> set_up_node_builds(Hook& hook, const HookCall& call,
                            std::chrono::steady_clock::time_point until) {
    auto node_dir = node_dir_of(call.environment);
    if (!node_dir) {
        return tl::make_unexpected(node_dir.error());
    }
    const auto builds =
        set_up_builds({.session = hook.session,
                       .store = call.environment.get_or("PAVTEST_STORE", ""),
                       .node_dir = std::move(*node_dir),
                       .job = hook.job,
                       .may_go_on = [until] { return std::chrono::steady_clock::now() < until; }});
    if (!builds) {
        return tl::make_unexpected(builds.error());
    }
    if (!builds->any()) {
        return {};
    }
    const auto directory =
        session::make_directory(hook.directory, "facts", hook.session.directory_mode());
    if (directory) {
        static_cast<void>(write_file_atomic(directory->fd(), hook.job.node + ".builds.json",
                                            to_json(*builds), hook.session.file_mode()));
    }
    return record_builds(hook, *builds);
}

// Scratch directories of tests that were killed with their job. Ended when it takes too long:
// records come first.
void remove_scratch_root(const std::string& path, std::chrono::steady_clock::time_point until) {
    const pid_t child = remove_scratch(path);
    while (child > 0 && ::waitpid(child, nullptr, WNOHANG) == 0) {
        if (std::chrono::steady_clock::now() >= until) {
            ::kill(child, SIGKILL);
        }
        ::poll(nullptr, 0, 5);
    }
}

Result<> both(const Result<>& first, const Result<>& second) {
    return first ? second : first;
}

}  // namespace

Result<> prolog(const HookCall& call, const Clock& clock) {
    // Half of the time is kept for what a slow file system may still need afterwards.
    const auto until = std::chrono::steady_clock::now() + call.deadline / 2;
    auto delivered = deliver(call.spooled, clock);
    auto hook = Hook::open(call, Role::prolog, clock);
    if (!hook) {
        return tl::make_unexpected(hook.error());
    }
    Record joined;
    joined.node = "joined";
    joined.note = "prolog";
    if (const json data = time_data(call.environment); !data.is_null()) {
        joined.data = dump(data);
    }
    if (auto appended = hook->append_once(std::move(joined)); !appended) {
        return appended;
    }
    static_cast<void>(write_facts(*hook, clock));
    if (hook->job.on_first_node()) {
        Record prepping;
        prepping.tests = "*";
        prepping.state = status::state::prepping_run;
        prepping.note = fmt::format("on {}", hook->job.node_list);
        prepping.nodes = hook->job.node_list;
        if (auto appended = hook->append_once(std::move(prepping), "/tests"); !appended) {
            return appended;
        }
    }
    if (const auto set_up = set_up_node_builds(*hook, call, until); !set_up) {
        Record record;
        record.node = "builds";
        record.note = "no builds on " + hook->job.node + ": " + set_up.error().what;
        static_cast<void>(hook->append_once(std::move(record), "/builds"));
    }
    return delivered;
}

Result<> epilog(const HookCall& call, const Clock& clock) {
    const auto until = std::chrono::steady_clock::now() + call.deadline * 4 / 5;
    const auto job = job_context(call.environment);
    if (!job) {
        return tl::make_unexpected(job.error());
    }
    const Cleaned cleaned = clean_up(call, *job);
    // Also where the store is lost. What can't be removed is the user's own, and small.
    const auto node_dir = node_dir_of(call.environment);
    if (node_dir) {
        static_cast<void>(
            remove_builds(*node_dir, call.environment.get_or("PAVTEST_SESSION", ""), job->mark()));
    }
    auto delivered = deliver(call.spooled, clock);
    auto hook = Hook::open(call, Role::epilog, clock);
    if (!hook) {
        return tl::make_unexpected(hook.error());
    }
    Record left;
    left.node = "left";
    left.note =
        cleaned.found == 0 ? "epilog" : fmt::format("epilog; ended {} processes", cleaned.found);
    json data = {{"exit_code", number_or_null(call.environment.get_or("SLURM_JOB_EXIT_CODE", ""))}};
    if (cleaned.left > 0) {
        left.note += fmt::format(", {} would not end", cleaned.left);
        data["processes_left"] = cleaned.left;
    }
    left.data = dump(data);
    if (auto appended = hook->append_once(std::move(left)); !appended) {
        return appended;
    }
    if (hook->job.on_first_node()) {
        delivered = both(end_tests(*hook, call, clock), delivered);
    }
    if (node_dir) {
        remove_scratch_root(scratch_root(*node_dir, hook->session.id(), job->mark(), job->node),
                            until);
    }
    return delivered;
}

}  // namespace pavtest::run
