// Adding up.
#include "cmd/pavstat/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/hostlist.h"
#include "cmd/pavstat/table.h"

namespace pavtest::cmd {

namespace {

using status::Verdict;

struct Sums {
    std::uint32_t total = 0, pass = 0, fail = 0, error = 0, other = 0;

    void add(Verdict result) {
        ++total;
        std::uint32_t& kind = result == Verdict::pass    ? pass
                              : result == Verdict::fail  ? fail
                              : result == Verdict::error ? error
                                                         : other;
        ++kind;
    }
};

bool failed(Verdict result) {
    return result == Verdict::fail || result == Verdict::error;
}

// The nodes of a list, expanded once for each list that there is.
class Nodes {
  public:
    const std::vector<std::string>& of(const std::string& list) {
        const auto known = lists_.find(list);
        if (known != lists_.end()) {
            return known->second;
        }
        auto names = expand_hostlist(list);
        return lists_.emplace(list, names ? *std::move(names) : std::vector<std::string>{})
            .first->second;
    }

  private:
    std::map<std::string, std::vector<std::string>> lists_;
};

Timestamp moment(const session::TestView& test) {
    return test.ended.value_or(test.when.value_or(Timestamp{}));
}

void add_sums(Table& table, const char* what, const std::map<std::string, Sums>& all) {
    for (const auto& [name, sums] : all) {
        table.add({what, name, fmt::format("{}", sums.total), fmt::format("{}", sums.pass),
                   fmt::format("{}", sums.fail), fmt::format("{}", sums.error),
                   fmt::format("{}", sums.other)});
    }
}

}  // namespace

std::vector<NodeRecord> node_records(const Collected& collected) {
    Nodes nodes;
    std::map<std::string, NodeRecord> records;
    std::map<std::string, std::vector<Timestamp>> failures;
    for (const TestLine& test : collected.tests) {
        const Verdict result = test.view.result;
        if (result == Verdict::none) {
            continue;
        }
        for (const std::string& name : nodes.of(test.view.nodes)) {
            NodeRecord& record = records[name];
            record.name = name;
            if (result == Verdict::pass) {
                ++record.pass;
                record.last_pass =
                    std::max(record.last_pass.value_or(Timestamp{}), moment(test.view));
            } else {
                ++(result == Verdict::fail ? record.fail : record.error);
                failures[name].push_back(moment(test.view));
            }
        }
    }
    std::vector<NodeRecord> all;
    for (auto& [name, record] : records) {
        for (const Timestamp when : failures[name]) {
            const bool since = !record.last_pass || when > *record.last_pass;
            if (since && (!record.first_failure || when < *record.first_failure)) {
                record.first_failure = when;
            }
        }
        all.push_back(std::move(record));
    }
    return all;
}

std::vector<std::string> suspicions(const Collected& collected) {
    std::uint32_t failures = 0;
    for (const TestLine& test : collected.tests) {
        failures += failed(test.view.result) && !test.view.nodes.empty() ? 1 : 0;
    }
    // Nodes with the same record are named together: they fail together.
    std::map<std::string, std::vector<std::string>> said;
    std::vector<std::string> suspects;
    for (const NodeRecord& record : node_records(collected)) {
        const std::uint32_t bad = record.fail + record.error;
        if (bad < 2 || bad * 2 <= failures || !record.first_failure) {
            continue;
        }
        suspects.push_back(record.name);
        const std::string since = record.last_pass ? "since " + to_slurm_time(*record.last_pass)
                                                   : std::string("in all that is shown");
        said[fmt::format("{} of {} failures on {{}}, which passed nothing {}", bad, failures,
                         since)]
            .push_back(record.name);
    }
    std::vector<std::string> lines;
    for (const auto& [text, names] : said) {
        lines.push_back(fmt::format(fmt::runtime(text), compress_hostlist(names)));
    }
    if (!suspects.empty()) {
        lines.push_back(fmt::format("suspects: {}", compress_hostlist(suspects)));
    }
    return lines;
}

std::string summary_table(const Collected& collected, bool no_header) {
    std::map<std::string, Sums> suites;
    std::map<std::string, Sums> states;
    std::map<std::string, Sums> nodes;
    for (const TestLine& test : collected.tests) {
        const Verdict result = test.view.result;
        suites[test.name.substr(0, test.name.find('.'))].add(result);
        states[test.view.state].add(result);
    }
    for (const NodeRecord& record : node_records(collected)) {
        nodes[record.name] = {record.pass + record.fail + record.error, record.pass, record.fail,
                              record.error, 0};
    }
    Table table({"BY", "NAME", ">TESTS", ">PASS", ">FAIL", ">ERR", ">OTHER"});
    add_sums(table, "suite", suites);
    add_sums(table, "state", states);
    add_sums(table, "node", nodes);
    return table.text(no_header);
}

Result<std::string> node_records_table(const Collected& collected, const std::string& hostlist,
                                       bool no_header) {
    const auto names = expand_hostlist(hostlist);
    if (!names) {
        return tl::make_unexpected(names.error());
    }
    const std::set<std::string> wanted(names->begin(), names->end());
    Table table({"NODE", ">PASS", ">FAIL", ">ERR", "LAST_PASS", "FAILS_SINCE"});
    const auto time = [](const std::optional<Timestamp>& when) {
        return when ? to_slurm_time(*when) : std::string{};
    };
    for (const NodeRecord& record : node_records(collected)) {
        if (wanted.empty() || wanted.contains(record.name)) {
            table.add({record.name, fmt::format("{}", record.pass), fmt::format("{}", record.fail),
                       fmt::format("{}", record.error), time(record.last_pass),
                       time(record.first_failure)});
        }
    }
    return table.text(no_header);
}

}  // namespace pavtest::cmd
