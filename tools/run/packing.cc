// One look at each test's schedule.
#include "run/packing.h"

#include <algorithm>

#include "run/cpu_set.h"

namespace pavtest::run {

std::vector<session::PackedNode> packed_nodes(const JobContext& job) {
    const auto here = static_cast<std::uint32_t>(std::max<std::size_t>(own_cpus().size(), 1));
    std::vector<session::PackedNode> nodes;
    for (std::size_t i = 0; i < job.nodes.size(); ++i) {
        nodes.push_back({job.nodes[i], i < job.cpus.size() ? job.cpus[i] : here});
    }
    return nodes;
}

std::vector<session::PackedTest> packed_tests(const PlanReader& plan,
                                              const std::vector<std::uint32_t>& order,
                                              const session::Durations& durations) {
    std::vector<session::PackedTest> tests;
    tests.reserve(order.size());
    for (const std::uint32_t index : order) {
        session::PackedTest packed;
        packed.index = index;
        const auto test = plan.test(index);
        if (test) {
            packed.needs = session::needs_of(*test);
            packed.seconds = durations.of(test->name).value_or(0);
        } else {
            packed.needs.nothing = true;
        }
        tests.push_back(std::move(packed));
    }
    return tests;
}

}  // namespace pavtest::run
