// Text of a bounded length that allocates nothing: the plugin lives in other
// programs' processes, as root in some, and takes no memory that a user sizes.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

namespace pavtest::spank {

/// What does not fit is left out as a whole, and overflowed() says so.
template <std::size_t Capacity>
class Text {
  public:
    bool append(std::string_view more) {
        if (more.size() > Capacity - size_) {
            overflowed_ = true;
            return false;
        }
        std::memcpy(&bytes_[size_], more.data(), more.size());
        size_ += more.size();
        bytes_[size_] = '\0';
        return true;
    }

    bool append(char one) { return append(std::string_view(&one, 1)); }

    bool append_number(unsigned long long number) {
        char digits[20];
        std::size_t first = sizeof digits;
        do {
            digits[--first] = static_cast<char>('0' + number % 10);
            number /= 10;
        } while (number != 0);
        return append(std::string_view(&digits[first], sizeof digits - first));
    }

    bool assign(std::string_view text) {
        clear();
        return append(text);
    }

    void clear() {
        size_ = 0;
        overflowed_ = false;
        bytes_[0] = '\0';
    }

    [[nodiscard]] std::string_view view() const { return {&bytes_[0], size_}; }
    [[nodiscard]] const char* c_str() const { return &bytes_[0]; }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] bool overflowed() const { return overflowed_; }

    friend bool operator==(const Text& a, const Text& b) { return a.view() == b.view(); }

  private:
    char bytes_[Capacity + 1] = {};
    std::size_t size_ = 0;
    bool overflowed_ = false;
};

/// The rest of `text` after its first `count` bytes (which it has).
inline std::string_view after(std::string_view text, std::size_t count) {
    text.remove_prefix(count);
    return text;
}

/// std::string_view's starts_with takes a part that may throw, and with it the C++
/// library, which the plugin does without.
inline bool begins_with(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() &&
           std::memcmp(text.data(), prefix.data(), prefix.size()) == 0;
}

/// Calls `take(piece)` for each non-empty piece of `text` between separators.
template <typename Take>
void for_each_piece(std::string_view text, char separator, Take take) {
    while (!text.empty()) {
        const std::size_t end = text.find(separator);
        const std::string_view piece(text.data(),
                                     end == std::string_view::npos ? text.size() : end);
        if (!piece.empty()) {
            take(piece);
        }
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
}

}  // namespace pavtest::spank
