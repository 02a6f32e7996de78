// The files of one job in one: what is left of jobs/<job>.<restart>/ once it was compacted.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/file.h"

namespace pavtest::session {

inline constexpr const char* kPacked = "packed.tar.gz";

/// Gives the content of a file piece by piece.
using Pieces = std::function<Result<>(const std::function<void(std::string_view)>& take)>;

/// Every regular file of the job's archive by its name relative to the job's directory, until
/// `visit` returns false. Its content is at hand only during the visit.
Result<> each_packed(const Directory& job,
                     const std::function<bool(const std::string& name, std::uint64_t size,
                                              const Pieces& pieces)>& visit);

/// One file of it. ErrorKind::not_found where there is no archive, or no such file in it.
Result<std::string> read_packed(const Directory& job, const std::string& name, std::uint64_t limit);

/// Everything in `directory` but hidden names as a new archive `name` there, whole or not at
/// all. Links stay links.
Result<> pack(const Directory& directory, const std::string& name, mode_t mode);

}  // namespace pavtest::session
