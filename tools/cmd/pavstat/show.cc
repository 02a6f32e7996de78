// Choosing the table.
#include "cmd/pavstat/show.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.h"
#include "cmd/pavstat/changes.h"
#include "cmd/pavstat/summary.h"
#include "cmd/pavstat/views.h"

namespace pavtest::cmd {

namespace {

// What failures have in common goes below the table, where a person reads it.
std::string suspects_text(const Collected& collected) {
    std::string text;
    for (const std::string& line : suspicions(collected)) {
        text += line + "\n";
    }
    return printable(text, "\n");
}

Result<std::string> lines_text(const Viewer& viewer, const PavstatOptions& options,
                               const Arguments& arguments, const Collected& collected) {
    const auto layout = layout_of(arguments, viewer.environment, options.of_tests);
    if (!layout) {
        return tl::make_unexpected(layout.error());
    }
    const Timestamp now = viewer.clock->now();
    const std::string times = viewer.environment.get_or("SLURM_TIME_FORMAT", "");
    std::vector<Subject> lines =
        options.of_tests ? test_lines(collected, now, times) : session_lines(collected, now, times);
    const std::string sort =
        arguments.sort.empty() ? viewer.environment.get_or("PAVSTAT_SORT", "") : arguments.sort;
    if (!sort.empty()) {
        if (auto sorted = sort_lines(lines, sort); !sorted) {
            return tl::make_unexpected(sorted.error());
        }
    }
    return lay_out(*layout, lines);
}

Result<std::string> changes_text(const Arguments& arguments, const Collected& collected) {
    const auto changes = changes_of(collected);
    if (!changes) {
        return tl::make_unexpected(changes.error());
    }
    if (arguments.json || arguments.yaml) {
        const auto document = changes_json(*changes);
        return arguments.json ? json_text(document) : yaml_text(document);
    }
    return changes_table(*changes, arguments.options.no_header);
}

}  // namespace

Result<std::string> view_text(const Viewer& viewer, const PavstatOptions& options,
                              const Arguments& arguments, const Collected& collected) {
    if (arguments.changed) {
        return changes_text(arguments, collected);
    }
    if (arguments.json || arguments.yaml) {
        const auto document = sessions_json(collected);
        return arguments.json ? json_text(document) : yaml_text(document);
    }
    if (arguments.history) {
        return history_table(collected, options.no_header);
    }
    if (arguments.nodes) {
        return nodes_table(collected, options.no_header);
    }
    if (arguments.summary) {
        return summary_table(collected, options.no_header) + suspects_text(collected);
    }
    if (!arguments.record_of.empty()) {
        return node_records_table(collected, arguments.record_of, options.no_header)
            .map([&](std::string text) { return text + suspects_text(collected); });
    }
    return lines_text(viewer, options, arguments, collected);
}

std::string progress_line(const Collected& collected, std::size_t width) {
    std::size_t over = 0;
    std::uint64_t total = 0;
    std::uint64_t left = 0;
    for (const Row& row : collected.rows) {
        over += row.job.settled ? 1 : 0;
        total += row.job.counts.total;
        left += row.job.settled ? 0 : row.job.counts.unfinished;
    }
    std::string line = fmt::format("{} of {} sessions are over, {} of {} tests", over,
                                   collected.rows.size(), total - left, total);
    constexpr std::size_t most = 40;
    if (total > 0 && width > line.size() + 8) {
        const std::size_t bar = std::min(most, width - line.size() - 4);
        const std::size_t done = bar * (total - left) / total;
        line += fmt::format(" [{}{}]", std::string(done, '#'), std::string(bar - done, '.'));
    }
    return line;
}

}  // namespace pavtest::cmd
