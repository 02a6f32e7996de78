// Of first, last and the like only what can still be the answer is kept; what is counted or
// summed is not kept at all.
#include "run/parsers/matches.h"

#include <fmt/format.h>

#include <iterator>

namespace pavtest::parsers {

Matches::Matches(const ParserOptions& options, std::size_t limit)
    : options_(options), limit_(limit) {
    clear();
}

bool Matches::streams() const {
    return options_.select.kind == Select::Kind::all &&
           (options_.action == Action::count || reduction_.has_value());
}

void Matches::clear() {
    enough_ = false;
    count_ = 0;
    bytes_ = 0;
    kept_.clear();
    seen_.clear();
    reduction_.reset();
    if (options_.select.kind == Select::Kind::all && options_.action != Action::store_median &&
        Reduction::is_for(options_.action)) {
        reduction_.emplace(options_.action);
    }
}

Result<> Matches::add(Value value) {
    const Select& select = options_.select;
    const std::size_t place = count_++;
    if (streams()) {
        if (reduction_) {
            reduction_->add(value);
        }
        return {};
    }
    if (select.kind == Select::Kind::index && select.index >= 0) {
        if (place == static_cast<std::size_t>(select.index)) {
            kept_.push_back(std::move(value));
            enough_ = true;
        }
        return {};
    }
    if (select.kind == Select::Kind::uniq && !seen_.insert(to_json(value)).second) {
        return {};
    }
    bytes_ += weight(value);
    kept_.push_back(std::move(value));
    if (select.kind == Select::Kind::index &&
        kept_.size() > static_cast<std::size_t>(-(select.index + 1)) + 1) {
        bytes_ -= weight(kept_.front());
        kept_.pop_front();
    }
    if (bytes_ > limit_) {
        return fail(ErrorKind::config,
                    fmt::format("the matches take more than {} MiB", limit_ >> 20U),
                    "narrow the lines down, or count or sum the matches");
    }
    return {};
}

Matches::Found Matches::take() {
    Found result;
    result.matched = matched();
    if (streams()) {
        result.stored =
            reduction_ ? reduction_->result() : Value::integer(static_cast<long long>(count_));
        return result;
    }
    Value found;
    if (options_.select.kind != Select::Kind::index) {
        found = Value(
            List(std::make_move_iterator(kept_.begin()), std::make_move_iterator(kept_.end())));
    } else if (selected()) {
        found = std::move(kept_.front());
    }
    kept_.clear();
    result.stored = apply(options_.action, options_.is_verdict(), std::move(found));
    return result;
}

// Whether there were enough matches for the one that is asked for.
bool Matches::selected() const {
    const long index = options_.select.index;
    return index >= 0 ? enough_ : kept_.size() == static_cast<std::size_t>(-(index + 1)) + 1;
}

bool Matches::matched() const {
    if (streams()) {
        return count_ > 0;
    }
    if (options_.select.kind != Select::Kind::index) {
        return !kept_.empty();
    }
    return selected() && kept_.front().is_match();
}

}  // namespace pavtest::parsers
