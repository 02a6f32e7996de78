// The environment that the agent gets: built anew, each value whitelisted.
#pragma once

#include "agent.h"
#include "text.h"

namespace pavtest::spank {

class AgentEnvironment {
  public:
    /// From `inherited`, the hook's own environment, whose strings it points into.
    AgentEnvironment(char* const* inherited, const Agent& agent, const Job& job);

    /// Who the user is takes a look-up that may hang, so it comes in the child.
    void set_user(const char* name, const char* home);

    [[nodiscard]] char* const* get() const { return const_cast<char* const*>(&entries_[0]); }

  private:
    void add(const char* entry);

    static constexpr int limit = 40;
    const char* entries_[limit + 1] = {};
    int count_ = 0;
    Text<32> deadline_;
    Text<32> sequence_;
    Text<64> restart_;
    Text<300> user_;
    Text<1100> home_;
};

/// The value of NAME=value in a list of such, without a copy; empty if it is not
/// there.
std::string_view value_of(char* const* environment, std::string_view name);

}  // namespace pavtest::spank
