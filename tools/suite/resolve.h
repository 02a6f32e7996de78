// The face of the suite language: requests in, resolved tests out.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/environment.h"
#include "base/error.h"
#include "base/time.h"

namespace pavtest::suite {

class SchedulerFacts;
class Trace;

/// A configuration directory: suites/, hosts/, os/, modes/, facts/, functions/, …
struct ConfigDirectory {
    std::string label;
    std::string path;
};

/// Everything outside the files that resolution may look at; tests replace it.
struct World {
    std::vector<ConfigDirectory> directories;  // in order: the first that has a thing wins
    Environment environment;
    const Clock* clock = nullptr;
    std::map<std::string, std::string>
        pinned_facts;  // --fact: "sys_name", "sys_os.name", "pav.user"
    std::shared_ptr<const SchedulerFacts> scheduler;  // nothing: the Slurm of the environment
};

struct Selection {
    std::vector<std::string> requests;       // [N*]suite[.test[.subtitle]][*N], globs
    std::vector<std::string> request_files;  // -f
    std::optional<std::string> host, os;
    std::vector<std::string> modes;
    std::vector<std::string> overrides;  // key.sub=value
    /// Go on after a suite's or test's first error, and say each but once. Without it there
    /// is one error for each suite, test or permutation that fails, as in Pavilion.
    bool all_errors = false;
    /// What a test consists of is wanted: `config`, `variables` and `trace`. Whether it can be
    /// resolved at all is told without, in half the time.
    bool contents = true;
    /// As it is run, not as Pavilion shows it: a test keeps of the variables that it is a
    /// permutation of its own values alone, for else ten thousand permutations hold ten thousand
    /// values each.
    bool for_a_run = false;
};

/// Keys keep the order in which they were written: environment variables build on it.
using Json = nlohmann::ordered_json;

struct ResolvedTest {
    std::string full_name;  // suite.test.subtitle
    std::string suite, test;
    std::optional<std::string> subtitle;
    std::string suite_path;       // the file
    std::string suite_directory;  // suites/NAME for suite directories, else empty
    std::string config_path;      // the configuration directory it came from
    std::vector<std::string> skip_reasons;
    bool deferred = false;               // some strings wait for the node
    Json config;                         // Pavilion's keys, leaves strings or null
    Json template_files;                 // {"build" or "run": {"target": [line, …]}}
    Json variables;                      // what deferred strings still need: see deferred.h
    Json permute_vars;                   // the permutation's variables and values
    std::shared_ptr<const Trace> trace;  // where each value came from: see trace.h
};

struct Resolution {
    std::vector<ResolvedTest> tests;
    std::vector<Error> errors;    // resolution failed if there is one
    std::vector<Error> warnings;  // deprecated forms and the like
};

/// Never throws; whatever goes wrong is in `errors`.
Resolution resolve(const World& world, const Selection& selection);

/// The same, but each test is handed over as soon as it is resolved, so that ten thousand take
/// no more memory than one; `tests` of the answer stays empty.
using TestSink = std::function<void(ResolvedTest&&)>;
Resolution resolve(const World& world, const Selection& selection, const TestSink& sink);

/// As resolve(), before permutations and strings: one entry for each test.
Resolution resolve_merged(const World& world, const Selection& selection);

}  // namespace pavtest::suite
