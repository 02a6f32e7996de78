// Waiting for records, not for Slurm: a job that writes its end needs no question.
#include "cmd/pavstat/wait.h"

#include <fmt/format.h>

#include <thread>

#include "base/error.h"
#include "cmd/pavstat/pace.h"

namespace pavtest::cmd {

namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr seconds kLook{1};

}  // namespace

std::optional<int> verdict_of(const Collected& collected) {
    index::Counts sums;
    for (const Row& row : collected.rows) {
        if (!row.job.settled) {
            return std::nullopt;
        }
        sums.fail += row.job.counts.fail;
        sums.error += row.job.counts.error;
        sums.unfinished += row.job.counts.unfinished;
    }
    if (sums.fail + sums.error > 0) {
        return static_cast<int>(ExitCode::tests_failed);
    }
    return static_cast<int>(sums.unfinished > 0 ? ExitCode::infrastructure : ExitCode::ok);
}

Result<int> wait_for_end(const Viewer& viewer, const PavstatOptions& options,
                         std::optional<seconds> timeout) {
    const auto start = steady_clock::now();
    Pace slurm;
    for (;;) {
        PavstatOptions now = options;
        const bool ask = !options.offline && slurm.due();
        now.offline = !ask;
        const auto collected = collect(viewer, now);
        if (!collected && ask) {
            return tl::make_unexpected(collected.error());
        }
        if (ask) {
            slurm.asked();
        }
        if (const auto verdict = collected ? verdict_of(*collected) : std::nullopt) {
            return *verdict;
        }
        if (timeout && steady_clock::now() - start >= *timeout) {
            return fail(ErrorKind::infrastructure,
                        fmt::format("not over after {} s", timeout->count()));
        }
        std::this_thread::sleep_for(kLook);
    }
}

}  // namespace pavtest::cmd
