// An exit handler, which may find this plugin already closed by Slurm unless it is
// kept in memory until the end.
#include "submission.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

#include "slurm_version.h"

namespace pavtest::spank {

namespace {

long long now_milliseconds() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

bool has_new_job(const State& s) {
    const char* job = std::getenv("SLURM_JOB_ID");
    return job != nullptr && s.old_job_id.view() != job;
}

// A suite may have sbatch options of its own in the generated script.
bool script_says_wait(int script) {
    char bytes[16384];
    const ssize_t size = ::pread(script, &bytes[0], sizeof bytes, 0);
    const std::string_view text(&bytes[0], size > 0 ? static_cast<std::size_t>(size) : 0);
    return text.find("--wait") != std::string_view::npos ||
           text.find("-W") != std::string_view::npos;
}

// What the #SBATCH lines of the user's own script say is not known.
bool may_wait(const State& s) {
    return s.session_script != Script::generated || s.scanned.may_wait ||
           std::getenv("SBATCH_WAIT") != nullptr || script_says_wait(s.script);
}

void at_exit(int status, void* /*unused*/) {
    const State& s = state();
    if (s.owner != ::getpid()) {
        return;
    }
    const int exit_status = status & 0xff;
    const CommandEnd end{exit_status, now_milliseconds() - s.frozen_at, may_wait(s),
                         has_new_job(s)};
    switch (judge(s.program, end)) {
        case Verdict::accepted:
            record_submission(s.arguments.pavsuite, s.session, 0);
            break;
        case Verdict::refused:
            record_submission(s.arguments.pavsuite, s.session, exit_status);
            break;
        case Verdict::unknown:
            break;
    }
}

void stay_loaded() {
    Dl_info self{};
    if (::dladdr(reinterpret_cast<void*>(&at_exit), &self) != 0 && self.dli_fname != nullptr) {
        ::dlopen(self.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
    }
}

}  // namespace

Verdict judge(Program program, const CommandEnd& end) {
    if (end.exit_status == 0) {
        return Verdict::accepted;
    }
    if (program == Program::salloc) {
        return end.got_allocation ? Verdict::accepted : Verdict::refused;
    }
    if (end.milliseconds < wait_asks_after_milliseconds || !end.may_wait) {
        return Verdict::refused;
    }
    return Verdict::unknown;
}

void watch_submission() {
    State& s = state();
    s.frozen_at = now_milliseconds();
    s.owner = ::getpid();
    stay_loaded();
    ::on_exit(at_exit, nullptr);
}

}  // namespace pavtest::spank
