#include "run/node_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pavtest::run {
namespace {

struct stat directory(uid_t owner, mode_t mode) {
    struct stat info {};
    info.st_uid = owner;
    info.st_mode = S_IFDIR | mode;
    return info;
}

TEST(NodeDir, OursIsSafeUnlessOthersCanMoveWhatWeMake) {
    EXPECT_TRUE(is_safe_place(directory(::geteuid(), 0700)));
    EXPECT_TRUE(is_safe_place(directory(::geteuid(), 0755)));
    EXPECT_FALSE(is_safe_place(directory(::geteuid(), 0777)));
    EXPECT_FALSE(is_safe_place(directory(::geteuid(), 0770)));
}

// Where the jobs are root's own, /tmp is both: root's and theirs.
TEST(NodeDir, ADirectoryForAllIsSafeWithItsStickyBit) {
    EXPECT_TRUE(is_safe_place(directory(::geteuid(), 01777)));
    EXPECT_TRUE(is_safe_place(directory(0, 01777)));
    EXPECT_FALSE(is_safe_place(directory(0, 0777)));
}

TEST(NodeDir, SomebodyElsesIsNot) {
    EXPECT_FALSE(is_safe_place(directory(::geteuid() + 1, 0700)));
    EXPECT_FALSE(is_safe_place(directory(::geteuid() + 1, 01777)));
}

}  // namespace
}  // namespace pavtest::run
