// read() into one buffer: a mapped file that shrinks would kill us with SIGBUS.
#include "run/parsers/line_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "base/text.h"

namespace pavtest::parsers {

namespace {

constexpr std::size_t block = 256U << 10;

// Whether any byte has its high bit set, many bytes at a time.
bool has_high_bit(const char* data, std::size_t size) {
    constexpr std::uint64_t mask = 0x8080808080808080U;
    std::uint64_t seen = 0;
    std::size_t i = 0;
    for (; i + 32 <= size; i += 32) {
        std::uint64_t words[4];
        std::memcpy(words, data + i, sizeof words);
        seen |= words[0] | words[1] | words[2] | words[3];
    }
    for (; i < size; ++i) {
        seen |= static_cast<unsigned char>(data[i]);
    }
    return (seen & mask) != 0;
}

std::string_view kind_of(mode_t mode) {
    return S_ISDIR(mode)    ? "a directory"
           : S_ISFIFO(mode) ? "a FIFO"
           : S_ISSOCK(mode) ? "a socket"
                            : "a device";
}

}  // namespace

Result<LineReader> LineReader::open(const std::string& path, std::size_t line_limit) {
    // A FIFO must not make us wait for a writer.
    FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!fd.valid()) {
        return fail_errno("read", path, errno);
    }
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) {
        return fail_errno("read", path, errno);
    }
    if (!S_ISREG(status.st_mode)) {
        return fail(ErrorKind::config,
                    fmt::format("cannot read {}: it is {}", path, kind_of(status.st_mode)));
    }
    // Files of /proc have content but no size.
    const auto size = status.st_size > 0 ? static_cast<std::uint64_t>(status.st_size)
                                         : std::numeric_limits<std::uint64_t>::max();
    return LineReader(std::move(fd), path, size, line_limit);
}

LineReader::LineReader(FileDescriptor fd, std::string path, std::uint64_t size,
                       std::size_t line_limit)
    : fd_(std::move(fd)), path_(std::move(path)), left_(size), line_limit_(line_limit) {}

Result<bool> LineReader::next(Line& line, bool rest) {
    while (true) {
        const bool skip = inside_ && !rest;
        switch (take(line)) {
            case Step::line:
                if (skip) {
                    continue;
                }
                return true;
            case Step::end:
                return false;
            case Step::more:
                break;
        }
        if (skip) {
            skip_hole();
        }
        if (auto filled = refill(); !filled) {
            return tl::unexpected(filled.error());
        }
    }
}

// Delivers a line out of the buffer if it holds one.
LineReader::Step LineReader::take(Line& line) {
    char* const from = buffer_.data() + begin_;
    const std::size_t size = end_ - begin_;
    if (size == 0) {
        return eof_ ? Step::end : Step::more;
    }
    const auto* newline = static_cast<char*>(std::memchr(from, '\n', size));
    const std::size_t length = newline == nullptr ? size : static_cast<std::size_t>(newline - from);
    if (returns_) {
        auto* const found = static_cast<char*>(std::memchr(from, '\r', length));
        const std::size_t at = found == nullptr ? size : static_cast<std::size_t>(found - from);
        if (found != nullptr && (at + 1 < size || eof_) && at < line_limit_) {
            const bool pair = at + 1 < size && from[at + 1] == '\n';
            *found = '\n';
            deliver(line, at + 1, true);
            begin_ += pair ? 1 : 0;
            return Step::line;
        }
        if (found != nullptr && at + 1 == size && at < line_limit_) {
            return Step::more;
        }
    }
    if (newline != nullptr && length < line_limit_) {
        deliver(line, length + 1, true);
        return Step::line;
    }
    if (size >= line_limit_) {
        // Binary data may seem to be one endless character.
        const std::size_t whole = utf8_prefix({from, size}, line_limit_).size();
        deliver(line, whole + 4 > line_limit_ ? whole : line_limit_, false);
        return Step::line;
    }
    if (eof_) {
        deliver(line, size, true);
        return Step::line;
    }
    return Step::more;
}

void LineReader::deliver(Line& line, std::size_t length, bool ends) {
    line.text = {buffer_.data() + begin_, length};
    line.ascii = !beyond_ascii_ || !has_high_bit(line.text.data(), length);
    line.begins = !inside_;
    line.ends = ends;
    if (!line.ascii && !is_utf8(line.text)) {
        repaired_ = to_utf8(line.text);
        line.text = repaired_;
    }
    begin_ += length;
    inside_ = !ends;
}

Result<> LineReader::refill() {
    if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    if (buffer_.size() < end_ + block) {
        buffer_.resize(std::max(end_ + block, std::min(2 * buffer_.size(), line_limit_ + block)));
    }
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.size() - end_, left_));
    ssize_t count = 0;
    do {
        count = wanted == 0 ? 0 : ::read(fd_.get(), buffer_.data() + end_, wanted);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        return fail_errno("read", path_, errno);
    }
    left_ -= static_cast<std::uint64_t>(count);
    eof_ = count == 0;
    end_ += static_cast<std::size_t>(count);
    beyond_ascii_ = has_high_bit(buffer_.data(), end_);
    returns_ = std::memchr(buffer_.data(), '\r', end_) != nullptr;
    return {};
}

// There are no line ends in a hole.
void LineReader::skip_hole() {
    const off_t here = ::lseek(fd_.get(), 0, SEEK_CUR);
    if (here < 0) {
        return;
    }
    const off_t data = ::lseek(fd_.get(), here, SEEK_DATA);
    if (data > here) {
        left_ -= std::min(left_, static_cast<std::uint64_t>(data - here));
    } else if (data < 0 && errno == ENXIO) {
        left_ = 0;
    }
}

}  // namespace pavtest::parsers
