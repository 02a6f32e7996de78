// Comparing two sessions test by test, by name.
#include "cmd/pavstat/changes.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "cmd/pavstat/fields.h"
#include "cmd/pavstat/table.h"
#include "session/id.h"

namespace pavtest::cmd {

namespace {

using index::JobRow;
using index::TestRow;

std::string name_of(const JobRow& job) {
    return job.job ? fmt::format("{}", *job.job) : job.id;
}

// "SKIPPED" and "UNFINISHED" are outcomes as well, once the session is over.
std::string outcome(const session::TestView& test, bool over) {
    if (test.result != status::Verdict::none) {
        return std::string(to_string(test.result));
    }
    if (test.ended_for_good && test.cause == status::Cause::skipped) {
        return "SKIPPED";
    }
    return over ? "UNFINISHED" : "";
}

Result<std::optional<JobRow>> session_before(const OpenStore& store, const JobRow& job) {
    index::JobFilter filter;
    filter.until = session::id_time(job.id).value_or(Timestamp{});
    const auto same = [](const std::string& wanted) {
        return [wanted](const std::string& text) { return text == wanted; };
    };
    filter.suites = same(job.suites);
    filter.user = same(job.user);
    filter.cluster = same(job.cluster);
    filter.ended_only = true;
    filter.newest = 1;
    auto found = store.index.jobs(filter);
    if (!found) {
        return tl::make_unexpected(found.error());
    }
    return found->empty() ? std::nullopt : std::optional(std::move(found->front()));
}

class Comparison {
  public:
    Comparison(const OpenStore& store, std::vector<Change>& changes)
        : store_(store), changes_(changes) {}

    Result<> compare(const JobRow& before, const JobRow& now) {
        const auto then = store_.index.tests({before}, {});
        const auto tests = store_.index.tests({now}, {});
        if (!then || !tests) {
            return tl::make_unexpected((then ? tests : then).error());
        }
        std::map<std::string, const TestRow*> known;
        for (const TestRow& test : *then) {
            known[test.name] = &test;
        }
        const Change sessions{now.suites, name_of(before), name_of(now), "", "", "", "", ""};
        for (const TestRow& test : *tests) {
            const auto found = known.find(test.name);
            Change change = sessions;
            change.name = test.name;
            change.now = outcome(test.view, now.ended);
            change.nodes = test.view.nodes;
            change.note = test.view.note;
            if (found != known.end()) {
                change.before = outcome(found->second->view, true);
                known.erase(found);
            }
            if (!change.now.empty() && change.now != change.before) {
                changes_.push_back(std::move(change));
            }
        }
        for (const auto& [name, test] : known) {
            // A part of the suites may have been asked for this time.
            if (now.request == before.request) {
                Change change = sessions;
                change.name = name;
                change.before = outcome(test->view, true);
                changes_.push_back(std::move(change));
            }
        }
        return {};
    }

  private:
    const OpenStore& store_;
    std::vector<Change>& changes_;
};

}  // namespace

Result<std::vector<Change>> changes_of(const Collected& collected) {
    std::map<std::string, const Row*> newest;
    std::vector<const Row*> wanted;
    for (const Row& row : collected.rows) {
        if (row.waiting) {
            continue;
        }
        wanted.push_back(&row);
        newest[fmt::format("{} {} {}", row.store, row.job.user, row.job.suites)] = &row;
    }
    if (!collected.named) {
        wanted.clear();
        for (const auto& [key, row] : newest) {
            wanted.push_back(row);
        }
    }
    std::vector<Change> changes;
    for (const Row* row : wanted) {
        const OpenStore& store = collected.stores[row->store];
        const auto before = session_before(store, row->job);
        if (!before) {
            return tl::make_unexpected(before.error());
        }
        if (*before) {
            if (auto compared = Comparison(store, changes).compare(**before, row->job); !compared) {
                return tl::make_unexpected(compared.error());
            }
        }
    }
    return changes;
}

std::string changes_table(const std::vector<Change>& changes, bool no_header) {
    Table table({">BEFORE", ">JOBID", "NAME", "WAS", "IS", "NODELIST", "NOTE"});
    for (const Change& change : changes) {
        table.add({change.before_id, change.id, change.name,
                   change.before.empty() ? "(new)" : change.before,
                   change.now.empty() ? "(gone)" : change.now, change.nodes, change.note});
    }
    return table.text(no_header);
}

nlohmann::ordered_json changes_json(const std::vector<Change>& changes) {
    using Json = nlohmann::ordered_json;
    const auto or_null = [](const std::string& text) {
        return text.empty() ? Json(nullptr) : Json(text);
    };
    Json all = Json::array();
    for (const Change& change : changes) {
        all.push_back({{"suites", change.suites},
                       {"before", change.before_id},
                       {"job", change.id},
                       {"name", change.name},
                       {"was", or_null(change.before)},
                       {"is", or_null(change.now)},
                       {"nodes", or_null(change.nodes)},
                       {"note", or_null(change.note)}});
    }
    return {{"changes", std::move(all)}};
}

}  // namespace pavtest::cmd
