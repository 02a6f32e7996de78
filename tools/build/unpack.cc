// With libarchive: all names are looked at in a first pass, all is written in a second one.
#include "build/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <vector>

#include "base/file.h"
#include "base/file_descriptor.h"
#include "base/text.h"

namespace pavtest::build {

namespace {

constexpr std::size_t kBlock = 1U << 16;

using Reader = std::unique_ptr<archive, decltype(&::archive_read_free)>;
using Writer = std::unique_ptr<archive, decltype(&::archive_write_free)>;

tl::unexpected<Error> refuse(const std::string& file, const std::string& why) {
    return fail(ErrorKind::config,
                fmt::format("the archive '{}' is refused: {}", file, printable(why)));
}

tl::unexpected<Error> broken(const std::string& file, archive* from) {
    const char* text = ::archive_error_string(from);
    return fail(ErrorKind::config, fmt::format("cannot read the archive '{}': {}", file,
                                               text != nullptr ? printable(text) : "it is torn"));
}

Result<Reader> open_reader(const std::string& file) {
    Reader reader(::archive_read_new(), ::archive_read_free);
    ::archive_read_support_filter_gzip(reader.get());
    ::archive_read_support_filter_bzip2(reader.get());
    ::archive_read_support_filter_xz(reader.get());
    ::archive_read_support_filter_zstd(reader.get());
    ::archive_read_support_format_tar(reader.get());
    ::archive_read_support_format_zip(reader.get());
    ::archive_read_support_format_raw(reader.get());
    if (::archive_read_open_filename(reader.get(), file.c_str(), kBlock) != ARCHIVE_OK) {
        return broken(file, reader.get());
    }
    return reader;
}

bool is_raw(archive* reader) {
    return ::archive_format(reader) == ARCHIVE_FORMAT_RAW;
}

// "./a//b/" → a, b. Nothing for a name that leads out.
std::optional<std::vector<std::string>> parts_of(const char* name) {
    if (name == nullptr || *name == '/') {
        return std::nullopt;
    }
    std::vector<std::string> parts;
    for (const std::string& part : split(name, '/')) {
        if (part == "..") {
            return std::nullopt;
        }
        if (!part.empty() && part != ".") {
            parts.push_back(part);
        }
    }
    return parts;
}

// A link's target from the directory of the link, which is `depth` below the top: up at most to
// the top, and only down from there. ("a/.." may lead anywhere if a is a link itself.)
bool target_stays(const std::string& target, std::size_t depth) {
    if (target.empty() || target.front() == '/') {
        return false;
    }
    std::size_t up = 0;
    bool down = false;
    for (const std::string& part : split(target, '/')) {
        if (part == "..") {
            ++up;
            if (down || up > depth) {
                return false;
            }
        } else if (!part.empty() && part != ".") {
            down = true;
        }
    }
    return true;
}

struct Content {
    std::optional<std::string> top;  // the one directory that all is in
    bool several = false;

    void add(const std::vector<std::string>& parts, bool is_directory) {
        if (parts.size() == 1 && !is_directory) {
            several = true;
        } else if (!top) {
            top = parts.front();
        } else if (*top != parts.front()) {
            several = true;
        }
    }
    [[nodiscard]] std::size_t stripped() const { return top && !several ? 1 : 0; }
};

std::string too_large(const UnpackLimits& limits) {
    return fmt::format("it unpacks to more than {} MiB ('archive_limit' in pavtest.yaml)",
                       limits.bytes >> 20U);
}

Result<Content> look_through(const std::string& file, const UnpackLimits& limits) {
    auto reader = open_reader(file);
    if (!reader) {
        return tl::make_unexpected(reader.error());
    }
    Content content;
    std::uint64_t bytes = 0;
    std::uint64_t entries = 0;
    archive_entry* entry = nullptr;
    int status = ARCHIVE_OK;
    while ((status = ::archive_read_next_header(reader->get(), &entry)) == ARCHIVE_OK ||
           status == ARCHIVE_WARN) {
        const char* name = ::archive_entry_pathname(entry);
        const auto parts = parts_of(name);
        if (!parts) {
            return refuse(file,
                          fmt::format("'{}' leads out of it", name != nullptr ? name : "a name"));
        }
        const bool hard = ::archive_entry_hardlink(entry) != nullptr;
        const unsigned type = ::archive_entry_filetype(entry);
        if (!hard && type != AE_IFREG && type != AE_IFDIR && type != AE_IFLNK) {
            return refuse(file,
                          fmt::format("'{}' is neither a file nor a directory nor a link", name));
        }
        if (++entries > limits.entries) {
            return refuse(file, fmt::format("it has more than {} entries ('archive_entries' in "
                                            "pavtest.yaml)",
                                            limits.entries));
        }
        bytes += static_cast<std::uint64_t>(std::max<la_int64_t>(::archive_entry_size(entry), 0));
        if (bytes > limits.bytes) {
            return refuse(file, too_large(limits));
        }
        if (!parts->empty()) {
            content.add(*parts, type == AE_IFDIR && !hard);
        }
    }
    if (status != ARCHIVE_EOF) {
        return broken(file, reader->get());
    }
    return content;
}

// Copies the entry's bytes, counting those that a header does not admit to.
Result<> write_data(const std::string& file, archive* reader, archive* writer,
                    const UnpackLimits& limits, std::uint64_t& written) {
    const void* block = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    for (;;) {
        const int status = ::archive_read_data_block(reader, &block, &size, &offset);
        if (status == ARCHIVE_EOF) {
            return {};
        }
        if (status != ARCHIVE_OK) {
            return broken(file, reader);
        }
        written += size;
        if (written > limits.bytes || static_cast<std::uint64_t>(offset) > limits.bytes) {
            return refuse(file, too_large(limits));
        }
        if (::archive_write_data_block(writer, block, size, offset) != ARCHIVE_OK) {
            return broken(file, writer);
        }
    }
}

std::string below_top(const std::vector<std::string>& parts, std::size_t stripped) {
    return join(std::vector<std::string>(parts.begin() + static_cast<std::ptrdiff_t>(stripped),
                                         parts.end()),
                "/");
}

// Gives the entry its name in the build; nothing for what is the build's directory itself.
Result<bool> rename_entry(const std::string& file, archive_entry* entry, std::size_t stripped) {
    const auto parts = parts_of(::archive_entry_pathname(entry));
    if (!parts || parts->size() <= stripped) {
        return false;
    }
    const std::string name = below_top(*parts, stripped);
    if (const char* hard = ::archive_entry_hardlink(entry)) {
        const auto target = parts_of(hard);
        if (!target || target->size() <= stripped) {
            return refuse(file, fmt::format("the link '{}' leads out of it", name));
        }
        ::archive_entry_set_hardlink(entry, below_top(*target, stripped).c_str());
    } else if (const char* target = ::archive_entry_symlink(entry)) {
        if (!target_stays(target, parts->size() - stripped - 1)) {
            return refuse(file,
                          fmt::format("the link '{}' leads out of it, to '{}'", name, target));
        }
    }
    ::archive_entry_set_pathname(entry, name.c_str());
    const bool directory = ::archive_entry_filetype(entry) == AE_IFDIR;
    ::archive_entry_set_perm(
        entry, (::archive_entry_perm(entry) & 0777U) | (directory ? S_IRWXU : S_IRUSR | S_IWUSR));
    return true;
}

// In the working directory.
Result<> extract(const std::string& file, std::size_t stripped, const UnpackLimits& limits) {
    auto reader = open_reader(file);
    if (!reader) {
        return tl::make_unexpected(reader.error());
    }
    const Writer writer(::archive_write_disk_new(), ::archive_write_free);
    ::archive_write_disk_set_options(
        writer.get(), ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_SECURE_NODOTDOT |
                          ARCHIVE_EXTRACT_SECURE_SYMLINKS | ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS);
    std::uint64_t written = 0;
    archive_entry* entry = nullptr;
    int status = ARCHIVE_OK;
    while ((status = ::archive_read_next_header(reader->get(), &entry)) == ARCHIVE_OK ||
           status == ARCHIVE_WARN) {
        const auto wanted = rename_entry(file, entry, stripped);
        if (!wanted) {
            return tl::make_unexpected(wanted.error());
        }
        if (!*wanted) {
            continue;
        }
        if (::archive_write_header(writer.get(), entry) < ARCHIVE_WARN) {
            return broken(file, writer.get());
        }
        if (auto data = write_data(file, reader->get(), writer.get(), limits, written); !data) {
            return data;
        }
        if (::archive_write_finish_entry(writer.get()) < ARCHIVE_WARN) {
            return broken(file, writer.get());
        }
    }
    if (status != ARCHIVE_EOF || ::archive_write_close(writer.get()) < ARCHIVE_WARN) {
        return broken(file, status != ARCHIVE_EOF ? reader->get() : writer.get());
    }
    return {};
}

Result<> expand(const std::string& file, const std::string& target, const UnpackLimits& limits) {
    auto reader = open_reader(file);
    if (!reader) {
        return tl::make_unexpected(reader.error());
    }
    archive_entry* entry = nullptr;
    if (::archive_read_next_header(reader->get(), &entry) != ARCHIVE_OK) {
        return broken(file, reader->get());
    }
    const FileDescriptor out(
        ::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (!out.valid()) {
        return fail_errno("create", target, errno);
    }
    std::vector<char> block(kBlock);
    std::uint64_t written = 0;
    for (;;) {
        const la_ssize_t got = ::archive_read_data(reader->get(), block.data(), block.size());
        if (got < 0) {
            return broken(file, reader->get());
        }
        if (got == 0) {
            return {};
        }
        written += static_cast<std::uint64_t>(got);
        if (written > limits.bytes) {
            return refuse(file, too_large(limits));
        }
        if (auto put = write_all(out.get(), {block.data(), static_cast<std::size_t>(got)}, target);
            !put) {
            return put;
        }
    }
}

std::string without_suffix(const std::string& name) {
    const std::size_t dot = name.rfind('.');
    return dot == std::string::npos || dot == 0 ? name + ".out" : name.substr(0, dot);
}

// The working directory, until it is left.
class Inside {
  public:
    explicit Inside(const std::string& directory)
        : before_(::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)),
          error_(::chdir(directory.c_str()) == 0 ? 0 : errno) {}
    ~Inside() {
        if (before_.valid() && ::fchdir(before_.get()) != 0) {
            ::_exit(127);  // whoever goes on from here would do so in the wrong place
        }
    }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
    [[nodiscard]] int error() const { return error_; }

  private:
    FileDescriptor before_;
    int error_;
};

}  // namespace

Result<Packed> packing_of(const std::string& file) {
    struct stat info {};
    if (::stat(file.c_str(), &info) != 0) {
        return fail_errno("read", file, errno);
    }
    if (info.st_size == 0) {
        return Packed::no;
    }
    auto reader = open_reader(file);
    if (!reader) {
        return tl::make_unexpected(reader.error());
    }
    archive_entry* entry = nullptr;
    const int status = ::archive_read_next_header(reader->get(), &entry);
    if (status == ARCHIVE_FATAL) {
        return broken(file, reader->get());
    }
    if (!is_raw(reader->get())) {
        return Packed::archive;
    }
    return ::archive_filter_count(reader->get()) > 1 ? Packed::single : Packed::no;
}

Result<> unpack(const std::string& file, const std::string& name, const std::string& directory,
                const UnpackLimits& limits) {
    const auto packing = packing_of(file);
    if (!packing) {
        return tl::make_unexpected(packing.error());
    }
    if (*packing == Packed::no) {
        return fail(ErrorKind::config, fmt::format("'{}' is no archive", file));
    }
    if (*packing == Packed::single) {
        return expand(file, directory + "/" + without_suffix(name), limits);
    }
    const auto content = look_through(file, limits);
    if (!content) {
        return tl::make_unexpected(content.error());
    }
    const Inside inside(directory);
    if (inside.error() != 0) {
        return fail_errno("go to", directory, inside.error());
    }
    return extract(file, content->stripped(), limits);
}

}  // namespace pavtest::build
