#include "base/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace pavtest {
namespace {

class FileTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "pavtest-file-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        path_ = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(path_); }
    std::string path_;
};

TEST_F(FileTest, WritesAtomicallyAndReadsBack) {
    const auto directory = Directory::open(path_);
    ASSERT_TRUE(directory);
    ASSERT_TRUE(write_file_atomic(directory->fd(), "a", "hello", 0600));
    EXPECT_EQ(*directory->read("a"), "hello");
    EXPECT_THAT(*directory->names(), testing::ElementsAre("a"));
}

TEST_F(FileTest, WritesWithTheModeThatIsAskedForWhateverTheUmask) {
    const auto directory = Directory::open(path_);
    const mode_t before = ::umask(077);
    const auto written = write_file_atomic(directory->fd(), "a", "hello", 0640);
    ::umask(before);
    ASSERT_TRUE(written);
    struct stat info {};
    ASSERT_EQ(::stat((path_ + "/a").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0640U);
}

TEST_F(FileTest, RefusesWhatIsNoRegularFile) {
    ASSERT_EQ(::mkfifo((path_ + "/fifo").c_str(), 0600), 0);
    EXPECT_FALSE(read_file(path_ + "/fifo"));
    EXPECT_FALSE(read_file(path_));
    EXPECT_FALSE(read_file("/dev/zero"));
}

TEST_F(FileTest, RefusesWhatIsTooLarge) {
    const auto directory = Directory::open(path_);
    ASSERT_TRUE(write_file_atomic(directory->fd(), "a", "hello", 0600));
    EXPECT_FALSE(read_file(path_ + "/a", 4));
}

TEST_F(FileTest, FollowsNoLinksBelow) {
    const auto directory = Directory::open(path_);
    ASSERT_EQ(::symlink("/etc", (path_ + "/link").c_str()), 0);
    EXPECT_FALSE(directory->open_below("link"));
    EXPECT_FALSE(directory->create_below("link/x", 0700));
    EXPECT_FALSE(directory->open_below("../etc"));
    ASSERT_EQ(::symlink("/etc/passwd", (path_ + "/file").c_str()), 0);
    EXPECT_FALSE(directory->read("file"));
}

TEST_F(FileTest, RemovesATreeWithoutFollowingLinks) {
    const auto directory = Directory::open(path_);
    ASSERT_TRUE(directory->create_below("tree/deep", 0700));
    std::filesystem::create_directory(path_ + "/kept");
    ASSERT_EQ(::symlink((path_ + "/kept").c_str(), (path_ + "/tree/link").c_str()), 0);
    ASSERT_TRUE(remove_tree(*directory, "tree"));
    EXPECT_FALSE(directory->has("tree"));
    EXPECT_TRUE(directory->has("kept"));
}

}  // namespace
}  // namespace pavtest
