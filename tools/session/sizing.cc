// Sizing: the rule of "several tests, one job".
#include "session/sizing.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>

#include "base/text.h"
#include "session/needs.h"
#include "session/packer.h"
#include "session/retry.h"

namespace pavtest::session {

namespace {

const nlohmann::json* find(const nlohmann::json& config, std::string_view dotted) {
    const nlohmann::json* at = &config;
    for (const std::string& key : split(dotted, '.')) {
        if (!at->is_object()) {
            return nullptr;
        }
        const auto found = at->find(key);
        if (found == at->end()) {
            return nullptr;
        }
        at = &*found;
    }
    return at;
}

std::optional<double> number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() ||
        !std::isfinite(value)) {
        return std::nullopt;
    }
    return value;
}

std::optional<std::uint32_t> count(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value == 0) {
        return std::nullopt;
    }
    return value;
}

struct NodeRange {
    std::uint32_t least = 1;
    std::uint32_t most = 1;
};

class Sizer {
  public:
    explicit Sizer(const SizingRules& rules) : rules_(rules) {}

    Result<> add(PlannedTest& test) {
        auto nodes = nodes_of(test);
        if (!nodes) {
            return tl::make_unexpected(nodes.error().within(test.name));
        }
        test.nodes = nodes->least;
        least_nodes_ = std::max(least_nodes_, nodes->least);
        most_nodes_ = std::max(most_nodes_, nodes->most);
        const std::string tasks = config_text(test.config, "schedule.tasks_per_node");
        if (tasks == "all") {
            all_tasks_ = true;
        } else if (!tasks.empty()) {
            const auto value = count(tasks);
            if (!value) {
                return fail(ErrorKind::config,
                            fmt::format("{}: schedule.tasks_per_node is '{}'", test.name, tasks),
                            "a whole number from 1, or 'all'");
            }
            test.tasks_per_node = *value;
        }
        tasks_per_node_ = std::max(tasks_per_node_, test.tasks_per_node);
        if (const std::string total = config_text(test.config, "schedule.tasks"); !total.empty()) {
            const auto value = count(total);
            if (!value) {
                return fail(ErrorKind::config,
                            fmt::format("{}: schedule.tasks is '{}'", test.name, total),
                            "a whole number from 1");
            }
            tasks_ = std::max(tasks_, *value);
        }
        return add_time(test);
    }

    [[nodiscard]] Wanted wanted() {
        Wanted wanted;
        wanted.nodes = least_nodes_ == most_nodes_
                           ? fmt::format("{}", least_nodes_)
                           : fmt::format("{}-{}", least_nodes_, most_nodes_);
        if (tasks_ > 0) {
            wanted.tasks = fmt::format("{}", tasks_);
        }
        // 'all' is for the tests' own step launchers; the batch job then takes whole nodes
        // through the site's policy and needs no task count.
        if (!all_tasks_ && tasks_ == 0) {
            wanted.tasks_per_node = fmt::format("{}", tasks_per_node_);
        }
        const auto packed = static_cast<std::int64_t>(std::ceil(packed_time()));
        wanted.time_limit_minutes = (packed + rules_.margin.count() + 59) / 60;
        return wanted;
    }

  private:
    // Each attempt may take as long as the first.
    Result<> add_time(const PlannedTest& test) {
        const auto retry = read_retry(test.config);
        if (!retry) {
            return tl::make_unexpected(retry.error().within(test.name));
        }
        auto seconds = static_cast<double>(rules_.default_test_time.count());
        if (const std::string limit = config_text(test.config, "schedule.time_limit");
            !limit.empty()) {
            const auto hours = number(limit);
            constexpr double most_hours = 24.0 * 365;
            if (!hours || *hours <= 0 || *hours > most_hours) {
                return fail(ErrorKind::config,
                            fmt::format("{}: schedule.time_limit is '{}'", test.name, limit),
                            "hours, such as 2 or 0.25");
            }
            seconds = std::ceil(*hours * 3600);
        }
        PackedTest packed{test.index, needs_of(test), seconds * (1 + retry->count)};
        // Which nodes the job will have is not known, but that they will do.
        packed.needs.across.clear();
        packed.needs.include.clear();
        packed.needs.exclude.clear();
        tests_.push_back(std::move(packed));
        return {};
    }

    // On as many nodes as there are at least, with the processors that are asked for.
    [[nodiscard]] double packed_time() const {
        const std::uint32_t cpus = rules_.given_tasks_per_node.value_or(tasks_per_node_);
        const std::uint32_t count = rules_.given_nodes.value_or(least_nodes_);
        constexpr std::size_t few = 2'000'000;
        if (count * tests_.size() > few) {
            return bound(count);
        }
        return packed_seconds(std::vector<PackedNode>(count, PackedNode{"", cpus}), tests_);
    }

    // What the packing does not exceed, where finding it takes its time: as long as tests wait, no
    // more nodes are idle than are too few for the widest of them.
    [[nodiscard]] double bound(std::uint32_t nodes) const {
        double alone = 0;   // of tests that let few others run, if any
        double shared = 0;  // seconds of nodes
        double longest = 0;
        std::uint32_t widest = 1;
        for (const PackedTest& test : tests_) {
            const std::uint32_t width = test.needs.nodes_most;
            longest = std::max(longest, test.seconds);
            if (test.needs.alone || test.needs.all_nodes || 2 * width > nodes) {
                alone += test.seconds;
            } else {
                shared += test.seconds * width;
                widest = std::max(widest, width);
            }
        }
        return alone + shared / (nodes - widest + 1) + longest;
    }

    Result<std::uint32_t> all_nodes(const PlannedTest& test) {
        if (partition_nodes_ == 0) {
            if (!rules_.node_count) {
                return fail(ErrorKind::infrastructure, "the number of nodes is not known here");
            }
            auto nodes = rules_.node_count(config_text(test.config, "schedule.partition"));
            if (!nodes) {
                return nodes;
            }
            partition_nodes_ = *nodes;
        }
        const Needs needs = needs_of(test);
        std::uint32_t nodes = partition_nodes_;
        if (!needs.across.empty()) {
            nodes = std::min(nodes, static_cast<std::uint32_t>(needs.across.size()));
        }
        nodes -= std::min(nodes - 1, static_cast<std::uint32_t>(needs.exclude.size()));
        if (needs.chunking.size > 0) {
            nodes = std::min(nodes, needs.chunking.size);
        } else if (needs.chunking.share > 0) {
            nodes = static_cast<std::uint32_t>(nodes * std::min(needs.chunking.share, 1.0));
        }
        return std::max(nodes, 1U);
    }

    // "4", "10-20", "50%", "all".
    Result<NodeRange> nodes_of(const PlannedTest& test) {
        const std::string text = config_text(test.config, "schedule.nodes");
        const std::string least = config_text(test.config, "schedule.min_nodes");
        NodeRange range;
        const std::size_t dash = text.find('-');
        if (text == "all" || (!text.empty() && text.back() == '%')) {
            double share = 100;
            if (text != "all") {
                const auto percent = number(std::string_view(text).substr(0, text.size() - 1));
                if (!percent || *percent <= 0 || *percent > 100) {
                    return bad_nodes(text);
                }
                share = *percent;
            }
            auto all = all_nodes(test);
            if (!all) {
                return tl::make_unexpected(all.error());
            }
            range.most = std::max(1U, static_cast<std::uint32_t>(*all * share / 100));
            range.least = range.most;
        } else if (dash != std::string::npos) {
            const auto from = count(std::string_view(text).substr(0, dash));
            const auto to = count(std::string_view(text).substr(dash + 1));
            if (!from || !to || *to < *from) {
                return bad_nodes(text);
            }
            range = {*from, *to};
        } else if (!text.empty()) {
            const auto value = count(text);
            if (!value) {
                return bad_nodes(text);
            }
            range = {*value, *value};
        }
        if (!least.empty()) {
            double share = 0;
            const bool percent = least.back() == '%';
            const auto value =
                number(std::string_view(least).substr(0, least.size() - (percent ? 1 : 0)));
            share = value.value_or(0);
            const auto nodes =
                static_cast<std::uint32_t>(percent ? std::ceil(range.most * share / 100) : share);
            if (!value || share <= 0 || nodes > range.most) {
                return fail(ErrorKind::config, fmt::format("schedule.min_nodes is '{}'", least),
                            "a number from 1 up to schedule.nodes");
            }
            range.least = nodes;
        }
        return range;
    }

    static tl::unexpected<Error> bad_nodes(const std::string& text) {
        return fail(ErrorKind::config, fmt::format("schedule.nodes is '{}'", text),
                    "a number from 1, a range such as 10-20, a share such as 50%, or 'all'");
    }

    const SizingRules& rules_;
    std::uint32_t least_nodes_ = 1;
    std::uint32_t most_nodes_ = 1;
    std::uint32_t tasks_per_node_ = 1;
    std::uint32_t tasks_ = 0;
    bool all_tasks_ = false;
    std::vector<PackedTest> tests_;
    std::uint32_t partition_nodes_ = 0;  // 0: not asked yet
};

constexpr std::string_view kGroupKeys[] = {"partition", "account", "qos", "reservation"};

std::string group_of(const PlannedTest& test) {
    std::vector<std::string> parts;
    for (const std::string_view key : kGroupKeys) {
        const std::string value = config_text(test.config, fmt::format("schedule.{}", key));
        if (!value.empty()) {
            parts.push_back(fmt::format("{}={}", key, value));
        }
    }
    return join(parts, " ");
}

// The values of one schedule key over all tests, each once, in order.
std::vector<std::string> gathered(const std::vector<PlannedTest>& tests, std::string_view key) {
    std::vector<std::string> values;
    for (const PlannedTest& test : tests) {
        if (!test.skip_reasons.empty()) {
            continue;
        }
        for (const std::string& value : config_list(test.config, key)) {
            if (std::find(values.begin(), values.end(), value) == values.end()) {
                values.push_back(value);
            }
        }
    }
    return values;
}

std::optional<std::string> joined_or_none(const std::vector<std::string>& values,
                                          std::string_view separator) {
    return values.empty() ? std::nullopt : std::optional(join(values, separator));
}

}  // namespace

std::string config_text(const nlohmann::json& config, std::string_view dotted) {
    const nlohmann::json* value = find(config, dotted);
    return value != nullptr && value->is_string() ? value->get<std::string>() : std::string{};
}

std::vector<std::string> config_list(const nlohmann::json& config, std::string_view dotted) {
    std::vector<std::string> values;
    const nlohmann::json* list = find(config, dotted);
    if (list != nullptr && list->is_array()) {
        for (const nlohmann::json& item : *list) {
            if (item.is_string()) {
                values.push_back(item.get<std::string>());
            }
        }
    }
    return values;
}

std::vector<AllocationGroup> allocation_groups(const std::vector<PlannedTest>& tests) {
    std::vector<AllocationGroup> groups;
    std::map<std::string, std::size_t> known;
    std::vector<std::uint32_t> indifferent;
    for (const PlannedTest& test : tests) {
        if (!test.skip_reasons.empty()) {
            continue;
        }
        const std::string what = group_of(test);
        if (what.empty()) {
            indifferent.push_back(test.index);
            continue;
        }
        const auto [found, added] = known.emplace(what, groups.size());
        if (added) {
            groups.push_back({what, {}});
        }
        groups[found->second].tests.push_back(test.index);
    }
    if (!indifferent.empty()) {
        if (groups.empty()) {
            groups.push_back({"no preference", {}});
        }
        auto& first = groups.front().tests;
        first.insert(first.end(), indifferent.begin(), indifferent.end());
        std::sort(first.begin(), first.end());
    }
    return groups;
}

Result<Wanted> size_job(std::vector<PlannedTest>& tests, const SizingRules& rules) {
    const std::vector<AllocationGroup> groups = allocation_groups(tests);
    if (groups.size() > 1) {
        std::vector<std::string> lines;
        lines.reserve(groups.size());
        for (const AllocationGroup& group : groups) {
            lines.push_back(fmt::format("{} ({} test{}, e.g. {})", group.what, group.tests.size(),
                                        group.tests.size() == 1 ? "" : "s",
                                        tests[group.tests.front()].name));
        }
        return fail(ErrorKind::config,
                    fmt::format("these tests can't share one allocation: {}", join(lines, "; ")),
                    "select one group, or use 'pavsuite submit', which makes a job for each");
    }
    Sizer sizer(rules);
    for (PlannedTest& test : tests) {
        if (!test.skip_reasons.empty()) {
            continue;
        }
        if (auto added = sizer.add(test); !added) {
            return tl::make_unexpected(added.error());
        }
    }
    Wanted wanted = sizer.wanted();
    const auto agreed = [&](std::string_view key) -> std::optional<std::string> {
        for (const PlannedTest& test : tests) {
            std::string value = test.skip_reasons.empty() ? config_text(test.config, key) : "";
            if (!value.empty()) {
                return value;
            }
        }
        return std::nullopt;
    };
    wanted.partition = agreed("schedule.partition");
    wanted.account = agreed("schedule.account");
    wanted.qos = agreed("schedule.qos");
    wanted.reservation = agreed("schedule.reservation");
    wanted.core_spec = agreed("schedule.core_spec");
    wanted.constraint = joined_or_none(gathered(tests, "schedule.slurm.features"), "&");
    wanted.include = joined_or_none(gathered(tests, "schedule.include_nodes"), ",");
    wanted.exclude = joined_or_none(gathered(tests, "schedule.exclude_nodes"), ",");
    wanted.extra = gathered(tests, "schedule.slurm.sbatch_extra");
    return wanted;
}

}  // namespace pavtest::session
