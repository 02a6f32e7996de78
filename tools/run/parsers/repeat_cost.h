// How much backtracking an expression may need, judged while it is read.
//
// A repeat is harmless if what follows it cannot begin with anything that it repeats: in
// \d+\s+ the digits end in one place only. Each other repeat multiplies the time that a
// line may take by its length; a repeat of repeats may take for ever.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace pavtest::parsers {

/// Characters: ASCII one by one; beyond it letters and digits, blanks, and others.
class CharacterSet {
  public:
    static CharacterSet of(std::uint32_t code);
    /// \d \D \s \S \w \W
    static CharacterSet category(char name);
    static CharacterSet everything();
    void add(const CharacterSet& other) { bits_ |= other.bits_; }
    void add_range(std::uint32_t low, std::uint32_t high);
    void add_other_case();
    /// What a negated class matches.
    [[nodiscard]] CharacterSet inverted() const;
    [[nodiscard]] bool meets(const CharacterSet& other) const {
        return (bits_ & other.bits_).any();
    }

  private:
    static constexpr std::size_t words = 128, blanks = 129, others = 130;
    std::bitset<131> bits_;
};

class RepeatCost {
  public:
    static constexpr std::size_t unbounded = std::numeric_limits<std::size_t>::max();

    /// Something that matches one of these characters.
    void item(const CharacterSet& characters);
    /// A place, or something of which nothing is known.
    void barrier();
    void open(bool consumes);
    void alternative();
    void close();
    void quantifier(std::size_t least, std::size_t most);

    /// How many repeats multiply; nothing if they are nested.
    [[nodiscard]] std::optional<std::size_t> ambiguous() const;

  private:
    struct Level {
        std::size_t ambiguous = 0;
        std::size_t repeats = 0;
        std::optional<std::size_t> settled;  // the level of a repeat that its first item ends
        bool consumes = true;                // it is no lookaround
    };
    // A repeat of which it is not known yet what follows.
    struct Pending {
        CharacterSet characters;
        std::size_t level = 0;
    };
    enum class Last { none, item, group };

    void quantify_group(std::size_t least, std::size_t most);
    void unsettle(std::optional<std::size_t>& settled);

    std::vector<Level> levels_ = std::vector<Level>(1);
    std::optional<Pending> pending_;
    bool at_start_ = false;  // of a group
    Last last_ = Last::none;
    CharacterSet last_item_;
    bool last_is_first_ = false;               // of its group
    std::optional<std::size_t> last_settled_;  // the level of a repeat that it ends
    Level last_group_;
    bool nested_ = false;
};

}  // namespace pavtest::parsers
