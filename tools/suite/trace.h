// Where each value of a resolved test came from, and what it overrode.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "suite/resolve.h"

namespace pavtest::suite {

/// One layer that set a value.
struct TraceStep {
    std::string layer;           // "test 'hello'", "mode 'quick'", "-c run.timeout=9", "default"
    std::string value;           // as JSON
    std::optional<Place> place;  // none for defaults
    bool kept = false;           // a list whose items are all part of the value still
};

/// An item of a list, or of a variable with several values.
struct TraceItem {
    std::string value;    // in the end, as JSON
    std::string written;  // before its strings were resolved, as JSON
    std::string layer;
    std::optional<Place> place;
};

struct Explanation {
    std::string key;               // dotted: "run.cmds", "variables.nodes"
    std::string value;             // in the end, as JSON
    std::vector<TraceStep> steps;  // the one that counts first, then what it overrode
    std::vector<TraceItem> items;  // of a list: layers may have added to each other
};

/// The values at a dotted key and everything below it; all of them for an empty key.
/// Defaults that nobody set are left out unless `defaults`.
std::vector<Explanation> explain(const ResolvedTest& test, std::string_view key,
                                 bool defaults = false);

}  // namespace pavtest::suite
