// Groups of the password database.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/error.h"

namespace pavtest::build {

Result<gid_t> group_id(const std::string& name);
/// Whether the user is in the group by its database or as their first one.
bool is_member(uid_t user, gid_t group);

}  // namespace pavtest::build
