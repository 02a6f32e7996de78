// Texts by number, kept in memory once they were met. Internal to this module.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "index/database.h"

namespace pavtest::index {

class Words {
  public:
    explicit Words(const Database& database);
    /// The number of a text, made if it has none. Within a transaction only.
    std::int64_t number(const std::string& text);
    /// What a rollback took back may not be known any more.
    void forget() { numbers_.clear(); }
    const std::string& text(std::int64_t number);

  private:
    std::unordered_map<std::string, std::int64_t> numbers_;
    std::vector<std::optional<std::string>> texts_;
    Statement find_, add_, read_;
};

/// Answers for each word once.
class WordMatch {
  public:
    WordMatch(Words& words, const std::function<bool(const std::string&)>& match)
        : words_(words), match_(match) {}
    bool operator()(std::int64_t number);

  private:
    enum class Answer : std::uint8_t { unknown, yes, no };
    Words& words_;
    const std::function<bool(const std::string&)>& match_;
    std::vector<Answer> answers_;
};

}  // namespace pavtest::index
