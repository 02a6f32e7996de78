// The batch script that sbatch reads in place of one of the user's.
#pragma once

#include <string>

#include "base/error.h"
#include "session/header.h"

namespace pavtest::session {

/// The #SBATCH lines for what is wanted, then `exec pavrun`. Values are quoted as sbatch's
/// own reader of directives unquotes them; control characters are refused, because a
/// newline would begin a line of its own.
Result<std::string> batch_script(const Header& header, const std::string& store,
                                 const std::string& pavrun);

/// One value in double quotes, for a #SBATCH line.
Result<std::string> quote_directive(const std::string& value);

}  // namespace pavtest::session
