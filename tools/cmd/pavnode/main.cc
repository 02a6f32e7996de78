// pavnode: the agent on a node, started by the plugin as the job's user before and after a
// job, and by root to deliver what waits in the spool.
#include <fmt/format.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <string>
#include <vector>

#include "base/build_info.h"
#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "cmd/command.h"
#include "run/flush.h"
#include "run/hooks.h"

namespace pavtest {
namespace {

constexpr std::uint64_t kSpooledLimit = 4U << 20;
constexpr std::chrono::seconds kDefaultDeadline{10};

int usage() {
    fmt::print(stderr,
               "usage: pavnode prolog | epilog     for the plugin, as a job's user\n"
               "       pavnode flush [--spool DIR] deliver what waits on this node, as root\n");
    return static_cast<int>(ExitCode::usage);
}

std::chrono::seconds deadline_of(const Environment& environment) {
    const std::string text = environment.get_or("PAVTEST_DEADLINE", "");
    unsigned seconds = 0;
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    return seconds > 0 ? std::chrono::seconds(seconds) : kDefaultDeadline;
}

// One line: the plugin passes the first on to slurmd's log.
int finish(const Result<>& outcome) {
    if (outcome) {
        return 0;
    }
    fmt::print(stderr, "{}\n", printable(outcome.error().what));
    return static_cast<int>(ExitCode::infrastructure);
}

int hook(const std::string& name) {
    const SystemClock clock;
    run::HookCall call;
    call.environment = Environment::of_process();
    call.deadline = deadline_of(call.environment);
    // Nothing here may hold a node up, whatever a file system does: the kernel ends us, and
    // root then writes the record in our place.
    ::alarm(static_cast<unsigned>(call.deadline.count()));
    call.spooled = read_all(STDIN_FILENO, kSpooledLimit).value_or(std::string());
    return finish(name == "prolog" ? run::prolog(call, clock) : run::epilog(call, clock));
}

int flush(const std::string& spool) {
    if (::geteuid() != 0) {
        fmt::print("nothing to do: only root can read the spool\n");
        return 0;
    }
    const SystemClock clock;
    const auto flushed = run::flush_spool(spool, kDefaultDeadline, clock);
    if (!flushed) {
        return cmd::report(flushed.error());
    }
    if (flushed->delivered + flushed->kept > 0) {
        fmt::print("{} records delivered, {} kept\n", flushed->delivered, flushed->kept);
    }
    return static_cast<int>(flushed->kept == 0 ? ExitCode::ok : ExitCode::infrastructure);
}

int pavnode(const std::vector<std::string>& arguments) {
    // The user that we run as must not be able to look into or steer us.
    ::prctl(PR_SET_DUMPABLE, 0);
    if (arguments.size() == 1 && (arguments[0] == "prolog" || arguments[0] == "epilog")) {
        return hook(arguments[0]);
    }
    if (!arguments.empty() && arguments[0] == "flush") {
        if (arguments.size() == 1) {
            return flush(PAVTEST_SPOOLDIR);
        }
        if (arguments.size() == 3 && arguments[1] == "--spool") {
            return flush(arguments[2]);
        }
    }
    if (arguments.size() == 1 && arguments[0] == "--version") {
        fmt::print("pavtest {}\n", PAVTEST_VERSION);
        return 0;
    }
    return usage();
}

}  // namespace
}  // namespace pavtest

int main(int count, char** words) {
    return pavtest::cmd::guarded("pavnode", [&] {
        return pavtest::pavnode(std::vector<std::string>(words + 1, words + count));
    });
}
