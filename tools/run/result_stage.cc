// Gathering in a child, judging, and what becomes of a child that fails.
#include "run/result_stage.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "base/file.h"
#include "base/text.h"
#include "run/parsers/base_keys.h"
#include "run/parsers/json_text.h"
#include "run/parsers/results.h"
#include "status/states.h"

namespace pavtest::run {

namespace {

using nlohmann::json;
using parsers::Value;

// How long a child may take to come to its end when its time for parsing is over.
constexpr std::chrono::seconds kPatience{30};
constexpr std::uint64_t kLargestAnswer = 256ULL << 20;

bool is_empty(const json& config, const char* section) {
    const auto found = config.find(section);
    if (found == config.end() || !found->is_object()) {
        return true;
    }
    return std::all_of(found->begin(), found->end(), [](const json& entry) {
        return entry.is_null() || (entry.is_structured() && entry.empty());
    });
}

bool default_evaluation(const json& config) {
    const auto found = config.find("result_evaluate");
    if (found == config.end() || !found->is_object()) {
        return true;
    }
    return std::all_of(found->items().begin(), found->items().end(), [](const auto& item) {
        return item.value().is_null() ||
               (item.key() == parsers::result_key && item.value().is_string() &&
                trim(item.value().template get<std::string>()) == "return_value == 0");
    });
}

// Beyond what we have: that is the runner's, and counts in the child only on paper.
void limit_memory(std::uint64_t more) {
    const auto pages = read_file("/proc/self/statm");
    const auto used = pages ? std::strtoull(pages->c_str(), nullptr, 10) *
                                  static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))
                            : 0;
    struct rlimit limit {};
    ::getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_cur, used + more);
    ::setrlimit(RLIMIT_AS, &limit);
    limit = {0, 0};
    ::setrlimit(RLIMIT_CORE, &limit);
}

Result<FileDescriptor> memory_file(const char* name) {
    FileDescriptor file(::memfd_create(name, MFD_CLOEXEC));
    if (!file.valid()) {
        return fail_errno("create", "a file in memory", errno);
    }
    return file;
}

Result<std::string> whole(const FileDescriptor& file) {
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) {
        return fail_errno("read", "the results", errno);
    }
    std::string text(static_cast<std::size_t>(info.st_size), '\0');
    std::size_t got = 0;
    while (got < text.size()) {
        const ssize_t n =
            ::pread(file.get(), text.data() + got, text.size() - got, static_cast<off_t>(got));
        if (n <= 0) {
            return fail_errno("read", "the results", n < 0 ? errno : EIO);
        }
        got += static_cast<std::size_t>(n);
    }
    return text;
}

std::string with_reason(std::string first, const std::string& second) {
    return second.empty() || second == first ? first : std::move(first) + "; " + second;
}

void add_error(parsers::Map& results, const std::string& text) {
    Value* errors = parsers::find(results, parsers::errors_key);
    if (errors == nullptr || errors->as<parsers::List>() == nullptr) {
        parsers::set(results, parsers::errors_key, Value(parsers::List()));
        errors = parsers::find(results, parsers::errors_key);
    }
    errors->as<parsers::List>()->emplace_back(text);
}

}  // namespace

bool ResultStage::needs_child() const {
    const json& config = inputs_.facts.test->config;
    return config.is_object() && !(is_empty(config, "result_parse") &&
                                   is_empty(config, "reference") && default_evaluation(config));
}

ResultOutcome ResultStage::judge() const {
    const ResultFacts& facts = inputs_.facts;
    const ScriptEnd& end = inputs_.end;
    parsers::ResultInputs inputs;
    inputs.places = inputs_.places;
    inputs.base = base_results(facts, end);
    inputs.host = machine_of(facts);
    inputs.partition = inputs_.environment.get_or("SLURM_JOB_PARTITION", "");
    inputs.environment = inputs_.environment;
    inputs.limits.time = inputs_.limits.time;
    inputs.limits.command_time = inputs_.limits.command_time;
    parsers::Results results = parsers::gather(facts.test->config, inputs);

    ResultOutcome outcome;
    outcome.failed = results.results_error;
    Verdict& verdict = outcome.verdict;
    verdict.state = outcome.failed ? status::state::results_error : status::state::complete;
    verdict.result = results.verdict;
    verdict.reason = with_reason(describe_end(end, inputs_.timeout), results.note);
    if (end.timed_out) {
        // It did not do what it was to do, however much of it was printed.
        verdict.state = status::state::complete;
        verdict.result = status::Verdict::fail;
        verdict.cause = status::Cause::timeout;
    } else if (end.out_of_memory && verdict.result != status::Verdict::pass) {
        verdict.cause = status::Cause::out_of_memory;
    }
    parsers::set(results.values, parsers::result_key,
                 Value(std::string(status::to_string(verdict.result))));
    outcome.json = results.json();
    return outcome;
}

ResultOutcome ResultStage::settled(Verdict verdict) const {
    parsers::ResultInputs inputs;
    inputs.base = base_results(inputs_.facts, inputs_.end);
    parsers::Results results = parsers::gather({}, inputs);
    parsers::set(results.values, parsers::result_key,
                 Value(std::string(status::to_string(verdict.result))));
    if (verdict.result == status::Verdict::error) {
        add_error(results.values, verdict.reason);
    }
    return {.verdict = std::move(verdict), .failed = false, .json = results.json()};
}

Result<ScriptStart> ResultStage::child() {
    auto answer = memory_file("results");
    auto log = memory_file("results.log");
    if (!answer || !log) {
        return tl::make_unexpected(answer ? log.error() : answer.error());
    }
    answer_ = std::move(*answer);
    ScriptStart what;
    what.launch.directory = "/";
    what.launch.preparation = [this] { return gather_in_child(); };
    what.log = std::move(*log);
    // The child says nothing, so that this is all the time that it has.
    what.timeout = static_cast<double>(
        (inputs_.limits.time + inputs_.limits.command_time + kPatience).count());
    return what;
}

Result<> ResultStage::gather_in_child() const {
    limit_memory(inputs_.limits.memory);
    try {
        const ResultOutcome outcome = judge();
        const json head = {{"state", outcome.verdict.state},
                           {"result", status::to_string(outcome.verdict.result)},
                           {"cause", status::to_string(outcome.verdict.cause)},
                           {"reason", outcome.verdict.reason},
                           {"failed", outcome.failed}};
        std::string text = head.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
        text += outcome.json;
        if (text.size() > kLargestAnswer) {
            return fail(ErrorKind::infrastructure,
                        fmt::format("the results take {} MiB, more than the {} that are allowed",
                                    text.size() >> 20, kLargestAnswer >> 20));
        }
        return write_all(answer_.get(), text, "the results");
    } catch (const std::bad_alloc&) {
        return fail(ErrorKind::infrastructure,
                    fmt::format("gathering the results takes more than {} MiB of memory",
                                inputs_.limits.memory >> 20));
    } catch (const std::exception& problem) {
        return fail(ErrorKind::infrastructure,
                    fmt::format("the results could not be gathered: {}", problem.what()));
    }
}

ResultOutcome ResultStage::given_up(const std::string& why) const {
    Verdict verdict{status::Verdict::error, status::Cause::finished,
                    std::string(status::state::results_error),
                    with_reason(describe_end(inputs_.end, inputs_.timeout), why)};
    if (inputs_.end.timed_out) {
        verdict.state = status::state::complete;
        verdict.result = status::Verdict::fail;
        verdict.cause = status::Cause::timeout;
    }
    ResultOutcome outcome = settled(std::move(verdict));
    outcome.failed = true;
    return outcome;
}

ResultOutcome ResultStage::collect(const ScriptEnd& child) const {
    if (!child.not_started.empty()) {
        return given_up(describe_end(child, std::nullopt));
    }
    if (child.timed_out) {
        return given_up(
            fmt::format("gathering the results took more than {} s", inputs_.limits.time.count()));
    }
    if (!child.well()) {
        return given_up("the process that gathered the results was " +
                        describe_end(child, std::nullopt));
    }
    auto text = whole(answer_);
    if (!text) {
        return given_up(text.error().what);
    }
    const std::size_t line = text->find('\n');
    const json head = json::parse(text->substr(0, line), nullptr, false);
    if (line == std::string::npos || !head.is_object()) {
        return given_up("the process that gathered the results left none");
    }
    ResultOutcome outcome;
    outcome.verdict.state = head.value("state", "");
    outcome.verdict.reason = head.value("reason", "");
    outcome.verdict.result =
        status::verdict_from(head.value("result", "")).value_or(status::Verdict::error);
    outcome.verdict.cause =
        status::cause_from(head.value("cause", "")).value_or(status::Cause::finished);
    outcome.failed = head.value("failed", true);
    outcome.json = text->substr(line + 1);
    return outcome;
}

std::string interrupted_results(const std::string& json, const std::string& why) {
    auto results = parsers::parse_json(json);
    auto* map = results ? results->as<parsers::Map>() : nullptr;
    if (map == nullptr) {
        return json;
    }
    parsers::set(*map, parsers::result_key, Value());
    add_error(*map, "the test was interrupted: " + why);
    return parsers::to_json(*map);
}

}  // namespace pavtest::run
