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

class Report {
  public:
    /// Writes to a descriptor; a write that fails is ignored, because tests matter more.
    Report(int fd, bool colour, std::size_t total) : fd_(fd), colour_(colour), total_(total) {}

    void line(std::string_view text);
    void started(std::size_t place, const std::string& name);
    void ended(std::size_t place, const std::string& name, const Verdict& verdict, double seconds);
    void interrupted(std::size_t place, const std::string& name);
    /// A problem of the house, not of a test. The same one is said only once in a row.
    void problem(const std::string& text);
    void summary(const Tally& tally, const std::vector<Trouble>& troubles, double seconds);

  private:
    [[nodiscard]] std::string place_text(std::size_t place) const;
    [[nodiscard]] std::string coloured(std::string_view text, std::string_view code) const;

    int fd_;
    bool colour_;
    std::size_t total_;
    std::string last_problem_;
};

/// "0.02 s" below a minute, then as Slurm shows durations.
std::string show_duration(double seconds);

}  // namespace pavtest::run
