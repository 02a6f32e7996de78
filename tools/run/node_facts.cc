// uname, sysinfo, /proc, adjtimex.
#include "run/node_facts.h"

#include <sched.h>
#include <sys/sysinfo.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/text.h"

namespace pavtest::run {

namespace {

ClockFacts clock_facts() {
    ClockFacts facts;
    timex kernel{};  // modes 0: only asks
    const int state = ::adjtimex(&kernel);
    facts.synchronized = state >= 0 && state != TIME_ERROR && (kernel.status & STA_UNSYNC) == 0;
    facts.error_microseconds = kernel.maxerror;
    return facts;
}

}  // namespace

std::string os_name(std::string_view os_release) {
    constexpr std::string_view key = "PRETTY_NAME=";
    for (const std::string& line : split(os_release, '\n')) {
        if (line.starts_with(key)) {
            std::string name = line.substr(key.size());
            std::erase_if(name, [](char c) { return c == '"' || c == '\''; });
            return name;
        }
    }
    return {};
}

NodeFacts node_facts(const std::string& node) {
    NodeFacts facts;
    facts.node = node;
    utsname system{};
    if (::uname(&system) == 0) {
        facts.architecture = &system.machine[0];
        facts.kernel = &system.release[0];
    }
    struct sysinfo memory {};
    if (::sysinfo(&memory) == 0) {
        facts.memory_bytes = static_cast<std::uint64_t>(memory.totalram) * memory.mem_unit;
        facts.uptime_seconds = static_cast<std::uint64_t>(memory.uptime);
    }
    cpu_set_t usable;
    CPU_ZERO(&usable);
    if (::sched_getaffinity(0, sizeof usable, &usable) == 0) {
        facts.cpus = static_cast<std::uint32_t>(CPU_COUNT(&usable));
    }
    facts.cpus_online = static_cast<std::uint32_t>(std::max(0L, ::sysconf(_SC_NPROCESSORS_ONLN)));
    facts.os = os_name(read_file("/etc/os-release", 64U << 10).value_or(""));
    facts.boot_id = trim(read_file("/proc/sys/kernel/random/boot_id").value_or(""));
    facts.clock = clock_facts();
    return facts;
}

std::string to_json(const NodeFacts& facts, Timestamp now) {
    const nlohmann::json document = {
        {"format", 1},
        {"node", facts.node},
        {"when", to_rfc3339(now)},
        {"arch", facts.architecture},
        {"kernel", facts.kernel},
        {"os", facts.os},
        {"boot_id", facts.boot_id},
        {"cpus", facts.cpus},
        {"cpus_online", facts.cpus_online},
        {"memory_bytes", facts.memory_bytes},
        {"uptime_seconds", facts.uptime_seconds},
        {"clock",
         {{"synchronized", facts.clock.synchronized},
          {"error_microseconds", facts.clock.error_microseconds},
          {"store_offset_seconds", facts.clock.store_offset
                                       ? nlohmann::json(*facts.clock.store_offset)
                                       : nlohmann::json()}}},
    };
    return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace pavtest::run
