// All processes that the agent leaves behind, also those that made a session of
// their own: they have no job's cgroup that would end them.
#pragma once

#include <sys/types.h>

namespace pavtest::spank {

/// From its construction on, orphans among our descendants become our own children
/// (not init's), where they can be found, and killed without any doubt who they are.
class Descendants {
  public:
    Descendants();
    ~Descendants();
    Descendants(const Descendants&) = delete;
    Descendants& operator=(const Descendants&) = delete;

    /// Kills and reaps the children that came since then and belong to `user` (other
    /// plugins may have some too), and theirs in turn. Does not wait for one that
    /// cannot die.
    void end_all(uid_t user);

  private:
    static constexpr int most_before = 64;

    int was_adopting_ = 0;
    pid_t before_[most_before] = {};
    int before_count_ = 0;
};

}  // namespace pavtest::spank
