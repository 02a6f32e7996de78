// Prolog and epilog: whether they left records in the last sessions, and whether the agent
// works when it is tried here.
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "base/build_info.h"
#include "base/file.h"
#include "base/hostlist.h"
#include "base/process.h"
#include "base/text.h"
#include "base/time.h"
#include "cmd/pavsuite/doctor.h"
#include "session/freeze.h"
#include "session/id.h"
#include "session/view.h"

namespace pavtest::cmd::doctor {

namespace {

constexpr std::size_t kSessions = 20;  // the newest, that are looked at
constexpr std::uint32_t kTrialJob = 67108000;

struct Evidence {
    std::size_t jobs = 0;
    std::set<std::string> with, no_prolog, no_epilog;
};

void add_job(const session::JobView& job, Evidence& evidence) {
    const auto nodes = expand_hostlist(job.nodes);
    if (!nodes || nodes->empty() || !job.ended || !job.runner_spoke) {
        return;
    }
    ++evidence.jobs;
    for (const std::string& node : *nodes) {
        const auto found = job.node_views.find(node);
        const bool joined = found != job.node_views.end() && found->second.joined;
        const bool left = found != job.node_views.end() && found->second.left;
        if (!joined) {
            evidence.no_prolog.insert(node);
        }
        if (!left) {
            evidence.no_epilog.insert(node);
        }
        if (joined && left) {
            evidence.with.insert(node);
        }
    }
}

std::string listed(const std::set<std::string>& nodes) {
    return compress_hostlist({nodes.begin(), nodes.end()});
}

Finding missing(const std::set<std::string>& nodes, const char* hook) {
    return {"hooks", Level::problem,
            fmt::format("no record of the {} on {} in the last sessions", hook, listed(nodes)),
            "on these nodes: is the plugin's package installed, the include line there, "
            "slurmd restarted since, the store mounted?"};
}

// A directory that goes with this object.
class TrialDirectory {
  public:
    explicit TrialDirectory(const Environment& environment)
        : path_(environment.get_or("TMPDIR", "/tmp") + "/pavtest-doctor-XXXXXX") {
        made_ = ::mkdtemp(path_.data()) != nullptr;
    }
    TrialDirectory(const TrialDirectory&) = delete;
    TrialDirectory& operator=(const TrialDirectory&) = delete;
    TrialDirectory(TrialDirectory&&) = delete;
    TrialDirectory& operator=(TrialDirectory&&) = delete;
    ~TrialDirectory() {
        const std::size_t slash = path_.rfind('/');
        const auto parent = Directory::open(path_.substr(0, slash));
        if (made_ && parent) {
            static_cast<void>(remove_tree(*parent, path_.substr(slash + 1)));
        }
    }
    [[nodiscard]] bool made() const { return made_; }
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
    bool made_ = false;
};

// A session of one test, on a store of its own.
Result<session::SessionDirectory> trial_session(const std::string& store, const Patient& patient,
                                                const Clock& clock) {
    session::Bundle bundle;
    bundle.store = store;
    bundle.header.created = clock.now();
    bundle.header.id = session::make_id(bundle.header.created, 0);
    bundle.header.user = patient.account.name;
    bundle.header.uid = patient.account.uid;
    bundle.header.pavtest_version = PAVTEST_VERSION;
    bundle.header.request = {"doctor"};
    bundle.header.suites = {"doctor"};
    bundle.header.tests = 1;
    bundle.plan.id = bundle.header.id;
    session::PlannedTest test;
    test.name = "doctor.trial";
    test.suite = "doctor";
    test.test = "trial";
    test.config = {{"run", {{"cmds", {"true"}}}}};
    test.variables = nlohmann::json::object();
    bundle.plan.tests.push_back(std::move(test));
    return session::freeze(bundle, Settings{}, clock, "doctor");
}

Command hook_command(const Patient& patient, const std::string& session, const std::string& store,
                     const char* hook) {
    Command command;
    command.arguments = {patient.pavnode(), hook};
    command.deadline = patient.deadline();
    command.directory = "/";
    const bool epilog = std::string_view(hook) == "epilog";
    // As the plugin gives it; see docs/formats.md.
    command.environment = Environment({
        {"PATH", "/usr/bin:/bin"},
        {"HOME", patient.account.home},
        {"USER", patient.account.name},
        {"PAVTEST_SESSION", session},
        {"PAVTEST_STORE", store},
        {"PAVTEST_DEADLINE", fmt::format("{}", patient.deadline().count())},
        {"PAVTEST_HOOK_SEQUENCE", epilog ? "1" : "0"},
        {"SLURM_JOB_ID", fmt::format("{}", kTrialJob)},
        {"SLURM_JOB_UID", fmt::format("{}", patient.account.uid)},
        {"SLURM_JOB_RESTART_COUNT", "0"},
        {"SLURM_JOB_NUM_NODES", "1"},
        {"SLURM_NODELIST", "doctor"},
        {"SLURMD_NODENAME", "doctor"},
    });
    if (epilog) {
        command.environment->set("SLURM_JOB_EXIT_CODE", "0");
    }
    return command;
}

Finding try_hook(const Patient& patient, const std::string& session, const std::string& store,
                 const char* hook) {
    const auto begin = std::chrono::steady_clock::now();
    const auto done = run(hook_command(patient, session, store, hook));
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begin);
    if (!done) {
        return {"dry-run", Level::problem, fmt::format("{}: {}", hook, done.error().what),
                "install pavtest-node here"};
    }
    if (!done->ok()) {
        return {"dry-run", Level::problem,
                done->timed_out ? fmt::format("the {} did not end within {} s", hook,
                                              patient.deadline().count())
                                : fmt::format("the {} failed with exit status {}: {}", hook,
                                              done->exit_status, trim(done->errors)),
                fmt::format("run '{} {}' by hand", patient.pavnode(), hook)};
    }
    return {"dry-run", Level::ok, fmt::format("the {} took {} ms", hook, took.count()), ""};
}

}  // namespace

Findings check_hooks(const Patient& patient) {
    if (!patient.settings) {
        return {{"hooks", Level::unknown, "the settings are not valid", "see there"}};
    }
    Evidence evidence;
    const auto store = session::Store::open(patient.settings->store);
    if (store) {
        std::size_t seen = 0;
        static_cast<void>(store->each_session([&](const std::string& id) {
            const auto session = store->open_session(id);
            const auto view =
                session ? session::view_session(*session) : tl::make_unexpected(session.error());
            // Who submits without the plugin has no hooks to miss.
            if (view && view->header.without.empty()) {
                for (const session::JobView& job : view->jobs) {
                    add_job(job, evidence);
                }
            }
            return ++seen < kSessions;
        }));
    }
    if (evidence.jobs == 0) {
        return {{"hooks", Level::unknown,
                 "whether they run is not known: no job of yours has ended lately",
                 "'sbatch --nodes=N --pavtest=selftest.pass', and ask again when it has ended"}};
    }
    Findings findings;
    if (!evidence.no_prolog.empty()) {
        findings.push_back(missing(evidence.no_prolog, "prolog"));
    }
    if (!evidence.no_epilog.empty()) {
        findings.push_back(missing(evidence.no_epilog, "epilog"));
    }
    if (findings.empty()) {
        findings.push_back({"hooks", Level::ok,
                            fmt::format("prolog and epilog left records on {} ({} jobs)",
                                        listed(evidence.with), evidence.jobs),
                            ""});
    }
    return findings;
}

Findings check_dry_run(const Patient& patient) {
    const SystemClock clock;
    const TrialDirectory directory(patient.environment);
    if (!directory.made()) {
        return {{"dry-run", Level::unknown,
                 fmt::format("nothing can be made in '{}'", directory.path()), "set TMPDIR"}};
    }
    const std::string store = directory.path() + "/store";
    const auto session = trial_session(store, patient, clock);
    if (!session) {
        return {{"dry-run", Level::problem, session.error().what, session.error().hint}};
    }
    Findings findings{try_hook(patient, session->id(), store, "prolog"),
                      try_hook(patient, session->id(), store, "epilog")};
    const auto view = session::view_session(*session);
    const bool recorded = view && !view->jobs.empty() &&
                          view->jobs.front().node_views.count("doctor") != 0 &&
                          view->jobs.front().node_views.at("doctor").joined &&
                          view->jobs.front().node_views.at("doctor").left;
    if (!recorded && findings[0].level == Level::ok && findings[1].level == Level::ok) {
        findings.push_back({"dry-run", Level::problem, "they left no records",
                            "do pavnode and pavsuite come from one release?"});
    }
    return findings;
}

}  // namespace pavtest::cmd::doctor
