// Journals: numbering that goes on where the last writer stopped.
#include "session/journal.h"

#include <fmt/format.h>

#include <algorithm>

namespace pavtest::session {

namespace {

constexpr std::uint64_t kReadLimit = 1ULL << 30;

// "0-3,7,…" in pieces of at most `most` bytes, cut at commas.
std::vector<std::string> pieces(std::string_view tests, std::size_t most) {
    std::vector<std::string> all;
    while (tests.size() > most) {
        const std::size_t comma = tests.rfind(',', most);
        if (comma == std::string_view::npos || comma == 0) {
            break;
        }
        all.emplace_back(tests.substr(0, comma));
        tests.remove_prefix(comma + 1);
    }
    all.emplace_back(tests);
    return all;
}

}  // namespace

std::string journal_name(status::Role role, std::string_view host) {
    const bool node = role == status::Role::prolog || role == status::Role::epilog;
    return fmt::format("journal.{}-{}.jsonl", node ? "node" : status::to_string(role), host);
}

std::string session_settle_name(std::string_view host) {
    return fmt::format("settle-{}.jsonl", host);
}

Result<Journal> Journal::open(const Directory& directory, const std::string& name, std::string host,
                              const Clock& clock, mode_t mode) {
    auto log = status::AppendLog::open(directory, name, mode);
    if (!log) {
        return tl::make_unexpected(log.error());
    }
    Journal journal(*std::move(log), std::move(host), clock);
    if (auto scanned = journal.scan(name); !scanned) {
        return tl::make_unexpected(scanned.error());
    }
    return journal;
}

Result<> Journal::scan(const std::string& name) {
    const auto data = read_all(log_.fd(), kReadLimit);
    if (!data) {
        return tl::make_unexpected(data.error().within(name));
    }
    std::uint64_t lines = 0;
    std::string_view rest = *data;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        // A torn line may hold a number that was used, so unreadable lines count, too.
        ++lines;
        if (auto record = status::decode(rest.substr(0, end))) {
            next_ = std::max(next_, record->seq + 1);
            if (!record->key.empty()) {
                keys_.insert(std::move(record->key));
            }
        }
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    next_ = std::max(next_, lines);
    return {};
}

Result<> Journal::append(status::Record record) {
    if (!record.key.empty() && keys_.contains(record.key)) {
        return {};
    }
    // What waited in a spool tells its own time and place.
    const bool delivered = !record.key.empty();
    if (!delivered || record.host.empty()) {
        record.host = host_;
    }
    if (!delivered || record.when == Timestamp{}) {
        record.when = clock_->now();
    }
    if (record.tests.size() <= status::kTestsMax) {
        return append_one(record);
    }
    for (std::string& piece : pieces(record.tests, status::kTestsMax)) {
        record.tests = std::move(piece);
        if (auto appended = append_one(record); !appended) {
            return appended;
        }
    }
    return {};
}

Result<> Journal::append_one(const status::Record& record) {
    status::Record numbered = record;
    numbered.seq = next_++;
    auto appended = log_.append(status::encode(numbered));
    if (appended && !record.key.empty()) {
        keys_.insert(record.key);
    }
    return appended;
}

}  // namespace pavtest::session
