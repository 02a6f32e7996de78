// What people see in the job's output while tests run, and the summary at the end.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "run/result.h"
#include "status/record.h"

namespace pavtest::run {

struct Tally {
    std::uint32_t passed = 0;
    std::uint32_t failed = 0;
    std::uint32_t errors = 0;
    std::uint32_t skipped = 0;
    std::uint32_t interrupted = 0;
    std::uint32_t not_run = 0;
    std::uint32_t retried = 0;  // of all of these: took more than one attempt

    void count(status::Verdict result);
    /// "3 passed, 1 failed": what is 0 is left out.
    [[nodiscard]] std::string text() const;
};

/// One test that did not pass, for the summary.
struct Trouble {
    std::string name;
    Verdict verdict;
    std::string nodes;
    std::string log;
};

/// How well the allocation was used.
struct PackingFigures {
    std::size_t nodes = 1;
    std::vector<std::string> names;
    std::vector<double> busy;  // seconds in which tests ran, for each node
    double seconds = 0;        // of it all
    std::size_t at_once = 0;   // tests, at the most
    std::size_t wide = 0;      // tests on several nodes, which start steps of their own
    bool helper_step = false;

    /// Lines for the summary; none where tests ran one after the other on one node.
    [[nodiscard]] std::vector<std::string> text() const;
};

class Report {
  public:
    /// Writes to a descriptor; a write that fails is ignored, because tests matter more.
    Report(int fd, bool colour, std::size_t total, bool several_nodes)
        : fd_(fd), colour_(colour), total_(total), several_nodes_(several_nodes) {}

    void line(std::string_view text);
    /// `nodes` is shown where the job has several.
    void started(std::size_t place, const std::string& name, const std::string& nodes);
    void ended(std::size_t place, const std::string& name, const Verdict& verdict, double seconds);
    void interrupted(std::size_t place, const std::string& name);
    /// A problem of the house, not of a test. The same one is said only once in a row.
    void problem(const std::string& text);
    void summary(const Tally& tally, const std::vector<Trouble>& troubles,
                 const PackingFigures& figures);

  private:
    [[nodiscard]] std::string place_text(std::size_t place) const;
    [[nodiscard]] std::string coloured(std::string_view text, std::string_view code) const;

    int fd_;
    bool colour_;
    std::size_t total_;
    bool several_nodes_;
    std::string last_problem_;
};

/// "0.02 s" below a minute, then as Slurm shows durations.
std::string show_duration(double seconds);

}  // namespace pavtest::run
