// What the builds of one job share: the shelf they come from and go to, and what became of those
// that failed here.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/digest.h"
#include "build/holder.h"
#include "build/shelf.h"

namespace pavtest::build {

struct Built {
    bool ok = false;
    std::string directory;      // of the build
    std::string log;            // path
    std::string state;          // BUILD_DONE, BUILD_FAILED, BUILD_TIMEOUT, BUILD_ERROR
    std::string reason;         // of a failure
    std::uint32_t by_test = 0;  // that had it built
};

class Registry {
  public:
    /// `place` without a path: builds are kept with the job.
    Registry(ShelfPlace place, Holder self, std::shared_ptr<Witness> witness)
        : place_(std::move(place)), self_(std::move(self)), witness_(std::move(witness)) {}
    Registry() : Registry({}, this_holder({}), nullptr) {
        witness_ = std::make_shared<HostWitness>(self_, nullptr);
    }

    /// Null for a build that did not fail in this job.
    [[nodiscard]] const Built* failure(const std::string& hash) const {
        const auto found = failures_.find(hash);
        return found == failures_.end() ? nullptr : &found->second;
    }
    void add_failure(const std::string& hash, Built built) { failures_[hash] = std::move(built); }

    [[nodiscard]] const ShelfPlace& place() const { return place_; }
    [[nodiscard]] const Holder& self() const { return self_; }
    [[nodiscard]] Witness& witness() { return *witness_; }
    [[nodiscard]] Digests& digests() { return digests_; }

  private:
    ShelfPlace place_;
    Holder self_;
    std::shared_ptr<Witness> witness_;
    Digests digests_;
    std::map<std::string, Built> failures_;
};

}  // namespace pavtest::build
