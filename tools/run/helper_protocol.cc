// Lines of JSON.
#include "run/helper_protocol.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "base/hostlist.h"
#include "base/text.h"

namespace pavtest::run {

namespace {

using nlohmann::json;

constexpr std::size_t kLongestText = 400;
constexpr std::array<std::string_view, 4> kOrders{"begin", "start", "stop", "sweep"};
constexpr std::array<std::string_view, 4> kReports{"ready", "alive", "ended", "gone"};

template <class Kind, std::size_t N>
std::optional<Kind> kind_from(const std::array<std::string_view, N>& names, const json& name) {
    for (std::size_t i = 0; i < N; ++i) {
        if (name == names[i]) {
            return static_cast<Kind>(i);
        }
    }
    return std::nullopt;
}

std::string line(const json& object) {
    return object.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

template <class Number>
json or_null(const std::optional<Number>& value) {
    return value ? json(*value) : json(nullptr);
}

template <class Number>
std::optional<Number> optional_from(const json& value) {
    return value.is_number() ? std::optional(value.get<Number>()) : std::nullopt;
}

}  // namespace

std::string encode(const HelperOrder& order) {
    return line({{"do", kOrders.at(static_cast<std::size_t>(order.kind))},
                 {"node", order.node},
                 {"script", order.script},
                 {"arguments", order.arguments},
                 {"environment", order.environment},
                 {"directory", order.directory},
                 {"log", order.log},
                 {"timeout", or_null(order.timeout)},
                 {"limit", or_null(order.limit)},
                 {"timeout_file", order.timeout_file},
                 {"scratch", order.scratch},
                 {"mark", order.mark},
                 {"cpus", order.cpus},
                 {"grace", order.grace.count()}});
}

std::string encode(const HelperReport& report) {
    const ScriptEnd& end = report.end;
    return line({{"say", kReports.at(static_cast<std::size_t>(report.kind))},
                 {"node", report.node},
                 {"script", report.script},
                 {"return_value", or_null(end.return_value)},
                 {"signal", end.signal},
                 {"timed_out", end.timed_out},
                 {"over_limit", end.over_limit},
                 {"out_of_memory", end.out_of_memory},
                 {"duration", end.duration},
                 {"not_started", end.not_started.substr(0, kLongestText)},
                 {"immortal", end.immortal.size()}});
}

// Both ends are this program, of one version; and yet a line may be torn, or some program's.
std::optional<HelperOrder> decode_order(std::string_view text) {
    const json object = json::parse(text, nullptr, false);
    if (!object.is_object()) {
        return std::nullopt;
    }
    try {
        const auto kind = kind_from<HelperOrder::Kind>(kOrders, object.at("do"));
        if (!kind) {
            return std::nullopt;
        }
        HelperOrder order;
        order.kind = *kind;
        order.node = object.at("node");
        order.script = object.at("script");
        order.arguments = object.at("arguments");
        order.environment = object.at("environment").get<std::vector<Variable>>();
        order.directory = object.at("directory");
        order.log = object.at("log");
        order.timeout = optional_from<double>(object.at("timeout"));
        order.limit = optional_from<double>(object.at("limit"));
        order.timeout_file = object.at("timeout_file");
        order.scratch = object.at("scratch");
        order.mark = object.at("mark").get<std::vector<Variable>>();
        order.cpus = object.at("cpus").get<std::vector<std::uint32_t>>();
        order.grace = std::chrono::milliseconds(object.at("grace").get<std::int64_t>());
        return order;
    } catch (const json::exception&) {
        return std::nullopt;
    }
}

std::optional<HelperReport> decode_report(std::string_view text) {
    const json object = json::parse(text, nullptr, false);
    if (!object.is_object()) {
        return std::nullopt;
    }
    try {
        const auto kind = kind_from<HelperReport::Kind>(kReports, object.at("say"));
        if (!kind) {
            return std::nullopt;
        }
        HelperReport report;
        report.kind = *kind;
        report.node = object.at("node");
        report.script = object.at("script");
        ScriptEnd& end = report.end;
        end.return_value = optional_from<int>(object.at("return_value"));
        end.signal = object.at("signal");
        end.timed_out = object.at("timed_out");
        end.over_limit = object.at("over_limit");
        end.out_of_memory = object.at("out_of_memory");
        end.duration = object.at("duration");
        end.not_started = object.at("not_started");
        // How many there are is all that is told of them here: pids of another node.
        for (pid_t each = 1; each <= object.at("immortal").get<pid_t>(); ++each) {
            end.immortal.insert(-each);
        }
        return report;
    } catch (const json::exception&) {
        return std::nullopt;
    }
}

std::optional<std::string> LineBuffer::take() {
    const std::size_t end = text_.find('\n', at_);
    if (end == std::string::npos) {
        text_.erase(0, at_);
        at_ = 0;
        return std::nullopt;
    }
    std::string found = text_.substr(at_, end - at_);
    at_ = end + 1;
    return found;
}

std::vector<std::string> nodes_lost_in(std::string_view text) {
    constexpr std::string_view prefix = "srun: error: ";
    if (!text.starts_with(prefix)) {
        return {};
    }
    text.remove_prefix(prefix.size());
    std::string_view names;
    if (constexpr std::string_view failure = "Node failure on "; text.starts_with(failure)) {
        names = text.substr(failure.size());
        names = names.substr(0, names.find_first_of(" ,;:\n"));
    } else if (const std::size_t colon = text.find(": task"); colon != std::string_view::npos) {
        names = text.substr(0, colon);
    }
    auto nodes = expand_hostlist(trim(names));
    return names.empty() || !nodes ? std::vector<std::string>{} : std::move(*nodes);
}

}  // namespace pavtest::run
