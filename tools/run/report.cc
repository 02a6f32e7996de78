// Lines for people.
#include "run/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "base/text.h"
#include "base/time.h"

namespace pavtest::run {

namespace {

constexpr std::string_view kGreen = "32";
constexpr std::string_view kRed = "31";
constexpr std::string_view kYellow = "33";

struct Shown {
    std::string_view word;
    std::string_view colour;
};

Shown shown(const Verdict& verdict) {
    switch (verdict.result) {
        case status::Verdict::pass:
            return {"PASS", kGreen};
        case status::Verdict::fail:
            return {"FAIL", kRed};
        case status::Verdict::error:
            return {"ERROR", kRed};
        case status::Verdict::none:
            break;
    }
    if (verdict.cause == status::Cause::node_failure) {
        return {"LOST", kYellow};
    }
    return {verdict.cause == status::Cause::skipped ? "SKIP" : "NOT RUN", kYellow};
}

}  // namespace

void Tally::count(status::Verdict result) {
    passed += result == status::Verdict::pass ? 1 : 0;
    failed += result == status::Verdict::fail ? 1 : 0;
    errors += result == status::Verdict::error ? 1 : 0;
    skipped += result == status::Verdict::none ? 1 : 0;
}

std::string Tally::text() const {
    std::vector<std::string> parts;
    const auto add = [&parts](std::uint32_t count, std::string_view word) {
        if (count > 0) {
            parts.push_back(fmt::format("{} {}", count, word));
        }
    };
    add(passed, "passed");
    add(failed, "failed");
    add(errors, errors == 1 ? "error" : "errors");
    add(skipped, "skipped");
    add(interrupted, "interrupted");
    add(not_run, "not run");
    const std::string text = parts.empty() ? "nothing to run" : join(parts, ", ");
    return retried > 0 ? fmt::format("{} ({} of them in more than one attempt)", text, retried)
                       : text;
}

std::vector<std::string> PackingFigures::text() const {
    if (nodes < 2 && at_once < 2) {
        return {};
    }
    double total = 0;
    std::vector<std::string> idle;
    for (std::size_t i = 0; i < busy.size(); ++i) {
        total += busy[i];
        // Less than is shown is none.
        constexpr double least = 0.005;
        if (const double rest = seconds - busy[i]; rest >= least) {
            idle.push_back(fmt::format("{} {}", printable(names[i]), show_duration(rest)));
        }
    }
    const double possible = seconds * static_cast<double>(nodes);
    std::vector<std::string> lines{fmt::format(
        "packing: {} {}, {}, {:.0f} % busy", nodes, nodes == 1 ? "node" : "nodes",
        at_once > 1 ? fmt::format("at most {} tests at once", at_once) : "one test at a time",
        possible > 0 ? 100 * total / possible : 0.0)};
    if (!idle.empty()) {
        lines.push_back(fmt::format("idle:    {}", join(idle, ", ")));
    }
    if (nodes > 1) {
        lines.push_back(fmt::format("steps:   {} for helpers, {} for tests on several nodes",
                                    helper_step ? 1 : 0, wide));
    }
    return lines;
}

std::string show_duration(double seconds) {
    if (seconds < 60) {
        return fmt::format("{:.2f} s", seconds);
    }
    return to_slurm_duration(static_cast<std::int64_t>(seconds));
}

std::string Report::place_text(std::size_t place) const {
    return fmt::format("({:>{}}/{})", place, fmt::formatted_size("{}", total_), total_);
}

std::string Report::coloured(std::string_view text, std::string_view code) const {
    return colour_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

void Report::line(std::string_view text) {
    static_cast<void>(write_all(fd_, fmt::format("{}\n", text), "output"));
}

void Report::started(std::size_t place, const std::string& name, const std::string& nodes) {
    line(fmt::format("{} start    {}{}", place_text(place), printable(name),
                     several_nodes_ && !nodes.empty() ? "  on " + printable(nodes) : ""));
}

void Report::ended(std::size_t place, const std::string& name, const Verdict& verdict,
                   double seconds) {
    const Shown how = shown(verdict);
    std::string text = fmt::format("{} {}{}", place_text(place), coloured(how.word, how.colour),
                                   std::string(9 - how.word.size(), ' '));
    text += printable(name);
    if (verdict.result != status::Verdict::none) {
        text += fmt::format("  {}", show_duration(seconds));
    }
    if (verdict.result != status::Verdict::pass) {
        text += fmt::format("  {}", printable(verdict.reason));
    }
    line(text);
}

void Report::interrupted(std::size_t place, const std::string& name) {
    line(
        fmt::format("{} {}  {}", place_text(place), coloured("stopped", kYellow), printable(name)));
}

void Report::problem(const std::string& text) {
    if (text != last_problem_) {
        last_problem_ = text;
        line(coloured("pavrun: ", kRed) + printable(text));
    }
}

void Report::summary(const Tally& tally, const std::vector<Trouble>& troubles,
                     const PackingFigures& figures) {
    line("");
    for (const Trouble& trouble : troubles) {
        const Shown how = shown(trouble.verdict);
        line(fmt::format("{} {}: {}", coloured(how.word, how.colour), printable(trouble.name),
                         printable(trouble.verdict.reason)));
        line(fmt::format("     node   {}", printable(trouble.nodes)));
        if (!trouble.log.empty()) {
            line(fmt::format("     log    {}", printable(trouble.log)));
        }
        line(fmt::format("     again  sbatch --pavtest={}", printable(trouble.name)));
    }
    if (!troubles.empty()) {
        line("");
    }
    for (const std::string& text : figures.text()) {
        line(text);
    }
    line(fmt::format("pavtest: {} in {}", tally.text(), show_duration(figures.seconds)));
}

}  // namespace pavtest::run
