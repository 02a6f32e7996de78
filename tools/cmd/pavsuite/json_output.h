// What the subcommands say to programs: errors and resolutions as JSON.
#pragma once

#include <string>

#include "base/error.h"
#include "suite/resolve.h"

namespace pavtest::cmd {

/// Where a thing is: file, line and column, as far as they are known.
void put_place(suite::Json& object, const std::optional<Place>& place);

/// An error with everything that is known of it.
suite::Json error_json(const Error& error);
suite::Json errors_json(const std::vector<Error>& errors);

/// A resolution in the shape of Pavilion's own: errors as texts, tests with their
/// configurations.
suite::Json resolution_json(const suite::Resolution& resolution, bool drop_defaults);

/// A test's configuration without what says no more than the defaults do.
suite::Json without_defaults(const suite::ResolvedTest& test);

/// Prints it, whatever bytes are in it.
void print_json(const suite::Json& json);

}  // namespace pavtest::cmd
