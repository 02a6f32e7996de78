// durations.json in the store.
#include "session/durations.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

namespace pavtest::session {

namespace {

using nlohmann::json;

constexpr const char* kFile = "durations.json";
constexpr std::uint64_t kReadLimit = 64U << 20;
constexpr std::size_t kMost = 100'000;  // tests; those that did not run for longest go
constexpr int kFormat = 1;
constexpr std::int64_t kMicrosecondsPerDay = 24LL * 3600 * 1'000'000;

}  // namespace

Durations Durations::read(const Directory& store) {
    Durations durations;
    const auto text = store.read(kFile, kReadLimit);
    const json document = text ? json::parse(*text, nullptr, false) : json();
    if (!document.is_object() || document.value("format", json()) != json(kFormat)) {
        return durations;
    }
    const json tests = document.value("tests", json::object());
    for (const auto& [name, entry] : tests.items()) {
        if (entry.is_array() && entry.size() == 2 && entry[0].is_number() &&
            entry[1].is_number_integer()) {
            durations.known_[name] = {entry[0].get<double>(), entry[1].get<std::int64_t>()};
        }
    }
    return durations;
}

std::optional<double> Durations::of(const std::string& test) const {
    const auto found = known_.find(test);
    return found == known_.end() ? std::nullopt : std::optional(found->second.seconds);
}

Result<> Durations::write(const Directory& store, Timestamp now, mode_t mode) {
    if (noted_.empty()) {
        return {};
    }
    std::map<std::string, Entry> all = read(store).known_;
    for (auto& [name, entry] : noted_) {
        entry.day = now.microseconds / kMicrosecondsPerDay;
        all[name] = entry;
    }
    if (all.size() > kMost) {
        std::vector<std::int64_t> days;
        days.reserve(all.size());
        for (const auto& [name, entry] : all) {
            days.push_back(entry.day);
        }
        const auto oldest = days.end() - static_cast<std::ptrdiff_t>(kMost);
        std::nth_element(days.begin(), oldest, days.end());
        std::erase_if(all, [day = *oldest](const auto& each) { return each.second.day < day; });
    }
    json tests = json::object();
    for (const auto& [name, entry] : all) {
        tests[name] = {entry.seconds, entry.day};
    }
    const json document{{"format", kFormat}, {"tests", std::move(tests)}};
    return write_file_atomic(store.fd(), kFile,
                             document.dump(-1, ' ', false, json::error_handler_t::replace) + "\n",
                             mode);
}

}  // namespace pavtest::session
