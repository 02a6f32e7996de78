// Copying trees, as the user who owns all of it.
#include "build/stage.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <span>
#include <system_error>

#include "base/text.h"
#include "build/spack.h"

namespace pavtest::build {

namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> failed(std::string_view action, const fs::path& path,
                             const std::error_code& error) {
    return fail_errno(action, path.string(), error.value());
}

Result<> make_writable(const fs::path& path) {
    std::error_code error;
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write, fs::perm_options::add,
                    error);
    if (error) {
        return failed("change the mode of", path, error);
    }
    return {};
}

bool matches(std::span<const std::string> globs, std::span<const std::string> parts) {
    if (globs.empty()) {
        return parts.empty();
    }
    if (globs.front() == "**") {
        for (std::size_t skipped = 0; skipped <= parts.size(); ++skipped) {
            if (matches(globs.subspan(1), parts.subspan(skipped))) {
                return true;
            }
        }
        return false;
    }
    return !parts.empty() && glob_match(globs.front(), parts.front()) &&
           matches(globs.subspan(1), parts.subspan(1));
}

Result<> writable_copy(const fs::path& from, const fs::path& to) {
    std::error_code error;
    fs::copy_file(from, to, error);
    if (error) {
        return failed("copy", from, error);
    }
    return make_writable(to);
}

// A tree's content, or a file, in place of what the source may have there.
Result<> copy_input(const fs::path& from, const fs::path& to) {
    std::error_code error;
    fs::create_directories(to.parent_path(), error);
    if (fs::is_directory(from, error)) {
        fs::copy(from, to,
                 fs::copy_options::recursive | fs::copy_options::copy_symlinks |
                     fs::copy_options::overwrite_existing,
                 error);
        return error ? Result<>(failed("copy", from, error)) : Result<>{};
    }
    if (fs::exists(fs::symlink_status(to, error))) {
        fs::remove(to, error);
    }
    return writable_copy(from, to);
}

Result<> stage_source(const Input& source, const UnpackLimits& limits,
                      const std::string& directory) {
    std::error_code error;
    if (fs::is_directory(source.path, error)) {
        return copy_input(source.path, directory);
    }
    const auto packing = packing_of(source.path);
    if (!packing) {
        return tl::make_unexpected(packing.error());
    }
    if (*packing != Packed::no) {
        return unpack(source.path, source.target, directory, limits);
    }
    return writable_copy(source.path, fs::path(directory) / source.target);
}

}  // namespace

bool path_matches(const std::string& glob, const std::string& path) {
    return matches(split(glob, '/'), split(path, '/'));
}

Result<> create_files(const std::vector<CreatedFile>& files, const std::string& directory) {
    for (const CreatedFile& file : files) {
        const fs::path path = fs::path(directory) / file.path;
        std::error_code error;
        fs::create_directories(path.parent_path(), error);
        if (error) {
            return failed("create directory", path.parent_path(), error);
        }
        if (fs::is_symlink(path, error)) {
            fs::remove(path, error);
        }
        std::ofstream out(path);
        for (const std::string& line : file.lines) {
            out << line << '\n';
        }
        out.close();
        if (!out) {
            return fail_errno("write", path.string(), errno);
        }
    }
    return {};
}

Result<> stage_build(const Spec& spec, const std::string& directory) {
    if (spec.source) {
        if (auto staged = stage_source(*spec.source, spec.limits, directory); !staged) {
            return staged;
        }
    }
    for (const Input& input : spec.extra_files) {
        const fs::path target = fs::path(directory) / input.target;
        if (auto copied = copy_input(input.path, target); !copied) {
            return copied;
        }
    }
    if (!spec.spack.is_null()) {
        const CreatedFile file{"spack.yaml", {spack_environment(spec.spack, directory)}};
        if (auto created = create_files({file}, directory); !created) {
            return created;
        }
    }
    return create_files(spec.section.files, directory);
}

Result<> copy_for_test(const std::string& build, const std::string& directory,
                       const std::vector<std::string>& copy_globs) {
    std::error_code error;
    auto entry = fs::recursive_directory_iterator(build, error);
    for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
        const std::string below = entry->path().string().substr(build.size() + 1);
        const fs::path target = fs::path(directory) / below;
        const auto is_wanted = [&below](const std::string& glob) {
            return path_matches(glob, below);
        };
        if (entry->is_directory(error) && !entry->is_symlink(error)) {
            fs::create_directory(target, error);
        } else if (std::any_of(copy_globs.begin(), copy_globs.end(), is_wanted)) {
            if (auto copied = writable_copy(entry->path(), target); !copied) {
                return copied;
            }
        } else if (entry->is_symlink(error)) {
            fs::copy_symlink(entry->path(), target, error);
        } else {
            fs::create_symlink(entry->path(), target, error);
        }
        if (error) {
            return failed("copy", entry->path(), error);
        }
    }
    if (error) {
        return failed("read", build, error);
    }
    return {};
}

}  // namespace pavtest::build
