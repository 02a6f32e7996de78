// The runner's side of its helpers: one srun for all further nodes, started when the first
// script goes to one of them.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/environment.h"
#include "base/error.h"
#include "run/active_clock.h"
#include "run/helper_protocol.h"
#include "run/script_process.h"

namespace pavtest::run {

class NodeHelpers {
  public:
    using Duration = ScriptProcess::Duration;

    /// `program` is pavrun; `nodes` are those that get a helper. `environment` is of the
    /// scripts, and srun's. Must not be moved once a script was started.
    NodeHelpers(std::string program, std::vector<std::string> nodes, Environment environment,
                Leaders& leaders);
    NodeHelpers(const NodeHelpers&) = delete;
    NodeHelpers& operator=(const NodeHelpers&) = delete;
    ~NodeHelpers();

    /// Starts a script or a sweep there; its number, to ask for its end.
    Result<std::uint64_t> send(HelperOrder order, Duration now);
    void stop(const std::string& node, std::uint64_t script, Milliseconds grace);
    /// The end of it, once; a script on a node that was lost has none.
    std::optional<ScriptEnd> take_end(std::uint64_t script);
    [[nodiscard]] bool lost(const std::string& node) const { return lost_.contains(node); }

    /// To poll for what they say; -1 as long as there are none.
    [[nodiscard]] int output() const { return output_.get(); }
    [[nodiscard]] int errors() const { return errors_.get(); }
    /// Reads what they said, and notes who says nothing any more.
    void listen(Duration now);
    /// Child of ours that ended? Then all helpers are lost.
    bool child_ended(pid_t pid);
    /// Nodes that were lost since the last call.
    std::vector<std::string> take_lost();
    /// What srun said besides.
    std::vector<std::string> take_messages();
    [[nodiscard]] bool started() const { return started_; }
    /// There is something that srun did not take yet.
    [[nodiscard]] bool unsent() const { return pid_ > 0 && !unsent_.empty(); }
    /// Lets them end: their input ends.
    void close();
    [[nodiscard]] bool running() const { return pid_ > 0; }

  private:
    Result<> start(Duration now);
    void write(const HelperOrder& order);
    void flush();
    void lose(const std::string& node);

    std::string program_;
    std::vector<std::string> nodes_;
    Environment environment_;
    Leaders& leaders_;
    bool started_ = false;
    pid_t pid_ = 0;
    FileDescriptor input_, output_, errors_;
    std::string unsent_;
    LineBuffer said_, complaints_;
    std::uint64_t next_script_ = 1;
    std::map<std::uint64_t, ScriptEnd> ends_;
    std::map<std::string, Duration> heard_;
    std::set<std::string> lost_;
    std::vector<std::string> newly_lost_;
    std::vector<std::string> messages_;
};

}  // namespace pavtest::run
