// Finding the journal of each record.
#include "run/delivery.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/text.h"
#include "session/id.h"
#include "session/journal.h"
#include "session/store.h"
#include "status/record.h"

namespace pavtest::run {

namespace {

std::string text_of(const nlohmann::json& data, const char* key) {
    const auto found = data.is_object() ? data.find(key) : data.end();
    return data.is_object() && found != data.end() && found->is_string() ? found->get<std::string>()
                                                                         : std::string();
}

bool plain_name(const std::string& name) {
    return !name.empty() && name.front() != '.' && name.find('/') == std::string::npos;
}

Result<> deliver_one(const status::Record& record, const Clock& clock) {
    const nlohmann::json data = nlohmann::json::parse(record.data, nullptr, false);
    const std::string id = text_of(data, "session");
    const std::string path = text_of(data, "store");
    const bool of_a_node =
        record.role == status::Role::prolog || record.role == status::Role::epilog;
    if (!of_a_node || !record.job || record.key.empty() || !session::is_id(id) || path.empty() ||
        path.front() != '/' || !plain_name(record.host)) {
        return {};  // nothing that a spool of ours would hold: it belongs nowhere
    }
    const auto store = session::Store::open(path);
    if (!store) {
        return tl::make_unexpected(store.error());
    }
    const auto session = store->open_session(id);
    if (!session) {
        if (session.error().kind == ErrorKind::not_found) {
            return {};
        }
        return tl::make_unexpected(session.error());
    }
    auto job = session->make_job_directory({*record.job, record.restart.value_or(0)});
    if (!job) {
        return tl::make_unexpected(job.error());
    }
    auto journal = session::Journal::open(*job, session::journal_name(record.role, record.host),
                                          record.host, clock, session->file_mode());
    if (!journal) {
        return tl::make_unexpected(journal.error());
    }
    return journal->append(record);
}

}  // namespace

Result<> deliver(std::string_view lines, const Clock& clock) {
    Result<> outcome;
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find('\n'), lines.size());
        if (const auto record = status::decode(lines.substr(0, end))) {
            auto delivered = deliver_one(*record, clock);
            if (!delivered && outcome) {
                outcome = std::move(delivered);
            }
        }
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
    return outcome;
}

}  // namespace pavtest::run
