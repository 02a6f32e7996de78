// As pavrun has them from the plan.
#include "cmd/pavsuite/shelves.h"

#include <utility>

namespace pavtest::cmd {

std::vector<build::ShelfPlace> shelf_places(const Settings& settings) {
    std::vector<build::ShelfPlace> places;
    if (!settings.build_area.empty()) {
        places.push_back(
            {.path = settings.build_area, .group = settings.build_group, .at_step = {}});
    }
    places.push_back({.path = settings.store + "/builds", .group = {}, .at_step = {}});
    return places;
}

std::vector<build::Shelf> existing_shelves(const Settings& settings) {
    std::vector<build::Shelf> shelves;
    for (build::ShelfPlace& place : shelf_places(settings)) {
        if (auto shelf = build::Shelf::open_existing(std::move(place))) {
            shelves.push_back(std::move(*shelf));
        }
    }
    return shelves;
}

}  // namespace pavtest::cmd
