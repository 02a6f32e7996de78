// Finding and reading the counters.
#include "run/memory_kills.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/file.h"
#include "base/text.h"

namespace pavtest::run {

namespace {

bool has_word(std::string_view list, std::string_view word) {
    const std::vector<std::string> words = split(list, ',');
    return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

std::uint64_t parse_oom_kills(std::string_view text) {
    constexpr std::string_view name = "oom_kill ";
    for (const std::string& line : split(text, '\n')) {
        if (line.starts_with(name)) {
            std::uint64_t count = 0;
            std::from_chars(line.data() + name.size(), line.data() + line.size(), count);
            return count;
        }
    }
    return 0;
}

MemoryCgroup parse_memory_cgroup(std::string_view text) {
    MemoryCgroup found;
    for (const std::string& line : split(text, '\n')) {
        // hierarchy:controllers:path
        const std::size_t first = line.find(':');
        const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) {
            continue;
        }
        const std::string_view controllers =
            std::string_view(line).substr(first + 1, second - first - 1);
        if (has_word(controllers, "memory")) {
            return {line.substr(second + 1), false};
        }
        if (controllers.empty() && line.starts_with("0:")) {
            found = {line.substr(second + 1), true};
        }
    }
    return found;
}

std::string parse_mount_point(std::string_view mountinfo, bool version2) {
    for (const std::string& line : split(mountinfo, '\n')) {
        // id parent device root mount-point options … - type source super-options
        const std::size_t dash = line.find(" - ");
        if (dash == std::string::npos) {
            continue;
        }
        const std::vector<std::string> before = split(line.substr(0, dash), ' ');
        const std::vector<std::string> after = split(line.substr(dash + 3), ' ');
        constexpr std::size_t mount_point = 4;
        if (before.size() <= mount_point || after.size() < 3) {
            continue;
        }
        const bool matches =
            version2 ? after[0] == "cgroup2" : after[0] == "cgroup" && has_word(after[2], "memory");
        if (matches) {
            return before[mount_point];
        }
    }
    return {};
}

MemoryKills MemoryKills::of_process(const std::string& root) {
    MemoryKills kills;
    const auto cgroups = read_file(root + "/proc/self/cgroup");
    const auto mounts = read_file(root + "/proc/self/mountinfo");
    if (!cgroups || !mounts) {
        return kills;
    }
    const MemoryCgroup cgroup = parse_memory_cgroup(*cgroups);
    const std::string mount_point = parse_mount_point(*mounts, cgroup.version2);
    if (cgroup.path.empty() || mount_point.empty()) {
        return kills;
    }
    const char* const file = cgroup.version2 ? "/memory.events" : "/memory.oom_control";
    std::string path = cgroup.path;
    // Up to the job's own cgroup: what is above it holds other people's kills.
    while (path.find("job_") != std::string::npos) {
        FileDescriptor counter(
            ::open((root + mount_point + path + file).c_str(), O_RDONLY | O_CLOEXEC));
        if (counter.valid()) {
            kills.counters_.push_back(std::move(counter));
        }
        path.erase(path.rfind('/'));
    }
    return kills;
}

std::uint64_t MemoryKills::count() const {
    std::uint64_t total = 0;
    for (const FileDescriptor& counter : counters_) {
        std::array<char, 1024> buffer{};
        const ssize_t n = ::pread(counter.get(), buffer.data(), buffer.size(), 0);
        if (n > 0) {
            total += parse_oom_kills({buffer.data(), static_cast<std::size_t>(n)});
        }
    }
    return total;
}

}  // namespace pavtest::run
