// Written by tar(1), so that people need nothing of ours to look into it; read by libarchive, of
// which the part that writes would bring more libraries into what runs on nodes.
#include "session/packed.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>

#include "base/process.h"
#include "base/text.h"

namespace pavtest::session {

namespace {

constexpr std::size_t kBlock = 1U << 16;
constexpr std::uint64_t kBombLimit = 8ULL << 30;  // bytes that an archive may unpack to

using Reader = std::unique_ptr<archive, decltype(&::archive_read_free)>;

tl::unexpected<Error> broken(const std::string& what, archive* from) {
    const char* text = ::archive_error_string(from);
    return fail(ErrorKind::infrastructure,
                fmt::format("{}: {}", what, text != nullptr ? printable(text) : "it is torn"));
}

}  // namespace

Result<> each_packed(
    const Directory& job,
    const std::function<bool(const std::string&, std::uint64_t, const Pieces&)>& visit) {
    const auto fd = job.open_file(kPacked, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!fd) {
        return tl::make_unexpected(fd.error());
    }
    const std::string what = fmt::format("cannot read '{}/{}'", job.path(), kPacked);
    struct stat info {};
    if (::fstat(fd->get(), &info) != 0 || !S_ISREG(info.st_mode)) {
        return fail(ErrorKind::infrastructure, what + ": it is no regular file");
    }
    const Reader reader(::archive_read_new(), ::archive_read_free);
    ::archive_read_support_filter_gzip(reader.get());
    ::archive_read_support_format_tar(reader.get());
    if (::archive_read_open_fd(reader.get(), fd->get(), kBlock) != ARCHIVE_OK) {
        return broken(what, reader.get());
    }
    std::uint64_t total = 0;
    const Pieces pieces = [&](const std::function<void(std::string_view)>& take) -> Result<> {
        std::array<char, kBlock> buffer{};
        for (;;) {
            const la_ssize_t got = ::archive_read_data(reader.get(), buffer.data(), kBlock);
            if (got < 0) {
                return broken(what, reader.get());
            }
            total += static_cast<std::uint64_t>(got);
            if (got == 0 || total > kBombLimit) {
                return got == 0 ? Result<>{}
                                : fail(ErrorKind::infrastructure, what + ": it is far too large");
            }
            take({buffer.data(), static_cast<std::size_t>(got)});
        }
    };
    for (;;) {
        archive_entry* entry = nullptr;
        const int code = ::archive_read_next_header(reader.get(), &entry);
        if (code == ARCHIVE_EOF) {
            return {};
        }
        if (code != ARCHIVE_OK) {
            return broken(what, reader.get());
        }
        const char* const name = ::archive_entry_pathname(entry);
        if (name == nullptr || ::archive_entry_filetype(entry) != AE_IFREG) {
            continue;
        }
        const auto size = static_cast<std::uint64_t>(::archive_entry_size(entry));
        if (!visit(name, size, pieces)) {
            return {};
        }
    }
}

Result<std::string> read_packed(const Directory& job, const std::string& name,
                                std::uint64_t limit) {
    std::optional<Result<std::string>> found;
    const auto read = each_packed(
        job, [&](const std::string& each, std::uint64_t size, const Pieces& pieces) -> bool {
            if (each != name) {
                return true;
            }
            if (size > limit) {
                found = fail(ErrorKind::infrastructure,
                             fmt::format("'{}' has {} bytes; the limit is {}", name, size, limit));
                return false;
            }
            std::string text;
            const auto all = pieces([&](std::string_view piece) { text += piece; });
            found = all ? Result<std::string>(std::move(text)) : tl::make_unexpected(all.error());
            return false;
        });
    if (found) {
        return *std::move(found);
    }
    return read ? fail(ErrorKind::not_found,
                       fmt::format("there is no '{}' in '{}/{}'", name, job.path(), kPacked))
                : tl::make_unexpected(read.error());
}

Result<> pack(const Directory& directory, const std::string& name, mode_t mode) {
    const auto names = directory.names();
    if (!names) {
        return tl::make_unexpected(names.error());
    }
    const std::string temporary = fmt::format(".{}.new", name);
    ::unlinkat(directory.fd(), temporary.c_str(), 0);
    Command tar;
    tar.arguments = {"tar",    "--create",       "--gzip",  "--file=" + temporary,
                     "--null", "--files-from=-", "--sparse"};
    tar.directory = directory.path();
    tar.deadline = std::chrono::hours(1);
    for (const std::string& each : *names) {
        if (!each.starts_with(".")) {
            tar.input += each + '\0';
        }
    }
    const auto ran = run(tar);
    if (!ran) {
        return tl::make_unexpected(ran.error().within(directory.path()));
    }
    auto made = ran->ok() ? directory.open_file(temporary, O_RDONLY)
                          : fail(ErrorKind::infrastructure,
                                 fmt::format("cannot pack '{}': tar: {}", directory.path(),
                                             printable(trim(ran->errors))));
    if (made &&
        (::fchmod(made->get(), mode) != 0 || ::fsync(made->get()) != 0 ||
         ::renameat(directory.fd(), temporary.c_str(), directory.fd(), name.c_str()) != 0)) {
        made = fail_errno("make", directory.path() + "/" + name, errno);
    }
    if (!made) {
        ::unlinkat(directory.fd(), temporary.c_str(), 0);
        return tl::make_unexpected(made.error());
    }
    ::fsync(directory.fd());
    return {};
}

}  // namespace pavtest::session
