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

// The cases of Pavilion's own tests of its builder.
TEST_F(StageTest, CreatedFilesGoWherePavilionPutsThem) {
    write("source/real.txt", "old\n");
    fs::create_directory(path_ + "/source/wild");
    const std::vector<std::string> lines{"line_0", "line_1"};
    ASSERT_TRUE(stage("source", {{"file1", lines},
                                 {"wild/file2", lines},
                                 {"wild/dir2/file3", lines},
                                 {"real.txt", {"line1", "line4"}}}));
    for (const char* file : {"file1", "wild/file2", "wild/dir2/file3"}) {
        EXPECT_EQ(read(std::string("build/") + file), "line_0\nline_1\n") << file;
    }
    EXPECT_EQ(read("build/real.txt"), "line1\nline4\n");
    // Not outside, and not in a directory's place.
    for (const char* file : {"../file", "../../file", "wild/../../file"}) {
        EXPECT_FALSE(read_section({{"build", {{"create_files", {{file, {"x"}}}}}}}, "build"))
            << file;
    }
    EXPECT_FALSE(create_files({{"wild", {"x"}}}, path_ + "/build"));
}

TEST_F(StageTest, CopiesAreThoseThatPavilionMakes) {
    const std::vector<std::string> real{"real.txt", "wild/real_wild1.dat", "wild/real_wild2.dat",
                                        "rec/real_r1.txt", "rec/rec2/real_r2.txt"};
    const std::vector<std::string> linked{"sym.txt", "wild/sym.dat", "rec/sym_r1.txt",
                                          "rec/rec2/sym_r2.txt"};
    fs::create_directories(path_ + "/build/rec/rec2");
    fs::create_directory(path_ + "/build/wild");
    for (const std::vector<std::string>* files : {&real, &linked}) {
        for (const std::string& file : *files) {
            write("build/" + file, file);
        }
    }
    ASSERT_TRUE(copy_for_test(path_ + "/build", path_ + "/test",
                              {"real.*", "wild/real_?i*[0-9].dat", "rec/**/real*"}));
    for (const std::string& file : real) {
        EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(path_ + "/test/" + file))) << file;
    }
    for (const std::string& file : linked) {
        EXPECT_TRUE(fs::is_symlink(path_ + "/test/" + file)) << file;
        EXPECT_EQ(read_file(fs::read_symlink(path_ + "/test/" + file)).value_or(""), file);
    }
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
