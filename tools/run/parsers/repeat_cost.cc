// Where in doubt, a repeat counts.
#include "run/parsers/repeat_cost.h"

#include <algorithm>

namespace pavtest::parsers {

CharacterSet CharacterSet::of(std::uint32_t code) {
    CharacterSet set;
    set.add_range(code, code);
    return set;
}

CharacterSet CharacterSet::everything() {
    CharacterSet set;
    set.bits_.set();
    return set;
}

CharacterSet CharacterSet::category(char name) {
    CharacterSet set;
    switch (name) {
        case 'd':
        case 'D':
            set.add_range('0', '9');
            set.bits_.set(words);
            break;
        case 's':
        case 'S':
            set.add_range('\t', '\r');
            set.add_range(' ', ' ');
            set.bits_.set(blanks);
            break;
        default:
            set.add_range('0', '9');
            set.add_range('a', 'z');
            set.add_range('A', 'Z');
            set.add_range('_', '_');
            set.bits_.set(words);
            break;
    }
    if (name == 'D' || name == 'S' || name == 'W') {
        set.bits_.flip();
    }
    if (name == 'D') {
        set.bits_.set(words);
    }
    return set;
}

void CharacterSet::add_range(std::uint32_t low, std::uint32_t high) {
    for (std::uint32_t code = low; code <= std::min<std::uint32_t>(high, 127); ++code) {
        bits_.set(code);
    }
    if (high > 127) {
        bits_.set(words).set(blanks).set(others);
    }
}

void CharacterSet::add_other_case() {
    for (std::size_t upper = 'A'; upper <= 'Z'; ++upper) {
        const std::size_t lower = upper + 'a' - 'A';
        const bool either = bits_.test(upper) || bits_.test(lower);
        bits_.set(upper, either).set(lower, either);
    }
}

CharacterSet CharacterSet::inverted() const {
    CharacterSet set = *this;
    set.bits_.flip();
    set.bits_.set(words).set(blanks).set(others);
    return set;
}

void RepeatCost::unsettle(std::optional<std::size_t>& settled) {
    if (settled) {
        ++levels_[*settled].ambiguous;
        settled.reset();
    }
}

void RepeatCost::item(const CharacterSet& characters) {
    last_settled_.reset();
    if (pending_ && !pending_->characters.meets(characters)) {
        --levels_[pending_->level].ambiguous;
        last_settled_ = pending_->level;
        if (at_start_) {
            levels_.back().settled = pending_->level;
        }
    }
    pending_.reset();
    last_is_first_ = at_start_;
    at_start_ = false;
    last_ = Last::item;
    last_item_ = characters;
}

void RepeatCost::barrier() {
    pending_.reset();
    last_settled_.reset();
    at_start_ = false;
    last_ = Last::none;
}

void RepeatCost::open(bool consumes) {
    if (!consumes || at_start_) {
        pending_.reset();
    }
    last_settled_.reset();
    levels_.emplace_back();
    levels_.back().consumes = consumes;
    at_start_ = true;
    last_ = Last::none;
}

void RepeatCost::alternative() {
    unsettle(levels_.back().settled);
    barrier();
}

void RepeatCost::close() {
    last_group_ = levels_.back();
    levels_.pop_back();
    levels_.back().ambiguous += last_group_.ambiguous;
    levels_.back().repeats += last_group_.repeats;
    if (!last_group_.consumes) {
        pending_.reset();
    } else if (pending_) {
        pending_->level = std::min(pending_->level, levels_.size() - 1);
    }
    last_settled_ = last_group_.settled;
    at_start_ = false;
    last_ = Last::group;
}

void RepeatCost::quantifier(std::size_t least, std::size_t most) {
    if (least == 0) {
        // What may be absent ends nothing.
        if (last_ == Last::item && last_is_first_) {
            levels_.back().settled.reset();
        }
        unsettle(last_settled_);
    }
    if (last_ == Last::group) {
        quantify_group(least, most);
        return;
    }
    if (least == most) {
        return;
    }
    Level& level = levels_.back();
    ++level.repeats;
    constexpr std::size_t few = 4;
    if (most == unbounded || most - least > few) {
        ++level.ambiguous;
        pending_ = Pending{last_item_, levels_.size() - 1};
    }
}

void RepeatCost::quantify_group(std::size_t least, std::size_t most) {
    Level& level = levels_.back();
    pending_.reset();
    constexpr std::size_t copied = 16;
    constexpr std::size_t few = 3;
    if (most <= (least == most ? copied : few)) {
        const std::size_t more = most == 0 ? 0 : most - 1;
        level.ambiguous += last_group_.ambiguous * more;
        level.repeats += last_group_.repeats * more + (least == most ? 0 : 1);
    } else if (last_group_.repeats > 0) {
        nested_ = true;
    } else {
        ++level.ambiguous;
        ++level.repeats;
    }
}

std::optional<std::size_t> RepeatCost::ambiguous() const {
    return nested_ ? std::nullopt : std::optional(levels_.front().ambiguous);
}

}  // namespace pavtest::parsers
