// The last stage of a test: from what its run left behind to results.json and the verdict.
//
// Parsers meet files of any size and content, expressions of any cost and commands of any
// kind. They work in a child with a limit on time and memory, so that they cost their own test
// a RESULTS_ERROR at worst. A test that asks for nothing but the default result is judged here.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/environment.h"
#include "base/error.h"
#include "base/file_descriptor.h"
#include "run/parsers/files.h"
#include "run/result.h"
#include "run/result_base.h"

namespace pavtest::run {

struct ResultLimits {
    std::chrono::seconds time{900};          // for all parsers together
    std::chrono::seconds command_time{300};  // for one `command` parser
    std::uint64_t memory = 2ULL << 30;       // bytes, over what the runner itself has
};

struct ResultInputs {
    ResultFacts facts;
    ScriptEnd end;                  // of the run
    std::optional<double> timeout;  // that it had
    parsers::Places places;
    Environment environment;  // of `command` parsers
    ResultLimits limits;
};

struct ResultOutcome {
    Verdict verdict;
    bool failed = false;  // the state RESULTS_ERROR
    std::string json;     // results.json, without a newline
};

class ResultStage {
  public:
    explicit ResultStage(ResultInputs inputs) : inputs_(std::move(inputs)) {}

    /// Whether anything but the default result is asked for.
    [[nodiscard]] bool needs_child() const;
    /// The outcome, gathered in this process.
    [[nodiscard]] ResultOutcome judge() const;
    /// The child that gathers it. The stage must outlive it and not move.
    Result<ScriptStart> child();
    /// What the child found, once it has ended.
    [[nodiscard]] ResultOutcome collect(const ScriptEnd& child) const;
    /// The outcome of a test that gets this verdict whatever its files say.
    [[nodiscard]] ResultOutcome settled(Verdict verdict) const;

  private:
    [[nodiscard]] Result<> gather_in_child() const;
    [[nodiscard]] ResultOutcome given_up(const std::string& why) const;

    ResultInputs inputs_;
    FileDescriptor answer_;  // where the child leaves the outcome
};

/// The same results of a test that did not come to its end: without a verdict.
std::string interrupted_results(const std::string& json, const std::string& why);

}  // namespace pavtest::run
