// From root in slurmstepd to an unprivileged pavnode, and back in time.
#include "agent.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "agent_environment.h"
#include "descendants.h"
#include "slurm_version.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

namespace pavtest::spank {

namespace {

constexpr std::size_t messages_limit = 4096;
constexpr int exit_not_started = 127;
constexpr rlim_t open_files = 1024;
constexpr rlim_t file_size = rlim_t{1} << 32;  // finished builds are copied to the node

// From here to become_agent: the child, a process of root's on its way down.

[[noreturn]] void give_up(const char* what) {
    ::dprintf(STDERR_FILENO, "cannot %s: %s\n", what, std::strerror(errno));
    ::_exit(exit_not_started);
}

void lower_limit(__rlimit_resource resource, rlim_t most) {
    rlimit limit{};
    if (::getrlimit(resource, &limit) == 0) {
        limit.rlim_max = limit.rlim_max < most ? limit.rlim_max : most;
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(resource, &limit);
    }
}

// slurmd is often kept from the kernel's out-of-memory killer; a user's process
// must not inherit that.
void become_killable() {
    const Descriptor file(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
    if (file.valid()) {
        [[maybe_unused]] const ssize_t written = ::write(file.get(), "0", 1);
    }
}

void close_all_others() {
    if (::syscall(SYS_close_range, 3U, ~0U, 0U) == 0) {
        return;
    }
    const long most = ::sysconf(_SC_OPEN_MAX);
    for (long fd = 3; fd < most; ++fd) {
        ::close(static_cast<int>(fd));
    }
}

bool is_only(uid_t uid, gid_t gid) {
    uid_t real_user = 0;
    uid_t effective_user = 0;
    uid_t saved_user = 0;
    gid_t real_group = 0;
    gid_t effective_group = 0;
    gid_t saved_group = 0;
    return ::getresuid(&real_user, &effective_user, &saved_user) == 0 &&
           ::getresgid(&real_group, &effective_group, &saved_group) == 0 && real_user == uid &&
           effective_user == uid && saved_user == uid && real_group == gid &&
           effective_group == gid && saved_group == gid && (uid == 0 || ::setresuid(0, 0, 0) != 0);
}

// A slurmd of an ordinary user's own (a private cluster) has nothing to drop.
void become_user(const Job& job, const char* name) {
    if (::geteuid() != 0) {
        if (::geteuid() != job.uid) {
            errno = EPERM;
            give_up("become the job's user");
        }
        return;
    }
    const bool grouped =
        name != nullptr ? ::initgroups(name, job.gid) == 0 : ::setgroups(1, &job.gid) == 0;
    if (!grouped) {
        give_up("take the user's groups");
    }
    if (::setresgid(job.gid, job.gid, job.gid) != 0 ||
        ::setresuid(job.uid, job.uid, job.uid) != 0 || !is_only(job.uid, job.gid)) {
        give_up("become the job's user");
    }
}

void take_streams(const Agent& agent) {
    const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (::dup2(agent.input >= 0 ? agent.input : nowhere, STDIN_FILENO) < 0 ||
        ::dup2(nowhere, STDOUT_FILENO) < 0 ||
        ::dup2(agent.messages >= 0 ? agent.messages : nowhere, STDERR_FILENO) < 0) {
        ::_exit(exit_not_started);
    }
}

[[noreturn]] void become_agent(const Agent& agent, const Job& job, AgentEnvironment& environment,
                               pid_t parent) {
    ::setsid();
    take_streams(agent);
    close_all_others();
    reset_signals();
    become_killable();
    lower_limit(RLIMIT_CORE, 0);
    lower_limit(RLIMIT_NOFILE, open_files);
    lower_limit(RLIMIT_FSIZE, file_size);
    lower_limit(RLIMIT_CPU, static_cast<rlim_t>(agent.deadline) * 2);
    lower_limit(RLIMIT_MEMLOCK, 65536);
    ::umask(077);
    // These two may ask a directory service that does not answer: the deadline runs.
    char bytes[16384];
    passwd entry{};
    passwd* found = nullptr;
    ::getpwuid_r(job.uid, &entry, &bytes[0], sizeof bytes, &found);
    become_user(job, found != nullptr ? entry.pw_name : nullptr);
    environment.set_user(found != nullptr ? entry.pw_name : nullptr,
                         found != nullptr ? entry.pw_dir : nullptr);
    // What a directory service's library may have opened as root.
    close_all_others();
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    // Slurm kills a hook that takes too long by its process group, which we left.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent || ::chdir("/") != 0) {
        ::_exit(exit_not_started);
    }
    const char* arguments[] = {"pavnode", hook_name(agent.hook), nullptr};
    ::execve(agent.program, const_cast<char* const*>(&arguments[0]), environment.get());
    ::dprintf(STDERR_FILENO, "cannot run %s: %s\n", agent.program, std::strerror(errno));
    ::_exit(exit_not_started);
}

}  // namespace

Descriptor agent_messages() {
    Descriptor file = memory_file("pavtest-agent");
    if (file.valid() && (::ftruncate(file.get(), messages_limit) != 0 ||
                         ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) != 0)) {
        file.reset();
    }
    return file;
}

Ending run_agent(const Agent& agent, const Job& job) {
    const Deadline deadline(agent.deadline * 1000L);
    const DefaultChildSignal child_signal;
    AgentEnvironment environment(environ, agent, job);
    Descendants descendants;
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) {
        return {};
    }
    if (child == 0) {
        become_agent(agent, job, environment, parent);
    }
    const bool ended = wait_for_end(child, deadline);
    // Not reaped yet, so its number still names its own process group.
    ::kill(-child, SIGKILL);
    if (!ended) {
        ::kill(child, SIGKILL);
    }
    Ending ending = reap(child);
    ending.timed_out = !ended;
    descendants.end_all(job.uid);
    return ending;
}

}  // namespace pavtest::spank
