#include "run/scratch.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>

#include "../status/temporary.h"

namespace pavtest::run {
namespace {

class ScratchTest : public status::TemporaryTest {};

TEST_F(ScratchTest, IsMadeForOneUserAndGoesWithAllThatIsInIt) {
    const std::string path = scratch_root(path_ + "/node", "s1", "7.0", "n1") + "/0001.1";
    ASSERT_TRUE(make_scratch(path));
    struct stat info {};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777U, 0700U);
    std::filesystem::create_directory(path + "/deep");
    std::ofstream(path + "/deep/file") << "x";
    const pid_t child = remove_scratch(path);
    ASSERT_GT(child, 0);
    ::waitpid(child, nullptr, 0);
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ScratchTest, AnEmptyOneNeedsNoChild) {
    const std::string path = path_ + "/a/b";
    ASSERT_TRUE(make_scratch(path));
    EXPECT_EQ(remove_scratch(path), 0);
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ScratchTest, WhereOthersMayWriteIsNoPlaceForIt) {
    std::filesystem::create_directory(path_ + "/node");
    std::filesystem::permissions(path_ + "/node", std::filesystem::perms::all);
    EXPECT_FALSE(make_scratch(path_ + "/node/scratch/0001.1"));
    EXPECT_TRUE(std::filesystem::is_empty(path_ + "/node"));
}

TEST_F(ScratchTest, ALinkInItsPlaceIsRefused) {
    std::filesystem::create_directory_symlink(path_, path_ + "/link");
    EXPECT_FALSE(make_scratch(path_ + "/link"));
}

}  // namespace
}  // namespace pavtest::run
