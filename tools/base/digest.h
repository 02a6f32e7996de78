// SHA-256 of texts, files and trees.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "base/error.h"

namespace pavtest {

/// 64 hexadecimal digits.
std::string sha256(std::string_view text);

/// Digests of content, each file read once as long as it stays what it was.
class Digests {
  public:
    /// Of a file's bytes; of a tree's names, kinds, execute bits, link targets and the bytes of
    /// its files, in an order that no file system decides. Links are not followed. Anything that
    /// is no file, directory or link is refused.
    Result<std::string> of(const std::string& path);
    [[nodiscard]] std::size_t files_read() const { return files_read_; }

  private:
    struct Known {
        std::uint64_t device = 0;
        std::uint64_t inode = 0;
        std::int64_t size = 0;
        std::int64_t modified = 0;  // nanoseconds, as the next
        std::int64_t changed = 0;
        auto operator<=>(const Known&) const = default;
    };

    Result<std::string> of_file(const std::string& path);
    Result<std::string> of_tree(const std::string& path);

    std::map<Known, std::string> known_;
    std::size_t files_read_ = 0;
};

}  // namespace pavtest
