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

/// Prints a resolution in the shape of Pavilion's own, tests with their configurations and
/// errors as texts; each test as it comes, so that none has to be kept.
class ResolutionPrinter {
  public:
    explicit ResolutionPrinter(bool drop_defaults) : drop_defaults_(drop_defaults) {}
    void test(suite::ResolvedTest&& test);
    void finish(const std::vector<Error>& errors);

  private:
    bool drop_defaults_;
    bool any_ = false;
};

/// A test's configuration without what says no more than the defaults do.
suite::Json without_defaults(const suite::ResolvedTest& test);

/// Prints it, whatever bytes are in it.
void print_json(const suite::Json& json);

}  // namespace pavtest::cmd
