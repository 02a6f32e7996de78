// Slurm's variables have different names in steps and in prologs.
#include "run/job_context.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/hostlist.h"
#include "base/text.h"

namespace pavtest::run {

namespace {

std::optional<std::uint32_t> number(const std::string& text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

// "8(x2),4"
std::vector<std::uint32_t> cpu_counts(const std::string& text) {
    std::vector<std::uint32_t> counts;
    for (const std::string& part : split(text, ',')) {
        const std::size_t open = part.find("(x");
        const auto cpus = number(part.substr(0, open));
        const auto times = open == std::string::npos
                               ? std::optional<std::uint32_t>(1)
                               : number(part.substr(open + 2, part.size() - open - 3));
        if (!cpus || !times) {
            return {};
        }
        constexpr std::uint32_t most = 100000;
        counts.insert(counts.end(), std::min(*times, most), *cpus);
    }
    return counts;
}

}  // namespace

Result<JobContext> job_context(const Environment& environment) {
    JobContext context;
    const std::string job = environment.get_or("SLURM_JOB_ID", "");
    const auto id = number(job);
    if (!id || *id == 0) {
        return fail(ErrorKind::usage, "this is no Slurm job: SLURM_JOB_ID is not set",
                    "submit with 'sbatch --pavtest=SUITE', or start it in a job script");
    }
    context.key.job = *id;
    // In a step it is there from the first restart on; in prolog and epilog always.
    const std::string restart = environment.get_or(
        "SLURM_RESTART_COUNT", environment.get_or("SLURM_JOB_RESTART_COUNT", "0"));
    context.key.restart = number(restart).value_or(0);
    context.node = session::record_host(environment);
    context.node_list = environment.get_or("SLURM_JOB_NODELIST",
                                           environment.get_or("SLURM_NODELIST", context.node));
    auto nodes = expand_hostlist(context.node_list);
    if (!nodes) {
        return tl::make_unexpected(nodes.error().within("SLURM_JOB_NODELIST"));
    }
    context.nodes = std::move(*nodes);
    if (context.nodes.empty()) {
        context.nodes.push_back(context.node);
    }
    context.cpus = cpu_counts(environment.get_or("SLURM_JOB_CPUS_PER_NODE", ""));
    context.cpus.resize(context.cpus.empty() ? 0 : context.nodes.size(), 1);
    return context;
}

}  // namespace pavtest::run
