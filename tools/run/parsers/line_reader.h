// Lines out of a file that may be of any size, hold any bytes, and grow or shrink meanwhile.
//
// Lines end as Python's text files have it: "\n", "\r\n" or "\r", each read as "\n". Bytes
// that are no UTF-8 are read as U+FFFD. A line of more than `line_limit` bytes comes in
// pieces. Only regular files are read, and no further than their size was at opening.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/file_descriptor.h"

namespace pavtest::parsers {

struct Line {
    std::string_view text;  // with its "\n" where it has one; valid until the next call
    bool ascii = true;
    bool begins = true;  // the first piece of a line
    bool ends = true;    // the last
};

class LineReader {
  public:
    static constexpr std::size_t default_line_limit = 1U << 20;

    static Result<LineReader> open(const std::string& path,
                                   std::size_t line_limit = default_line_limit);

    /// The next line or, with `rest`, the next piece of one; false at the end. Without `rest`
    /// what is left of a long line is passed over, holes in the file without reading them.
    Result<bool> next(Line& line, bool rest);

  private:
    enum class Step { line, more, end };

    LineReader(FileDescriptor fd, std::string path, std::uint64_t size, std::size_t line_limit);
    Step take(Line& line);
    void deliver(Line& line, std::size_t length, bool ends);
    Result<> refill();
    void skip_hole();

    FileDescriptor fd_;
    std::string path_;
    std::uint64_t left_ = 0;  // bytes not yet read
    std::size_t line_limit_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0, end_ = 0;  // what of the buffer is not yet delivered
    bool beyond_ascii_ = false;        // whether there is such a byte between them
    bool returns_ = false;             // or a "\r"
    bool eof_ = false;
    bool inside_ = false;  // of a long line
    std::string repaired_;
};

}  // namespace pavtest::parsers
