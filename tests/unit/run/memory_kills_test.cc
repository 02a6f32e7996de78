#include "run/memory_kills.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace pavtest::run {
namespace {

namespace fs = std::filesystem;

TEST(MemoryKills, ReadsBothFormats) {
    EXPECT_EQ(parse_oom_kills("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"), 3U);
    EXPECT_EQ(parse_oom_kills("low 0\nhigh 0\nmax 5\noom 2\noom_kill 2\noom_group_kill 0\n"), 2U);
    EXPECT_EQ(parse_oom_kills("oom_kill_disable 0\n"), 0U);
    EXPECT_EQ(parse_oom_kills(""), 0U);
}

TEST(MemoryKills, FindsTheMemoryHierarchy) {
    const MemoryCgroup v1 = parse_memory_cgroup(
        "9:name=systemd:/\n4:cpuset,memory:/slurm/uid_0/job_7/step_batch\n0::/user.slice\n");
    EXPECT_EQ(v1.path, "/slurm/uid_0/job_7/step_batch");
    EXPECT_FALSE(v1.version2);
    const MemoryCgroup v2 = parse_memory_cgroup("0::/system.slice/job_7/step_batch\n");
    EXPECT_EQ(v2.path, "/system.slice/job_7/step_batch");
    EXPECT_TRUE(v2.version2);
    EXPECT_EQ(parse_memory_cgroup("1:cpu:/\n").path, "");
}

TEST(MemoryKills, FindsWhereItIsMounted) {
    constexpr std::string_view mounts =
        "30 24 0:26 / /sys/fs/cgroup ro - tmpfs tmpfs ro\n"
        "31 30 0:27 / /sys/fs/cgroup/unified rw,nosuid shared:5 - cgroup2 cgroup2 rw\n"
        "32 30 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
    EXPECT_EQ(parse_mount_point(mounts, false), "/sys/fs/cgroup/memory");
    EXPECT_EQ(parse_mount_point(mounts, true), "/sys/fs/cgroup/unified");
    EXPECT_EQ(parse_mount_point("", true), "");
}

TEST(MemoryKills, CountsUpToTheJobAndNotBeyond) {
    std::string root = testing::TempDir() + "pavtest-memory-XXXXXX";
    ASSERT_NE(::mkdtemp(root.data()), nullptr);
    const std::string job = root + "/cg/slurm/job_7";
    fs::create_directories(job + "/step_batch");
    fs::create_directories(root + "/proc/self");
    std::ofstream(root + "/proc/self/cgroup") << "0::/slurm/job_7/step_batch\n";
    std::ofstream(root + "/proc/self/mountinfo") << "1 0 0:1 / /cg rw - cgroup2 cgroup2 rw\n";
    const auto kills = [](const std::string& path, int count) {
        std::ofstream(path + "/memory.events") << "oom 9\noom_kill " << count << "\n";
    };
    kills(root + "/cg/slurm", 100);
    kills(job, 1);
    kills(job + "/step_batch", 1);
    const MemoryKills counters = MemoryKills::of_process(root);
    EXPECT_EQ(counters.count(), 2U);
    kills(job + "/step_batch", 2);
    EXPECT_EQ(counters.count(), 3U);
    fs::remove_all(root);
}

TEST(MemoryKills, NoCgroupsNoCount) {
    EXPECT_EQ(MemoryKills::of_process("/nowhere").count(), 0U);
    EXPECT_EQ(MemoryKills().count(), 0U);
}

}  // namespace
}  // namespace pavtest::run
