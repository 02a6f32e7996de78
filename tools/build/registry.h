// What the builds of one job share: the shelf they come from and go to, and what became of those
// that failed here.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/digest.h"
#include "build/holder.h"
#include "build/shelf.h"
#include "build/unpack.h"
#include "session/plan.h"

namespace pavtest::build {

/// Where a session's finished builds are looked for and kept: the site's shared area, the
/// store's own.
inline std::vector<ShelfPlace> shelf_places(const session::BuildRules& rules,
                                            const std::string& store) {
    std::vector<ShelfPlace> places;
    if (!rules.area.empty()) {
        places.push_back({.path = rules.area, .group = rules.group, .at_step = {}});
    }
    places.push_back({.path = store + "/builds", .group = {}, .at_step = {}});
    return places;
}

struct Built {
    bool ok = false;
    std::string identity;
    std::string directory;      // of the build
    std::string log;            // path
    std::string state;          // BUILD_DONE, BUILD_FAILED, BUILD_TIMEOUT, BUILD_ERROR
    std::string reason;         // of a failure
    bool lost = false;          // the node went on which it was made: that says nothing of it
    std::uint32_t by_test = 0;  // that had it built
};

class Registry {
  public:
    /// The first of `places` that can be used is; where none can, builds are kept with the job.
    Registry(std::vector<ShelfPlace> places, UnpackLimits limits, Holder self,
             std::shared_ptr<Witness> witness)
        : places_(std::move(places)),
          limits_(limits),
          self_(std::move(self)),
          witness_(std::move(witness)) {}
    Registry() : Registry({}, {}, this_holder({}), nullptr) {
        witness_ = std::make_shared<HostWitness>(self_, nullptr);
    }

    /// Null for a build that did not fail in this job.
    [[nodiscard]] const Built* failure(const std::string& hash) const {
        const auto found = failures_.find(hash);
        return found == failures_.end() ? nullptr : &found->second;
    }
    void add_failure(const std::string& hash, Built built) { failures_[hash] = std::move(built); }

    [[nodiscard]] const std::vector<ShelfPlace>& places() const { return places_; }
    [[nodiscard]] const UnpackLimits& limits() const { return limits_; }
    [[nodiscard]] const Holder& self() const { return self_; }
    [[nodiscard]] Witness& witness() { return *witness_; }
    [[nodiscard]] Digests& digests() { return digests_; }

  private:
    std::vector<ShelfPlace> places_;
    UnpackLimits limits_;
    Holder self_;
    std::shared_ptr<Witness> witness_;
    Digests digests_;
    std::map<std::string, Built> failures_;
};

}  // namespace pavtest::build
