#include "suite/scheduler_facts.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/hostlist.h"
#include "base/process.h"
#include "base/text.h"

namespace pavtest::suite {

namespace {

std::string_view field(std::string_view line, std::string_view name) {
    std::size_t at = 0;
    while (true) {
        at = line.find(name, at);
        if (at == std::string_view::npos) {
            return {};
        }
        const bool begins = at == 0 || line[at - 1] == ' ';
        const std::size_t value = at + name.size();
        if (begins && value < line.size() && line[value] == '=') {
            const std::size_t end = line.find(' ', value);
            return line.substr(value + 1, end == std::string_view::npos ? end : end - value - 1);
        }
        at = value;
    }
}

std::vector<std::string> listed(std::string_view text, char separator) {
    std::vector<std::string> out;
    if (text.empty() || text == "(null)") {
        return out;
    }
    for (std::string& part : split(text, separator)) {
        const std::string_view word = trim(part);
        if (!word.empty()) {
            out.emplace_back(word);
        }
    }
    return out;
}

std::uint64_t number(std::string_view text) {
    std::uint64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') {
            break;
        }
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return value;
}

// "IDLE*+DRAIN" → IDLE, DRAIN: marks of single states are left out.
std::vector<std::string> states_of(std::string_view text) {
    std::vector<std::string> out;
    for (std::string& state : listed(text, '+')) {
        while (!state.empty() &&
               !((state.back() >= 'A' && state.back() <= 'Z') ||
                 (state.back() >= 'a' && state.back() <= 'z') || state.back() == '_')) {
            state.pop_back();
        }
        out.push_back(std::move(state));
    }
    return out;
}

}  // namespace

std::vector<NodeFacts> parse_nodes(std::string_view nodes, std::string_view reservations) {
    std::vector<NodeFacts> out;
    std::map<std::string, std::size_t> index;
    for (const std::string& line : split(nodes, '\n')) {
        const std::string_view name = field(line, "NodeName");
        if (name.empty()) {
            continue;
        }
        NodeFacts node;
        node.name = std::string(name);
        node.cpus = number(field(line, "CPUTot"));
        node.memory = number(field(line, "RealMemory")) << 20U;
        node.states = states_of(field(line, "State"));
        node.partitions = listed(field(line, "Partitions"), ',');
        node.features = listed(field(line, "ActiveFeatures"), ',');
        index[node.name] = out.size();
        out.push_back(std::move(node));
    }
    for (const std::string& line : split(reservations, '\n')) {
        const std::string_view name = field(line, "ReservationName");
        const auto members = expand_hostlist(field(line, "Nodes"));
        if (name.empty() || !members) {
            continue;
        }
        for (const std::string& member : *members) {
            const auto node = index.find(member);
            if (node != index.end()) {
                out[node->second].reservations.emplace_back(name);
            }
        }
    }
    return out;
}

namespace {

class SlurmFacts : public SchedulerFacts {
  public:
    explicit SlurmFacts(const Environment& environment) : environment_(environment) {}

    [[nodiscard]] bool available() const override {
        if (!available_) {
            available_ = in_path("scontrol") && in_path("sbatch") && (configured() || answers());
        }
        return *available_;
    }

    [[nodiscard]] const Result<std::vector<NodeFacts>>& nodes() const override {
        if (!nodes_) {
            nodes_ = ask();
        }
        return *nodes_;
    }

  private:
    [[nodiscard]] bool in_path(const std::string& program) const {
        for (const std::string& folder : split(environment_.get_or("PATH", "/usr/bin:/bin"), ':')) {
            if (::access((folder + "/" + program).c_str(), X_OK) == 0) {
                return true;
            }
        }
        return false;
    }
    // A configuration that is there is proof enough; without one, Slurm may still get it
    // from its controller, which only asking can tell.
    [[nodiscard]] bool configured() const {
        const auto given = environment_.get("SLURM_CONF");
        if (given && !given->empty()) {
            return ::access(given->c_str(), R_OK) == 0;
        }
        for (const char* path : {"/etc/slurm/slurm.conf", "/etc/slurm-llnl/slurm.conf",
                                 "/run/slurm/conf/slurm.conf"}) {
            if (::access(path, R_OK) == 0) {
                return true;
            }
        }
        return false;
    }
    [[nodiscard]] bool answers() const {
        constexpr std::chrono::seconds patience{5};
        Command command;
        command.arguments = {"scontrol", "ping"};
        command.environment = environment_;
        command.deadline = patience;
        const auto completed = run(command);
        return completed && completed->ok();
    }
    [[nodiscard]] Result<std::vector<NodeFacts>> ask() const {
        Command command;
        command.arguments = {"scontrol", "-o", "show", "nodes"};
        command.environment = environment_;
        auto nodes = run(command);
        if (!nodes) {
            return tl::make_unexpected(nodes.error().within("asking Slurm for its nodes"));
        }
        if (!nodes->ok()) {
            return fail(ErrorKind::infrastructure,
                        "Slurm did not tell its nodes: " + std::string(trim(nodes->errors)));
        }
        command.arguments = {"scontrol", "-o", "show", "reservations"};
        auto reservations = run(command);
        return parse_nodes(nodes->output,
                           reservations && reservations->ok() ? reservations->output : "");
    }

    Environment environment_;
    mutable std::optional<bool> available_;
    mutable std::optional<Result<std::vector<NodeFacts>>> nodes_;
};

class ImaginaryFacts : public SchedulerFacts {
  public:
    ImaginaryFacts() {
        constexpr int count = 100;
        std::vector<NodeFacts> nodes;
        for (int i = 0; i < count; ++i) {
            NodeFacts node;
            node.name = fmt::format("node{:02}", i);
            node.cpus = 13;
            node.states = {i % 10 == 0 ? "DOWN" : i % 10 == 1 ? "ALLOCATED" : "IDLE"};
            node.partitions = {"foo"};
            if (i % 2 != 0) {
                node.partitions.emplace_back("baz");
            }
            if (i < 20) {
                node.reservations.emplace_back("rez1");
            }
            nodes.push_back(std::move(node));
        }
        nodes_ = std::move(nodes);
    }
    [[nodiscard]] bool available() const override { return true; }
    [[nodiscard]] const Result<std::vector<NodeFacts>>& nodes() const override { return nodes_; }

  private:
    Result<std::vector<NodeFacts>> nodes_;
};

}  // namespace

std::shared_ptr<const SchedulerFacts> imaginary_facts() {
    return std::make_shared<const ImaginaryFacts>();
}

std::shared_ptr<const SchedulerFacts> slurm_facts(const Environment& environment) {
    return std::make_shared<const SlurmFacts>(environment);
}

}  // namespace pavtest::suite
