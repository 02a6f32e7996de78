// Files and directories: whole reads with a limit, atomic writes, walking without links.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/file_descriptor.h"

namespace pavtest {

/// Reads a regular file whole. Refuses anything that is no regular file (a FIFO is
/// opened without blocking) and a file larger than `limit` bytes.
Result<std::string> read_file(const std::string& path, std::uint64_t limit = 64ULL << 20);
Result<std::string> read_file_at(int directory, const std::string& name,
                                 std::uint64_t limit = 64ULL << 20);

/// Reads a descriptor to its end, at most `limit` bytes.
Result<std::string> read_all(int fd, std::uint64_t limit = 64ULL << 20);

/// Writes everything, going on after short writes and EINTR. `name` is for messages.
Result<> write_all(int fd, std::string_view data, std::string_view name);

/// A file that is there whole or not at all: temporary name in the same directory,
/// fsync, rename, fsync of the directory.
Result<> write_file_atomic(int directory, const std::string& name, std::string_view data,
                           mode_t mode);

/// A directory that was opened without following links below `path`'s own last component.
/// All access below goes component by component with O_NOFOLLOW, so that nobody who
/// can rename things under it leads us elsewhere.
class Directory {
  public:
    static Result<Directory> open(const std::string& path);
    /// Creates missing components of an absolute path with `mode`, then opens it. Links in
    /// the path are followed: it is a path that the user or the site chose.
    static Result<Directory> create(const std::string& path, mode_t mode);

    /// A directory below, `relative` having only plain components ("a/b"), no "..".
    [[nodiscard]] Result<Directory> open_below(std::string_view relative) const;
    [[nodiscard]] Result<Directory> create_below(std::string_view relative, mode_t mode) const;
    /// mkdir of one component that must not be there yet.
    [[nodiscard]] Result<Directory> create_new(const std::string& name, mode_t mode) const;

    /// openat with O_CLOEXEC | O_NOFOLLOW added; `name` is one component.
    [[nodiscard]] Result<FileDescriptor> open_file(const std::string& name, int flags,
                                                   mode_t mode = 0600) const;
    [[nodiscard]] Result<std::string> read(const std::string& name,
                                           std::uint64_t limit = 64ULL << 20) const;
    /// Names but "." and "..", sorted.
    [[nodiscard]] Result<std::vector<std::string>> names() const;
    [[nodiscard]] bool has(const std::string& name) const;

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    Directory(FileDescriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
    FileDescriptor fd_;
    std::string path_;
};

/// Removes a tree without following links. For unprivileged processes only.
Result<> remove_tree(const Directory& parent, const std::string& name);

}  // namespace pavtest
