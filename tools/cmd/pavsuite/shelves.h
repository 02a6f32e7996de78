// The shelves of builds that settings name.
#pragma once

#include <vector>

#include "base/settings.h"
#include "build/shelf.h"

namespace pavtest::cmd {

/// In the order in which builds are looked for: the site's shared one, the user's own.
std::vector<build::ShelfPlace> shelf_places(const Settings& settings);
/// Those that are there and can be used.
std::vector<build::Shelf> existing_shelves(const Settings& settings);

}  // namespace pavtest::cmd
