// The directory of one test in one job: status, run.sh, run.log, results.json, build.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "base/file_descriptor.h"
#include "base/time.h"

namespace pavtest::run {

/// Modes of new files and directories.
struct Modes {
    mode_t file = 0600;
    mode_t directory = 0700;
};

/// Opens a file in `directory`; a new one has exactly this mode where others may share it,
/// whatever the umask says.
Result<FileDescriptor> open_with_mode(const Directory& directory, const std::string& name,
                                      int flags, mode_t mode);

/// Gives back what new_log() kept and nobody used. For when nobody writes any more.
void give_back_room(const FileDescriptor& log);

class TestFiles;

/// What a script left there about modules that it could not load; empty if nothing.
std::string environment_failure(const TestFiles& files);

class TestFiles {
  public:
    /// tests/<nnnn> below `job`. What an earlier attempt left there is moved into a directory
    /// named after it; its status file stays and goes on.
    static Result<TestFiles> open(const Directory& job, std::uint32_t test, std::uint32_t attempt,
                                  Modes modes);

    [[nodiscard]] const std::string& path() const { return directory_.path(); }
    /// Where the script runs: a directory of its own, or a tree of links into a build.
    [[nodiscard]] std::string build_path() const { return path() + "/build"; }
    [[nodiscard]] const Directory& directory() const { return directory_; }

    /// Appends lines that are already in the status file's form.
    Result<> append_status(std::string_view lines);
    Result<> make_build_directory();
    /// A new file with this content, not atomically: nobody reads it before it is there.
    Result<> write(const std::string& name, std::string_view content, bool executable = false);
    /// With room kept for its first lines, so that a disk that gets full fails no test that
    /// says little; an error on one that is full already.
    Result<FileDescriptor> new_log(const std::string& name);

  private:
    TestFiles(Directory directory, Modes modes) : directory_(std::move(directory)), modes_(modes) {}
    Result<> put_aside(std::uint32_t attempt);

    Directory directory_;
    Modes modes_;
    FileDescriptor status_;
};

}  // namespace pavtest::run
