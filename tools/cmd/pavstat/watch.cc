// A turn: records, perhaps Slurm, text, and what of it is new.
#include "cmd/pavstat/watch.h"

#include <unistd.h>

#include <algorithm>
#include <thread>

#include "base/text.h"
#include "cmd/pavstat/pace.h"
#include "cmd/pavstat/screen.h"

namespace pavtest::cmd {

namespace {

bool all_over(const Collected& collected) {
    return std::all_of(collected.rows.begin(), collected.rows.end(),
                       [](const Row& row) { return row.job.settled; });
}

std::string remarks_text(const Collected& collected) {
    std::string text;
    for (const std::string& remark : collected.remarks) {
        text += "pavstat: " + printable(remark) + "\n";
    }
    return text;
}

}  // namespace

Result<> watch(const Viewer& viewer, const PavstatOptions& options, const WatchHow& how,
               const Render& render, const Write& write) {
    Screen screen;
    Pace slurm;
    PavstatOptions now = options;
    std::string last;
    for (;;) {
        const bool ask = !options.offline && slurm.due();
        now.offline = !ask;
        auto collected = collect(viewer, now);
        if (!collected) {
            return tl::make_unexpected(collected.error());
        }
        if (ask) {
            slurm.asked();
            now.queue = collected->queue;
            now.queue_at = viewer.clock->now();
        }
        const bool over = all_over(*collected);
        const ScreenSize size = ScreenSize::of(STDOUT_FILENO);
        const auto text = render(*collected, how.terminal && !over ? size.columns : 0);
        if (!text) {
            return tl::make_unexpected(text.error());
        }
        bool written = true;
        if (how.terminal) {
            written = write(over ? screen.clear() + *text
                                 : screen.draw(*text + remarks_text(*collected), size));
        } else if (over || (how.each_change && *text != last)) {
            const bool again = !last.empty() && how.each_change;
            written = *text == last || write((again ? "\n" : "") + *text);
            last = *text;
        }
        if (over || !written) {
            return {};
        }
        std::this_thread::sleep_for(how.pause);
    }
}

}  // namespace pavtest::cmd
