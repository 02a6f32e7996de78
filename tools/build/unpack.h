// Sources that come in an archive, which anybody may have made.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"

namespace pavtest::build {

struct UnpackLimits {
    std::uint64_t bytes = 4ULL << 30;  // of all files together
    std::uint64_t entries = 100'000;
};

enum class Packed {
    no,       // a plain file
    archive,  // tar or zip, compressed or not
    single,   // one compressed file
};

/// By its content, not by its name.
Result<Packed> packing_of(const std::string& file);

/// Unpacks an archive into `directory`, which is there; if all of it is in one directory, then
/// what is in that. Nothing leaves the directory: absolute names, "..", links that lead out and
/// what is no file, directory or link are refused before anything is written; so is more than
/// the limits allow. A single compressed file loses its suffix (name: `name`).
Result<> unpack(const std::string& file, const std::string& name, const std::string& directory,
                const UnpackLimits& limits);

}  // namespace pavtest::build
