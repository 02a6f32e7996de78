// The command line of pavstat, and what the environment adds to it.
#pragma once

#include <CLI/App.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "base/environment.h"
#include "base/error.h"
#include "cmd/pavstat/layout.h"
#include "cmd/pavstat/viewer.h"

namespace pavtest::cmd {

/// As typed.
struct Arguments {
    PavstatOptions options;
    std::vector<std::string> jobs, note;
    std::string start_time, end_time, format, names, sort, delimiter;
    bool me = false, history = false, nodes = false, json = false, yaml = false, tests = false;
    bool parsable = false, parsable2 = false, help_format = false, summary = false;
    bool changed = false, verify = false, long_form = false, verbose = false;
    bool follow = false, watch = false;
    bool yes = false;
    std::string record_of, job, older;
    long timeout = 0, iterate = 0;
};

/// All but the subcommands.
void add_options(CLI::App& app, Arguments& arguments);

Result<PavstatOptions> options_of(const Arguments& arguments, const Environment& environment,
                                  Timestamp now);

/// The columns: of the command line, of the environment, or those that everybody sees.
Result<Layout> layout_of(const Arguments& arguments, const Environment& environment, bool of_tests);

}  // namespace pavtest::cmd
