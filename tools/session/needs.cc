// Reading `schedule` once more, as the packing understands it.
#include "session/needs.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/hostlist.h"
#include "base/text.h"
#include "session/sizing.h"

namespace pavtest::session {

namespace {

std::optional<double> number(std::string_view text) {
    text = trim(text);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() ||
        !std::isfinite(value)) {
        return std::nullopt;
    }
    return value;
}

std::uint32_t count(std::string_view text, std::uint32_t otherwise) {
    const auto value = number(text);
    constexpr double most = 1e6;
    return value && *value >= 1 && *value <= most ? static_cast<std::uint32_t>(*value) : otherwise;
}

bool is_false(const std::string& text) {
    return text == "false" || text == "False" || text == "FALSE";
}

std::vector<std::string> node_names(const PlannedTest& test, std::string_view key) {
    std::vector<std::string> names;
    for (const std::string& item : config_list(test.config, key)) {
        if (const auto some = expand_hostlist(item)) {
            names.insert(names.end(), some->begin(), some->end());
        }
    }
    return names;
}

Chunking chunking_of(const PlannedTest& test) {
    Chunking chunking;
    const std::string size = config_text(test.config, "schedule.chunking.size");
    if (size.ends_with('%')) {
        chunking.share =
            number(std::string_view(size).substr(0, size.size() - 1)).value_or(0) / 100;
    } else {
        chunking.size = count(size, 0);
    }
    if (!chunking.any()) {
        return {};
    }
    if (const std::string how = config_text(test.config, "schedule.chunking.node_selection");
        !how.empty()) {
        chunking.selection = how;
    }
    chunking.discard = config_text(test.config, "schedule.chunking.extra") == "discard";
    const auto index = number(config_text(test.config, "chunk"));
    chunking.index = index && *index >= 0 ? static_cast<int>(*index) : -1;
    return chunking;
}

// Pavilion's scheduler "raw" fills in 100 where a test says nothing: nobody asked for that.
std::uint32_t concurrent_of(const PlannedTest& test) {
    constexpr std::uint32_t raw_default = 100;
    const std::uint32_t value = count(config_text(test.config, "run.concurrent"), 1);
    const std::string scheduler = config_text(test.config, "scheduler");
    return value == raw_default && (scheduler.empty() || scheduler == "raw") ? 1 : value;
}

}  // namespace

Needs needs_of(const PlannedTest& test) {
    Needs needs;
    if (!test.skip_reasons.empty()) {
        needs.nothing = true;
        return needs;
    }
    needs.nodes_least = std::max(test.nodes, 1U);
    needs.nodes_most = needs.nodes_least;
    const std::string nodes = config_text(test.config, "schedule.nodes");
    needs.chunking = chunking_of(test);
    if (nodes == "all") {
        needs.all_nodes = true;
        needs.nodes_least = 1;
    } else if (const std::size_t dash = nodes.find('-'); dash != std::string::npos) {
        needs.nodes_most =
            std::max(needs.nodes_least, count(std::string_view(nodes).substr(dash + 1), 1));
    } else if (!nodes.empty() && !config_text(test.config, "schedule.min_nodes").empty()) {
        needs.nodes_most = std::max(needs.nodes_least, count(nodes, needs.nodes_least));
    }
    const bool shares = !is_false(config_text(test.config, "schedule.share_allocation"));
    if (!shares && nodes.empty()) {
        needs.all_nodes = true;
        needs.nodes_least = 1;
    }
    needs.alone = (needs.all_nodes && !needs.chunking.any()) || !shares;
    needs.all_cpus = config_text(test.config, "schedule.tasks_per_node") == "all";
    needs.cpus = std::max(test.tasks_per_node, 1U);
    needs.side_by_side = concurrent_of(test);
    needs.across = node_names(test, "schedule.across_nodes");
    needs.include = node_names(test, "schedule.include_nodes");
    needs.exclude = node_names(test, "schedule.exclude_nodes");
    return needs;
}

double time_limit_of(const PlannedTest& test) {
    return std::max(0.0, number(config_text(test.config, "schedule.time_limit")).value_or(0)) *
           3600;
}

}  // namespace pavtest::session
