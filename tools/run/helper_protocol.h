// What the runner and its helpers on other nodes say to each other: a JSON object a line, over
// the standard input and output of one srun.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "run/process_mark.h"
#include "run/script_process.h"

namespace pavtest::run {

/// From the runner. srun gives each line to all helpers; each takes what is for its node.
struct HelperOrder {
    enum class Kind {
        begin,  // `environment` is that of all scripts
        start,  // a script
        stop,   // its whole tree, forced after `grace`
        sweep   // all processes with the mark, of a script that ran on another node
    };
    Kind kind = Kind::begin;
    std::string node;  // empty: all
    std::uint64_t script = 0;
    std::vector<std::string> arguments;
    std::vector<Variable> environment;  // of `start`: what differs
    std::string directory;
    std::string log;
    std::optional<double> timeout, limit;
    std::string timeout_file;
    std::string scratch;
    std::vector<Variable> mark;       // without the node's own part
    std::vector<std::uint32_t> cpus;  // by rank; empty: all
    std::chrono::milliseconds grace{0};
};

/// From a helper. Shorter than what srun passes on in one piece, so that those of different
/// nodes do not mix.
struct HelperReport {
    enum class Kind {
        ready,
        alive,
        ended,  // `end` of `script`; also of a sweep
        gone    // the helper died; its processes are being ended
    };
    Kind kind = Kind::alive;
    std::string node;
    std::uint64_t script = 0;
    ScriptEnd end;
};

std::string encode(const HelperOrder& order);
std::string encode(const HelperReport& report);
/// Nothing for a line that is none of ours.
std::optional<HelperOrder> decode_order(std::string_view line);
std::optional<HelperReport> decode_report(std::string_view line);

/// Takes whole lines out of what was read so far.
class LineBuffer {
  public:
    void add(std::string_view data) { text_ += data; }
    std::optional<std::string> take();

  private:
    std::string text_;
    std::size_t at_ = 0;
};

/// The nodes that a line on srun's standard error says it has lost a helper on:
/// "srun: error: Node failure on n3", "srun: error: n[2-3]: tasks 0-1: Killed".
std::vector<std::string> nodes_lost_in(std::string_view line);

}  // namespace pavtest::run
