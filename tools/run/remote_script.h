// A script, or a sweep, that a helper on another node runs for us.
#pragma once

#include <cstdint>
#include <string>

#include "run/node_helpers.h"

namespace pavtest::run {

class RemoteScript {
  public:
    using Duration = ScriptProcess::Duration;

    /// `helpers` must outlive it.
    static Result<RemoteScript> start(NodeHelpers& helpers, HelperOrder order, Duration now);

    /// Asks whether it has ended, or its node was lost.
    void step();
    void stop(Milliseconds grace) { helpers_->stop(node_, number_, grace); }
    [[nodiscard]] bool over() const { return over_; }
    /// Over, because nobody is there any more who could tell how it ended.
    [[nodiscard]] bool lost() const { return lost_; }
    [[nodiscard]] const ScriptEnd& end() const { return end_; }
    [[nodiscard]] const std::string& node() const { return node_; }

  private:
    RemoteScript(NodeHelpers& helpers, std::string node, std::uint64_t number)
        : helpers_(&helpers), node_(std::move(node)), number_(number) {}

    NodeHelpers* helpers_;
    std::string node_;
    std::uint64_t number_;
    bool over_ = false;
    bool lost_ = false;
    ScriptEnd end_;
};

}  // namespace pavtest::run
