// Root reads a user's store as that user: it must not be led by what a user owns.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/error.h"

namespace pavtest::cmd {

/// While it lives, a process of root's has the effective identity of the store's owner.
/// Anybody else stays who he is.
class AsOwner {
  public:
    static Result<AsOwner> of(const std::string& store);
    AsOwner(AsOwner&& other) noexcept;
    AsOwner& operator=(AsOwner&&) = delete;
    AsOwner(const AsOwner&) = delete;
    AsOwner& operator=(const AsOwner&) = delete;
    ~AsOwner();

    [[nodiscard]] bool changed() const { return changed_; }

  private:
    explicit AsOwner(bool changed) : changed_(changed) {}
    bool changed_;
};

}  // namespace pavtest::cmd
