// Collecting errors: the first of each unit (a suite, a test), or all that can be found.
#pragma once

#include <vector>

#include "base/error.h"

namespace pavtest::suite {

class Problems {
  public:
    /// With `all`, work goes on after an error to find the next.
    explicit Problems(bool all) : all_(all) {}

    void add(Error error) {
        if (all_ || errors_.empty()) {
            errors_.push_back(std::move(error));
        }
    }
    void add(std::string what, std::string hint = {}, Place place = {}) {
        Error error{ErrorKind::config, std::move(what), std::move(hint), std::nullopt};
        if (!place.file.empty()) {
            error.place = std::move(place);
        }
        add(std::move(error));
    }
    /// Whether to stop looking.
    [[nodiscard]] bool enough() const { return !all_ && !errors_.empty(); }
    [[nodiscard]] bool any() const { return !errors_.empty(); }
    [[nodiscard]] bool all() const { return all_; }
    [[nodiscard]] const std::vector<Error>& errors() const { return errors_; }

  private:
    bool all_;
    std::vector<Error> errors_;
};

}  // namespace pavtest::suite
