#include "build/stage.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/file.h"

namespace pavtest::build {
namespace {

namespace fs = std::filesystem;

class StageTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "pavtest-stage-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        path_ = pattern;
        fs::create_directories(path_ + "/source/sub");
        fs::create_directory(path_ + "/build");
        fs::create_directory(path_ + "/test");
        write("source/main.c", "main");
        write("source/sub/data", "data");
        fs::create_symlink("main.c", path_ + "/source/link.c");
    }
    void TearDown() override { fs::remove_all(path_); }

    void write(const std::string& name, const std::string& text) const {
        std::ofstream(path_ + "/" + name) << text;
    }
    [[nodiscard]] std::string read(const std::string& name) const {
        return read_file(path_ + "/" + name).value_or("?");
    }

    [[nodiscard]] Result<> stage(const std::string& source,
                                 std::vector<CreatedFile> files = {}) const {
        Spec spec;
        spec.source = Input{path_ + "/" + source, fs::path(source).filename(), ""};
        spec.section.files = std::move(files);
        return stage_build(spec, path_ + "/build");
    }

    std::string path_;
};

TEST_F(StageTest, ADirectorysContentBecomesTheBuild) {
    ASSERT_TRUE(stage("source", {{"made/x", {"1", "2"}}}));
    EXPECT_EQ(read("build/main.c"), "main");
    EXPECT_EQ(read("build/sub/data"), "data");
    EXPECT_TRUE(fs::is_symlink(path_ + "/build/link.c"));
    EXPECT_EQ(read("build/made/x"), "1\n2\n");
}

TEST_F(StageTest, AFileKeepsItsName) {
    ASSERT_TRUE(stage("source/main.c"));
    EXPECT_EQ(read("build/main.c"), "main");
}

TEST_F(StageTest, AMissingSourceIsAnError) {
    EXPECT_FALSE(stage("nowhere"));
}

TEST_F(StageTest, ACreatedFileReplacesALinkAndDoesNotFollowIt) {
    fs::create_symlink(path_ + "/source/main.c", path_ + "/build/x");
    ASSERT_TRUE(create_files({{"x", {"new"}}}, path_ + "/build"));
    EXPECT_EQ(read("source/main.c"), "main");
    EXPECT_EQ(read("build/x"), "new\n");
}

TEST_F(StageTest, ATestsCopyIsLinksButForWhatIsToBeWritten) {
    ASSERT_TRUE(stage("source"));
    fs::permissions(path_ + "/build/sub/data", fs::perms::owner_read);
    ASSERT_TRUE(copy_for_test(path_ + "/build", path_ + "/test", {"sub/*"}));
    EXPECT_EQ(fs::read_symlink(path_ + "/test/main.c"), path_ + "/build/main.c");
    EXPECT_TRUE(fs::is_directory(fs::symlink_status(path_ + "/test/sub")));
    EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(path_ + "/test/sub/data")));
    EXPECT_NE(fs::status(path_ + "/test/sub/data").permissions() & fs::perms::owner_write,
              fs::perms::none);
    write("test/sub/data", "changed");
    EXPECT_EQ(read("build/sub/data"), "data");
}

TEST(CopyGlobs, MatchByPathComponent) {
    EXPECT_TRUE(path_matches("*.c", "main.c"));
    EXPECT_FALSE(path_matches("*.c", "sub/main.c"));
    EXPECT_TRUE(path_matches("**/*.c", "sub/deep/main.c"));
    EXPECT_TRUE(path_matches("**/*.c", "main.c"));
    EXPECT_TRUE(path_matches("sub/**", "sub/a/b"));
    EXPECT_FALSE(path_matches("sub/?", "sub/ab"));
}

}  // namespace
}  // namespace pavtest::build
