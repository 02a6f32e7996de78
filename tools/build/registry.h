// The builds of one job: which were tried, and what became of them. Equal builds happen once.
#pragma once

#include <cstdint>
#include <map>
#include <string>

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
    /// Null for a build that nobody has tried in this job.
    [[nodiscard]] const Built* find(const std::string& identity) const {
        const auto found = builds_.find(identity);
        return found == builds_.end() ? nullptr : &found->second;
    }
    void add(const std::string& identity, Built built) { builds_[identity] = std::move(built); }

  private:
    std::map<std::string, Built> builds_;
};

}  // namespace pavtest::build
