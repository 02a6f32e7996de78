#include "standard_input.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <string>

#include "descriptor.h"
#include "scratch.h"

namespace pavtest::spank {
namespace {

std::string read_all(int fd) {
    std::array<char, 100> bytes{};
    const ssize_t size = ::read(fd, bytes.data(), bytes.size());
    return {bytes.data(), static_cast<std::size_t>(size < 0 ? 0 : size)};
}

Descriptor file_with(const std::string& text) {
    Descriptor file = memory_file("test");
    EXPECT_EQ(::write(file.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    return file;
}

// Keeps the test program's own standard input.
class StandardInputTest : public testing::Test {
  protected:
    StandardInputTest() : own_(::fcntl(0, F_DUPFD_CLOEXEC, 3)) {}
    ~StandardInputTest() override {
        if (own_.valid()) {
            ::dup2(own_.get(), 0);
        }
    }

  private:
    Descriptor own_;
};

TEST_F(StandardInputTest, IsReplacedAndRestored) {
    const Descriptor before = file_with("before");
    ::lseek(before.get(), 0, SEEK_SET);
    ::dup2(before.get(), 0);
    const Descriptor script = file_with("#!/bin/sh\n");
    StandardInput input;
    replace_standard_input(input, script.get());
    EXPECT_FALSE(script_was_read(input));
    EXPECT_EQ(read_all(0), "#!/bin/sh\n");
    EXPECT_TRUE(script_was_read(input));
    restore_standard_input(input);
    EXPECT_FALSE(input.replaced);
    EXPECT_EQ(read_all(0), "before");
}

TEST_F(StandardInputTest, ThatWasClosedIsClosedAgain) {
    ::close(0);
    const Descriptor script = file_with("#!/bin/sh\n");
    EXPECT_GT(script.get(), 2);
    StandardInput input;
    replace_standard_input(input, script.get());
    EXPECT_EQ(::fcntl(0, F_GETFD), 0);
    EXPECT_EQ(read_all(0), "#!/bin/sh\n");
    restore_standard_input(input);
    EXPECT_EQ(::fcntl(0, F_GETFD), -1);
}

TEST_F(StandardInputTest, WithoutAScriptIsEmptyAndDoesNotWait) {
    StandardInput input;
    replace_standard_input(input, -1);
    EXPECT_EQ(read_all(0), "");
    EXPECT_FALSE(script_was_read(input));
    restore_standard_input(input);
}

TEST(ShowsScript, LooksFromTheFilesPositionOn) {
    const Descriptor file = file_with("line\n#!/bin/sh\n");
    ::lseek(file.get(), 0, SEEK_SET);
    EXPECT_FALSE(shows_script(file.get()));
    ::lseek(file.get(), 5, SEEK_SET);
    EXPECT_TRUE(shows_script(file.get()));
    EXPECT_EQ(read_all(file.get()), "#!/bin/sh\n");
}

TEST(ShowsScript, LeavesInAPipeWhatIsInIt) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const Descriptor out(ends[0]);
    const Descriptor in(ends[1]);
    EXPECT_FALSE(shows_script(out.get()));
    ASSERT_EQ(::write(in.get(), "#", 1), 1);
    EXPECT_FALSE(shows_script(out.get()));
    ASSERT_EQ(::write(in.get(), "!/bin/sh", 8), 8);
    EXPECT_TRUE(shows_script(out.get()));
    EXPECT_EQ(read_all(out.get()), "#!/bin/sh");
    ASSERT_EQ(::write(in.get(), "echo", 4), 4);
    EXPECT_FALSE(shows_script(out.get()));
    EXPECT_EQ(read_all(out.get()), "echo");
}

TEST(ShowsScript, LeavesInASocketWhatIsInIt) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    const Descriptor out(ends[0]);
    const Descriptor in(ends[1]);
    EXPECT_FALSE(shows_script(out.get()));
    ASSERT_EQ(::write(in.get(), "#!x", 3), 3);
    EXPECT_TRUE(shows_script(out.get()));
    EXPECT_EQ(read_all(out.get()), "#!x");
}

TEST(ShowsScript, IsFalseForTheRest) {
    EXPECT_FALSE(shows_script(-1));
    const Descriptor null(::open("/dev/null", O_RDONLY));
    EXPECT_FALSE(shows_script(null.get()));
    const Descriptor directory(::open("/", O_RDONLY));
    EXPECT_FALSE(shows_script(directory.get()));
}

}  // namespace
}  // namespace pavtest::spank
