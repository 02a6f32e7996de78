// From the kernel's mask, which has the step's cpuset in it.
#include "run/cpu_set.h"

#include <sched.h>

namespace pavtest::run {

std::vector<std::uint32_t> own_cpus() {
    std::vector<std::uint32_t> cpus;
    cpu_set_t mask;
    CPU_ZERO(&mask);
    if (::sched_getaffinity(0, sizeof mask, &mask) == 0) {
        for (std::uint32_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
            if (CPU_ISSET(cpu, &mask)) {
                cpus.push_back(cpu);
            }
        }
    }
    return cpus;
}

std::vector<std::uint32_t> cpus_of_ranks(const std::vector<std::uint32_t>& cpus,
                                         const std::vector<std::uint32_t>& ranks) {
    std::vector<std::uint32_t> chosen;
    for (const std::uint32_t rank : ranks) {
        if (!cpus.empty()) {
            chosen.push_back(cpus[rank % cpus.size()]);
        }
    }
    return chosen;
}

}  // namespace pavtest::run
