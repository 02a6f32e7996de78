// A file that is only ever appended to: one line, one write(2); torn ends are healed.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/file.h"

namespace pavtest::status {

/// An open log. While it is open it holds an flock on the file: one writer process at a
/// time on this host. Not thread-safe.
class AppendLog {
  public:
    /// Opens or creates `name` in `directory` with exactly `mode`. Waits for another writer of
    /// this host for at most `patience_milliseconds`. Writes nothing.
    static Result<AppendLog> open(const Directory& directory, const std::string& name, mode_t mode,
                                  int patience_milliseconds = 2000);
    static Result<AppendLog> open(int directory, const std::string& name, mode_t mode,
                                  int patience_milliseconds = 2000);

    /// Appends one line that already ends in a newline. A short write is completed. A torn
    /// last line, ours or a dead writer's, is ended first, in the same write.
    Result<> append(std::string_view line);

    /// Keeps room on the disk for `bytes` more without changing the size, where the file
    /// system can; a full disk then still takes these appends. False where it can't.
    bool reserve(std::uint64_t bytes);

    [[nodiscard]] int fd() const { return fd_.get(); }

  private:
    AppendLog(FileDescriptor fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {}
    FileDescriptor fd_;
    std::string name_;
    bool torn_ = false;
};

}  // namespace pavtest::status
