// Session ids: twelve characters that sort by time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace pavtest::session {

/// A new id for this moment; `random` gives the last three characters (15 bits of it).
std::string make_id(Timestamp when, std::uint32_t random);
bool is_id(std::string_view text);
/// The moment an id was made; milliseconds.
std::optional<Timestamp> id_time(std::string_view id);
/// An id as the number that it is in base 32, which sorts alike; and back.
std::uint64_t id_number(std::string_view id);
std::string id_from_number(std::uint64_t number);
/// "2026-11" in UTC: the directory of the id's month.
std::string id_month(std::string_view id);

}  // namespace pavtest::session
