#include "base/digest.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace pavtest {
namespace {

namespace fs = std::filesystem;

class DigestTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "pavtest-digest-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        path_ = pattern;
        for (const std::string tree : {"/a", "/b"}) {
            fs::create_directories(path_ + tree + "/sub");
            std::ofstream(path_ + tree + "/main.c") << "int main(void);\n";
            std::ofstream(path_ + tree + "/sub/data") << "data";
            fs::create_symlink("main.c", path_ + tree + "/link");
        }
    }
    void TearDown() override { fs::remove_all(path_); }
    [[nodiscard]] std::string of(const std::string& name) const {
        Digests digests;
        return digests.of(path_ + name).value_or("?");
    }
    std::string path_;
};

TEST(Sha256, IsTheStandards) {
    EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_F(DigestTest, EqualTreesAreEqualWhereverAndWhenever) {
    fs::last_write_time(path_ + "/b/main.c",
                        fs::file_time_type::clock::now() - std::chrono::hours(9));
    EXPECT_EQ(of("/a"), of("/b"));
    EXPECT_EQ(of("/a").size(), 64U);
}

TEST_F(DigestTest, AnyChangeOfContentChangesIt) {
    std::string before = of("/b");
    const auto changes = [&](const char* what) {
        const std::string after = of("/b");
        EXPECT_NE(before, after) << what;
        before = after;
    };
    std::ofstream(path_ + "/b/sub/data") << "dada";
    changes("bytes");
    fs::rename(path_ + "/b/sub/data", path_ + "/b/sub/dato");
    changes("a name");
    fs::permissions(path_ + "/b/main.c", fs::perms::owner_exec, fs::perm_options::add);
    changes("an execute bit");
    fs::remove(path_ + "/b/link");
    fs::create_symlink("sub", path_ + "/b/link");
    changes("a link's target");
    fs::create_directory(path_ + "/b/empty");
    changes("a directory");
}

TEST_F(DigestTest, AFileIsReadOnceUntilItChanges) {
    Digests digests;
    const std::string first = *digests.of(path_ + "/a/main.c");
    EXPECT_EQ(*digests.of(path_ + "/a/main.c"), first);
    EXPECT_EQ(digests.files_read(), 1U);
    std::ofstream(path_ + "/a/main.c") << "other";
    EXPECT_NE(*digests.of(path_ + "/a/main.c"), first);
    EXPECT_EQ(digests.files_read(), 2U);
}

TEST_F(DigestTest, WhatIsNoFileIsRefusedAndNotWaitedFor) {
    ASSERT_EQ(::mkfifo((path_ + "/a/fifo").c_str(), 0600), 0);
    Digests digests;
    EXPECT_FALSE(digests.of(path_ + "/a"));
}

}  // namespace
}  // namespace pavtest
