// How long tests took, kept in the store from session to session by their names, so that the
// long ones start first. A cache: deleted, or torn, it costs nothing but that.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "base/time.h"

namespace pavtest::session {

class Durations {
  public:
    /// None at all where the file can't be read.
    static Durations read(const Directory& store);

    /// Seconds of the last run of this test.
    [[nodiscard]] std::optional<double> of(const std::string& test) const;
    void note(const std::string& test, double seconds) { noted_[test] = {seconds, 0}; }

    /// Adds what was noted to what is there by now. Of two that write at the same time one may
    /// lose.
    Result<> write(const Directory& store, Timestamp now, mode_t mode);

  private:
    struct Entry {
        double seconds = 0;
        std::int64_t day = 0;  // since 1970, of the run
    };
    std::map<std::string, Entry> known_, noted_;
};

}  // namespace pavtest::session
