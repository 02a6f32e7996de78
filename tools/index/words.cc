// Words in both directions.
#include "index/words.h"

namespace pavtest::index {

Words::Words(const Database& database)
    : find_(database, "SELECT id FROM words WHERE text = ?"),
      add_(database, "INSERT INTO words(text) VALUES(?) RETURNING id"),
      read_(database, "SELECT text FROM words WHERE id = ?") {}

std::int64_t Words::number(const std::string& text) {
    if (const auto known = numbers_.find(text); known != numbers_.end()) {
        return known->second;
    }
    std::int64_t number = 0;
    if (find_.bind(1, text).step()) {
        number = find_.integer(0);
    } else {
        add_.bind(1, text).step();
        number = add_.integer(0);
        add_.run();
    }
    find_.reset();
    numbers_.emplace(text, number);
    return number;
}

const std::string& Words::text(std::int64_t number) {
    const auto place = static_cast<std::size_t>(number);
    if (place >= texts_.size()) {
        // A damaged number must not become a huge allocation.
        constexpr std::size_t most = 1U << 26U;
        if (place >= most) {
            throw DatabaseError{SQLITE_CORRUPT, "a word with an impossible number"};
        }
        texts_.resize(place + 1);
    }
    if (!texts_[place]) {
        if (!read_.bind(1, number).step()) {
            throw DatabaseError{SQLITE_CORRUPT, "a word is missing"};
        }
        texts_[place] = read_.text(0);
        read_.reset();
    }
    return *texts_[place];
}

bool WordMatch::operator()(std::int64_t number) {
    if (!match_) {
        return true;
    }
    const auto place = static_cast<std::size_t>(number);
    const std::string& text = words_.text(number);
    if (place >= answers_.size()) {
        answers_.resize(place + 1, Answer::unknown);
    }
    if (answers_[place] == Answer::unknown) {
        answers_[place] = match_(text) ? Answer::yes : Answer::no;
    }
    return answers_[place] == Answer::yes;
}

}  // namespace pavtest::index
