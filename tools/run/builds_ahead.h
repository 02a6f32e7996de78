// Builds that are made before their tests have a place: independent ones side by side, as many as
// there are processors.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "run/plan_reader.h"
#include "run/test_run.h"

namespace pavtest::run {

class BuildsAhead {
  public:
    using Duration = ScriptProcess::Duration;
    using MakeRun = std::function<std::unique_ptr<TestRun>(std::uint32_t test)>;

    /// `world` must outlive it.
    BuildsAhead(TestWorld& world, MakeRun make_run)
        : world_(world), make_run_(std::move(make_run)) {}

    /// Finds, in this order, the tests whose builds are still to be made: one for each build.
    /// Where it is one alone, it is left to its test.
    void plan(const PlanReader& plan, const std::vector<std::uint32_t>& tests);
    /// Goes on with those that are under way and, if it may, begins as many as there is room for.
    void step(Duration now, bool may_begin);
    bool child_ended(pid_t pid, int wait_status, Duration now);
    [[nodiscard]] std::optional<Duration> next_step() const;
    /// Builds are under way or still to be begun.
    [[nodiscard]] bool busy() const { return !waiting_.empty() || building() > 0; }
    /// Builds are made here, and do not only wait for somebody else's.
    [[nodiscard]] bool working() const;
    [[nodiscard]] std::size_t planned() const { return waiting_.size(); }
    [[nodiscard]] std::size_t room() const;
    /// Begins no more.
    void give_up() { waiting_.clear(); }

    /// The test, as far as it has come: null if nothing was done for it.
    [[nodiscard]] std::unique_ptr<TestRun> take(std::uint32_t test);
    /// Gives up those that nobody took; the tests that were interrupted.
    std::vector<std::uint32_t> abort(status::Cause cause, const std::string& note, Duration now,
                                     const StopTimes& times);
    [[nodiscard]] bool stopped() const;

  private:
    [[nodiscard]] std::size_t building() const;

    TestWorld& world_;
    MakeRun make_run_;
    std::deque<std::uint32_t> waiting_;
    std::map<std::uint32_t, std::unique_ptr<TestRun>> begun_;
};

}  // namespace pavtest::run
