// Making and filling a test's directory.
#include "run/test_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>

#include "base/text.h"
#include "build/modules.h"
#include "session/store.h"

namespace pavtest::run {

namespace {

constexpr const char* kStatus = "status";
constexpr off_t kLogRoom = 64 << 10;  // bytes

bool is_number(const std::string& name) {
    return std::all_of(name.begin(), name.end(),
                       [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

Result<FileDescriptor> open_with_mode(const Directory& directory, const std::string& name,
                                      int flags, mode_t mode) {
    auto file = directory.open_file(name, flags | O_CREAT, mode);
    const bool shared = (mode & (S_IRWXG | S_IRWXO)) != 0;
    if (file && shared && ::fchmod(file->get(), mode) != 0) {
        return fail_errno("set the mode of", directory.path() + "/" + name, errno);
    }
    return file;
}

Result<TestFiles> TestFiles::open(const Directory& job, std::uint32_t test, std::uint32_t attempt,
                                  Modes modes) {
    auto directory = session::SessionDirectory::make_test_directory(job, test, modes.directory);
    if (!directory) {
        return tl::make_unexpected(directory.error());
    }
    TestFiles files(std::move(*directory), modes);
    if (attempt > 1) {
        if (auto moved = files.put_aside(attempt - 1); !moved) {
            return tl::make_unexpected(moved.error());
        }
    }
    auto status = open_with_mode(files.directory_, kStatus, O_WRONLY | O_APPEND, modes.file);
    if (!status) {
        return tl::make_unexpected(status.error());
    }
    files.status_ = std::move(*status);
    return files;
}

Result<> TestFiles::put_aside(std::uint32_t attempt) {
    const std::string name = fmt::format("{}", attempt);
    auto names = directory_.names();
    if (!names) {
        return tl::make_unexpected(names.error());
    }
    std::erase_if(*names,
                  [](const std::string& entry) { return entry == kStatus || is_number(entry); });
    if (names->empty()) {
        return {};  // that attempt was one of an earlier job
    }
    auto older = session::make_directory(directory_, name, modes_.directory);
    if (!older) {
        return tl::make_unexpected(older.error());
    }
    for (const std::string& entry : *names) {
        if (::renameat(directory_.fd(), entry.c_str(), older->fd(), entry.c_str()) != 0) {
            return fail_errno("move", path() + "/" + entry, errno);
        }
    }
    return {};
}

Result<> TestFiles::append_status(std::string_view lines) {
    return write_all(status_.get(), lines, path() + "/status");
}

Result<> TestFiles::make_build_directory() {
    const auto made = session::make_directory(directory_, "build", modes_.directory);
    return made ? Result<>{} : tl::make_unexpected(made.error());
}

Result<> TestFiles::write(const std::string& name, std::string_view content, bool executable) {
    const mode_t mode = modes_.file | (executable ? S_IXUSR : 0U);
    auto file = open_with_mode(directory_, name, O_WRONLY | O_TRUNC, mode);
    if (!file) {
        return tl::make_unexpected(file.error());
    }
    return write_all(file->get(), content, path() + "/" + name);
}

Result<FileDescriptor> TestFiles::new_log(const std::string& name) {
    auto log = open_with_mode(directory_, name, O_WRONLY | O_TRUNC | O_APPEND, modes_.file);
    // Not every file system keeps room; only one that has none left is of interest.
    if (log && ::fallocate(log->get(), FALLOC_FL_KEEP_SIZE, 0, kLogRoom) != 0 &&
        (errno == ENOSPC || errno == EDQUOT)) {
        return fail_errno("keep room for", path() + "/" + name, errno);
    }
    return log;
}

std::string environment_failure(const TestFiles& files) {
    constexpr std::uint64_t most = 16U << 10;
    const auto text = files.directory().read(build::kEnvironmentFailure, most);
    std::string line = text ? std::string(trim(*text)) : std::string();
    std::replace(line.begin(), line.end(), '\n', ' ');
    return line;
}

void give_back_room(const FileDescriptor& log) {
    struct stat info {};
    if (::fstat(log.get(), &info) == 0) {
        // Room that stays taken harms nobody.
        static_cast<void>(::ftruncate(log.get(), info.st_size));
    }
}

}  // namespace pavtest::run
