// Words to conditions.
#include "cmd/pavstat/filters.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/hostlist.h"
#include "base/text.h"
#include "cmd/pavstat/fields.h"
#include "session/slurm_questions.h"
#include "status/states.h"

namespace pavtest::cmd {

namespace {

using status::Verdict;

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    return text;
}

bool any_glob(const std::vector<std::string>& globs, const std::string& text) {
    return std::any_of(globs.begin(), globs.end(),
                       [&](const std::string& glob) { return glob_match(glob, text); });
}

// A list of names in one text, "hpl,stream": one of them has to fit.
bool any_glob_in_list(const std::vector<std::string>& globs, const std::string& list) {
    const auto names = split(list, ',');
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return any_glob(globs, name); });
}

// "hpl" and "hpl.small" both name the test "hpl.small.n2".
bool names_test(const std::vector<std::string>& globs, const std::string& name) {
    return any_glob(globs, name) ||
           std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
               return glob_match(glob + ".*", name) || glob_match("*." + glob, name);
           });
}

// "PD" for SCHEDULED, as squeue takes them.
std::string whole_state(const std::string& word) {
    for (const auto& info : status::known_states()) {
        if (word.size() == 2 && compact_state(info.name) == word) {
            return std::string(info.name);
        }
    }
    return word == "R" ? std::string(status::state::running) : word;
}

Result<std::vector<std::string>> known_states(const std::vector<std::string>& words) {
    std::vector<std::string> states;
    for (const std::string& word : words) {
        const std::string state = whole_state(upper(word));
        if (!status::well_formed_state(state)) {
            return fail(ErrorKind::usage, fmt::format("'{}' is no state", word),
                        "'pavstat states' lists them");
        }
        states.push_back(state);
    }
    return states;
}

enum class Outcome { pass, fail, error, skipped, unfinished };

Outcome outcome_of(const session::TestView& test) {
    switch (test.result) {
        case Verdict::pass:
            return Outcome::pass;
        case Verdict::fail:
            return Outcome::fail;
        case Verdict::error:
            return Outcome::error;
        case Verdict::none:
            break;
    }
    return test.ended_for_good && test.cause == status::Cause::skipped ? Outcome::skipped
                                                                       : Outcome::unfinished;
}

Result<std::set<Outcome>> outcomes(const std::vector<std::string>& words, bool failed) {
    static constexpr std::pair<std::string_view, Outcome> kNames[] = {
        {"PASS", Outcome::pass},       {"FAIL", Outcome::fail},
        {"ERROR", Outcome::error},     {"SKIPPED", Outcome::skipped},
        {"LEFT", Outcome::unfinished}, {"UNFINISHED", Outcome::unfinished}};
    std::set<Outcome> wanted;
    if (failed) {
        wanted = {Outcome::fail, Outcome::error};
    }
    for (const std::string& word : words) {
        const auto* const found =
            std::find_if(std::begin(kNames), std::end(kNames),
                         [&](const auto& each) { return each.first == upper(word); });
        if (found == std::end(kNames)) {
            return tl::make_unexpected(
                Error{ErrorKind::usage, fmt::format("'{}' is no result", word),
                      "PASS, FAIL, ERROR, SKIPPED or UNFINISHED", std::nullopt});
        }
        wanted.insert(found->second);
    }
    return wanted;
}

Result<index::Match> on_nodes(const std::string& hostlist) {
    const auto names = expand_hostlist(hostlist);
    if (!names) {
        return tl::make_unexpected(names.error());
    }
    return index::Match(
        [wanted = std::set<std::string>(names->begin(), names->end())](const std::string& list) {
            const auto nodes = expand_hostlist(list);
            return nodes && std::any_of(nodes->begin(), nodes->end(), [&](const std::string& node) {
                       return wanted.contains(node);
                   });
        });
}

index::Match globs(const std::vector<std::string>& words) {
    if (words.empty()) {
        return {};
    }
    return [&words](const std::string& text) { return any_glob(words, text); };
}

}  // namespace

Result<IndexFilters> filters_of(const PavstatOptions& options, Timestamp default_since) {
    IndexFilters filters;
    index::JobFilter& jobs = filters.jobs;
    index::TestFilter& tests = filters.tests;
    jobs.since = options.since.value_or(options.wishes.empty() ? default_since : Timestamp{});
    jobs.until = options.until.value_or(jobs.until);
    if (!options.clusters.empty()) {
        jobs.cluster = [&options](const std::string& name) {
            return std::any_of(
                options.clusters.begin(), options.clusters.end(),
                [&](const std::string& each) { return session::same_cluster(each, name); });
        };
    }
    if (!options.users.empty() && !options.all_users) {
        jobs.user = [&options](const std::string& name) {
            return std::find(options.users.begin(), options.users.end(), name) !=
                   options.users.end();
        };
    }
    if (!options.names.empty()) {
        jobs.request = [&options](const std::string& list) {
            return any_glob_in_list(options.names, list);
        };
    }
    jobs.partition = globs(options.partitions);
    jobs.account = globs(options.accounts);
    if (!options.suites.empty()) {
        jobs.suites = [&options](const std::string& list) {
            return any_glob_in_list(options.suites, list);
        };
    }
    if (!options.nodes.empty()) {
        auto match = on_nodes(options.nodes);
        if (!match) {
            return tl::make_unexpected(match.error());
        }
        (options.of_tests ? tests.nodes : jobs.nodes) = *std::move(match);
    }
    const auto states = known_states(options.states);
    const auto had = known_states(options.had);
    const auto wanted = outcomes(options.results, options.failed);
    if (!states || !had) {
        return tl::make_unexpected((states ? had : states).error());
    }
    if (!wanted) {
        return tl::make_unexpected(wanted.error());
    }
    if (!states->empty() && *states != std::vector<std::string>{"ALL"}) {
        (options.of_tests ? tests.state : jobs.state) = [states =
                                                             *states](const std::string& text) {
            return std::find(states.begin(), states.end(), text) != states.end();
        };
    }
    for (const std::string& state : *had) {
        tests.had |= status::state_bit(state);
    }
    if (!options.tests.empty()) {
        tests.name = [&options](const std::string& name) {
            return names_test(options.tests, name);
        };
    }
    if (!wanted->empty()) {
        tests.result = [wanted = *wanted](const session::TestView& test) {
            return wanted.contains(outcome_of(test));
        };
    }
    return filters;
}

}  // namespace pavtest::cmd
