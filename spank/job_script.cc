// Each call is a fresh process of root's with an environment that is the user's in
// part (SPANK_…) and Slurm's for the rest.
#include "job_script.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

#include "agent.h"
#include "agent_environment.h"
#include "checks.h"
#include "spool.h"

namespace pavtest::spank {

namespace {

constexpr const char* session_entry = "SPANK_PAVTEST_SESSION";
constexpr const char* store_entry = "SPANK_PAVTEST_STORE";

// Standard input is closed here, and what is opened next would become it.
void fill_standard_streams() {
    int fd = 0;
    do {
        fd = ::open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO) {
        ::close(fd);
    }
}

std::string_view whitelisted(const char* name, bool (*valid)(std::string_view),
                             std::string_view otherwise) {
    const std::string_view value = value_of(environ, name);
    return valid(value) ? value : otherwise;
}

// False, and the reason in the log, for a job that has to be left alone.
bool look_at_job(Hook hook, spank_t spank, Job& job) {
    if (spank_get_item(spank, S_JOB_ID, &job.id) != ESPANK_SUCCESS ||
        spank_get_item(spank, S_JOB_UID, &job.uid) != ESPANK_SUCCESS ||
        spank_get_item(spank, S_JOB_GID, &job.gid) != ESPANK_SUCCESS) {
        slurm_error("pavtest: %s: Slurm does not say whose job this is; nothing done",
                    hook_name(hook));
        return false;
    }
    job.session = whitelisted(session_entry, is_session_id, {});
    job.store = whitelisted(store_entry, is_plain_path, {});
    job.node = whitelisted("SLURMD_NODENAME", is_name, {});
    job.restart = whitelisted("SLURM_JOB_RESTART_COUNT", is_number, "0");
    job.exit_code = whitelisted("SLURM_JOB_EXIT_CODE", is_number, {});
    if (job.session.empty() || job.store.empty() || job.node.empty()) {
        slurm_error(
            "pavtest: %s: job %u of user %u names no valid session, store or node in its "
            "environment; nothing done",
            hook_name(hook), job.id, job.uid);
        return false;
    }
    return true;
}

// The first line that the agent left, as text for a log: a user's process wrote it.
void read_messages(int file, Text<400>& line) {
    char bytes[400];
    const ssize_t size = ::pread(file, &bytes[0], sizeof bytes, 0);
    for (ssize_t i = 0; i < size && bytes[i] != '\n' && bytes[i] != '\0'; ++i) {
        const char c = bytes[i];
        line.append(c >= ' ' && c <= '~' ? c : '?');
    }
}

void describe(const Ending& ending, int deadline, Text<200>& problem) {
    problem.append("the agent on this node ");
    if (ending.timed_out) {
        problem.append("did not finish within ");
        problem.append_number(static_cast<unsigned>(deadline));
        problem.append(" s");
    } else if (ending.signal != 0) {
        problem.append("was ended by signal ");
        problem.append_number(static_cast<unsigned>(ending.signal));
    } else if (ending.exit_status >= 0) {
        problem.append("failed with exit status ");
        problem.append_number(static_cast<unsigned>(ending.exit_status));
    } else {
        problem.append("could not be started");
    }
}

// What happened to the record, for the log.
void spool_record(Hook hook, const Job& job, const char* path, std::string_view problem,
                  Text<1400>& outcome) {
    Record record;
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    compose_record(record, hook, job, problem, now);
    Spool spool(path, job, Spool::Missing::create);
    if (spool.valid() && spool.write(hook, job, record)) {
        outcome.append("its record waits in the spool");
    } else {
        outcome.append("no record in the spool ");
        outcome.append(path);
        outcome.append(", because ");
        outcome.append(spool.problem());
    }
}

void tell_and_spool(Hook hook, const Job& job, const Arguments& arguments, const Ending& ending,
                    int messages) {
    Text<200> problem;
    describe(ending, arguments.deadline, problem);
    Text<1400> outcome;
    spool_record(hook, job, arguments.spool, problem.view(), outcome);
    Text<400> message;
    read_messages(messages, message);
    slurm_error("pavtest: %s: job %u of user %u: %s%s%s; %s", hook_name(hook), job.id, job.uid,
                problem.c_str(), message.empty() ? "" : ": ", message.c_str(), outcome.c_str());
}

}  // namespace

bool has_session() {
    return std::getenv(session_entry) != nullptr;
}

void run_hook(Hook hook, spank_t spank, const Arguments& arguments) {
    fill_standard_streams();
    Job job{};
    if (!look_at_job(hook, spank, job)) {
        return;
    }
    Spool waiting(arguments.spool, job,
                  hook == Hook::prolog ? Spool::Missing::create : Spool::Missing::leave);
    const Text<20> noted = waiting.noted_restart(job);
    if (hook == Hook::prolog) {
        waiting.note_restart(job);
    } else if (!noted.empty()) {
        job.restart = noted.view();
    }
    const Descriptor input = waiting.valid() ? waiting.collect() : Descriptor();
    const Descriptor messages = agent_messages();
    const Agent agent{arguments.pavnode, hook, input.get(), messages.get(), arguments.deadline};
    const Ending ending = run_agent(agent, job);
    if (ending.ok()) {
        waiting.remove_collected();
    } else {
        tell_and_spool(hook, job, arguments, ending, messages.get());
    }
    if (hook == Hook::epilog) {
        waiting.forget_restart(job);
    }
}

}  // namespace pavtest::spank
