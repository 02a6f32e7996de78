// What the site's policy says of one session, before it is made.
#pragma once

#include "base/error.h"
#include "base/settings.h"
#include "session/header.h"

namespace pavtest::session {

/// Refuses modes, numbers of tests and times that the site does not allow.
Result<> check_policy(const Header& header, const Settings& settings);

}  // namespace pavtest::session
