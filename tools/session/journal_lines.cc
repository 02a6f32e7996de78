// Any file may stand where a journal should: what is no record costs its reading, not memory.
#include "session/journal_lines.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace pavtest::session {

namespace {

constexpr std::int64_t kJournalLimit = 512LL << 20;  // bytes that are read of one file
constexpr std::int64_t kPiece = 256LL << 10;
constexpr std::size_t kFlawsShown = 20;  // of one file; the rest is only counted

Result<FileDescriptor> open_journal(const Directory& directory, const std::string& name,
                                    struct stat& info) {
    auto fd = directory.open_file(name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd && ::fstat(fd->get(), &info) != 0) {
        return fail_errno("look at", name, errno);
    }
    if (fd && !S_ISREG(info.st_mode)) {
        return fail(ErrorKind::infrastructure,
                    fmt::format("'{}/{}' is no regular file", directory.path(), name));
    }
    return fd;
}

constexpr std::size_t kRememberLimit = 64U << 20;

// Whether what is known of the file is its beginning.
bool goes_on(const RememberedJournal& known, const struct stat& info) {
    return known.inode == info.st_ino &&
           static_cast<std::int64_t>(known.text.size()) <= info.st_size;
}

// What has holes is not kept.
RememberedJournal* forget(RememberedJournal* known) {
    if (known != nullptr) {
        *known = {};
    }
    return nullptr;
}

void remember(RememberedJournal& known, std::string_view piece) {
    if (known.text.size() + piece.size() <= kRememberLimit) {
        known.text += piece;
    } else {
        known.inode = 0;  // of such a file nothing is kept
    }
}

}  // namespace

void LineTaker::leave_out(std::string what) {
    if (++left_out_ <= kFlawsShown) {
        flaws_.push_back({file_, number_, std::move(what)});
    }
}

void LineTaker::take(std::string_view line) {
    if (too_long_ || line.size() >= status::kRecordMax) {
        leave_out("longer than a record may be");
    } else if (auto record = status::decode(line)) {
        records_.push_back({*std::move(record), file_, false});
    } else {
        leave_out(std::move(record.error().what));
    }
    too_long_ = false;
    ++number_;
}

void LineTaker::add(std::string_view piece) {
    while (!piece.empty()) {
        const std::size_t end = piece.find('\n');
        const std::string_view part = piece.substr(0, end);
        if (end != std::string_view::npos && held_.empty()) {
            take(part);
        } else {
            too_long_ = too_long_ || held_.size() + part.size() >= status::kRecordMax;
            held_.append(too_long_ ? std::string_view{} : part);
            if (end != std::string_view::npos) {
                take(held_);
                held_.clear();
            }
        }
        piece.remove_prefix(end == std::string_view::npos ? piece.size() : end + 1);
    }
}

void LineTaker::end() {
    if (!held_.empty() || too_long_) {
        leave_out("a torn last line");
    }
    if (left_out_ > kFlawsShown) {
        flaws_.push_back(
            {file_, 0, fmt::format("{} more lines left out", left_out_ - kFlawsShown)});
    }
}

void read_journal_file(const Directory& directory, const std::string& name, const std::string& file,
                       std::vector<SourcedRecord>& records, std::vector<Flaw>& flaws,
                       RememberedJournal* known) {
    struct stat info {};
    const auto fd = open_journal(directory, name, info);
    if (!fd) {
        flaws.push_back({file, 0, fd.error().what});
        return;
    }
    const std::int64_t size = info.st_size;
    LineTaker lines(file, records, flaws);
    std::string buffer(static_cast<std::size_t>(std::min(size, kPiece)), '\0');
    std::int64_t read = 0;
    std::int64_t at = 0;
    if (known != nullptr) {
        if (!goes_on(*known, info)) {
            *known = {info.st_ino, "", 0};
        }
        lines.add(known->text);
        known->known = known->text.size();
        at = static_cast<std::int64_t>(known->known);
    }
    // Up to where it ended when we looked, as a writer may be at it.
    while (at < size) {
        if (at > 0) {
            // A crash of a file system may leave a hole; so would who means harm.
            const std::int64_t data = ::lseek(fd->get(), at, SEEK_DATA);
            if (data > at || (data < 0 && errno == ENXIO)) {
                lines.pass_over();
                known = forget(known);
                at = data > at ? data : size;
                continue;
            }
        }
        if (read >= kJournalLimit) {
            lines.pass_over();
            known = forget(known);
            flaws.push_back({file, 0, fmt::format("{} bytes at its end were not read", size - at)});
            break;
        }
        const auto most = static_cast<std::size_t>(std::min(size - at, kPiece));
        const ssize_t got = ::pread(fd->get(), buffer.data(), most, at);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            if (got < 0) {
                flaws.push_back({file, 0, fail_errno("read", name, errno).value().what});
            }
            break;
        }
        const auto piece = std::string_view(buffer).substr(0, static_cast<std::size_t>(got));
        lines.add(piece);
        if (known != nullptr) {
            remember(*known, piece);
        }
        at += got;
        read += got;
    }
    lines.end();
    if (known != nullptr) {
        known->text.resize(known->text.rfind('\n') + 1);  // a torn line is read again
        known->known = std::min(known->known, known->text.size());
    }
}

}  // namespace pavtest::session
