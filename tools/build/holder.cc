// What /proc and Slurm say.
#include "build/holder.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/text.h"
#include "session/slurm_cluster.h"
#include "session/store.h"

namespace pavtest::build {

namespace {

template <class Number>
Number number(std::string_view text) {
    Number value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

// The name in the parentheses may hold anything, so from its last ')': the 20th field there.
std::optional<std::uint64_t> start_time_of(pid_t pid) {
    constexpr std::size_t field = 19;
    const auto text = read_file(fmt::format("/proc/{}/stat", pid));
    const std::size_t close = text ? text->rfind(')') : std::string::npos;
    if (close == std::string::npos) {
        return std::nullopt;
    }
    const std::vector<std::string> fields =
        split(trim(std::string_view(*text).substr(close + 1)), ' ');
    // A zombie does nothing any more.
    if (fields.size() <= field || fields[0] == "Z" || fields[0] == "X") {
        return std::nullopt;
    }
    return number<std::uint64_t>(fields[field]);
}

std::string host_name() {
    std::array<char, HOST_NAME_MAX + 1> name{};
    ::gethostname(name.data(), name.size() - 1);
    return name.data();
}

std::string pid_namespace() {
    std::array<char, 64> target{};
    const ssize_t length = ::readlink("/proc/self/ns/pid", target.data(), target.size());
    return length > 0 ? std::string(target.data(), static_cast<std::size_t>(length)) : "";
}

std::string user_name(uid_t uid) {
    std::array<char, 16384> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
    return found != nullptr ? entry.pw_name : fmt::format("uid {}", uid);
}

std::string new_token() {
    std::uint64_t bits = 0;
    if (::getrandom(&bits, sizeof bits, 0) != static_cast<ssize_t>(sizeof bits)) {
        bits = static_cast<std::uint64_t>(::getpid());
    }
    return fmt::format("{:016x}", bits);
}

}  // namespace

std::string Holder::text() const {
    const std::string where = job != 0 ? fmt::format("job {}.{} on {}", job, restart, node) : host;
    return fmt::format("{} ({}, pid {})", user, where, pid);
}

Holder this_holder(const Environment& environment) {
    Holder holder;
    holder.host = host_name();
    holder.boot =
        std::string(trim(read_file("/proc/sys/kernel/random/boot_id").value_or(std::string())));
    holder.pid_namespace = pid_namespace();
    holder.pid = ::getpid();
    holder.start_time = start_time_of(holder.pid).value_or(0);
    holder.uid = ::geteuid();
    holder.user = user_name(holder.uid);
    holder.cluster = environment.get_or("SLURM_CLUSTER_NAME", "");
    holder.job = number<std::uint32_t>(environment.get_or("SLURM_JOB_ID", ""));
    holder.restart = number<std::uint32_t>(environment.get_or("SLURM_RESTART_COUNT", ""));
    holder.node = session::record_host(environment);
    holder.token = new_token();
    return holder;
}

Holder with_new_token(Holder holder) {
    holder.token = new_token();
    return holder;
}

std::string to_json(const Holder& holder) {
    const nlohmann::json document{{"host", holder.host},
                                  {"boot", holder.boot},
                                  {"pid_namespace", holder.pid_namespace},
                                  {"pid", holder.pid},
                                  {"start_time", holder.start_time},
                                  {"uid", holder.uid},
                                  {"user", holder.user},
                                  {"cluster", holder.cluster},
                                  {"job", holder.job},
                                  {"restart", holder.restart},
                                  {"node", holder.node},
                                  {"token", holder.token}};
    return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::optional<Holder> holder_from_json(std::string_view text) {
    const nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
    if (!document.is_object()) {
        return std::nullopt;
    }
    const auto text_of = [&document](const char* key) {
        const auto found = document.find(key);
        return found != document.end() && found->is_string() ? found->get<std::string>() : "";
    };
    const auto number_of = [&document](const char* key) {
        const auto found = document.find(key);
        return found != document.end() && found->is_number_unsigned() ? found->get<std::uint64_t>()
                                                                      : 0;
    };
    Holder holder;
    holder.host = text_of("host");
    holder.boot = text_of("boot");
    holder.pid_namespace = text_of("pid_namespace");
    holder.pid = static_cast<pid_t>(number_of("pid"));
    holder.start_time = number_of("start_time");
    holder.uid = static_cast<uid_t>(number_of("uid"));
    holder.user = printable(text_of("user"));
    holder.cluster = text_of("cluster");
    holder.job = static_cast<std::uint32_t>(number_of("job"));
    holder.restart = static_cast<std::uint32_t>(number_of("restart"));
    holder.node = printable(text_of("node"));
    holder.token = text_of("token");
    if (holder.host.empty() || holder.token.empty()) {
        return std::nullopt;
    }
    return holder;
}

Life HostWitness::look(const Holder& holder) {
    if (holder.host != self_.host || holder.boot.empty() || self_.boot.empty()) {
        return Life::unknown;
    }
    if (holder.boot != self_.boot) {
        return Life::dead;  // the host was started anew since
    }
    if (holder.pid_namespace != self_.pid_namespace || holder.pid <= 0) {
        return Life::unknown;
    }
    return start_time_of(holder.pid) == holder.start_time ? Life::alive : Life::dead;
}

Life HostWitness::ask(const Holder& holder) {
    if (slurm_ == nullptr || holder.job == 0 || holder.cluster.empty()) {
        return Life::unknown;
    }
    const auto facts = slurm_->facts("");
    if (!facts || !session::same_cluster(facts->name, holder.cluster) ||
        (facts->private_jobs && holder.uid != self_.uid)) {
        return Life::unknown;
    }
    const auto jobs = slurm_->queue("", holder.uid);
    if (!jobs) {
        return Life::unknown;
    }
    // It ran when it took the lock. What is waiting again, has another restart, has ended or is
    // not known any more does not run as it did then.
    static constexpr std::array<std::string_view, 6> running{"RUNNING", "COMPLETING", "SUSPENDED",
                                                             "STOPPED", "SIGNALING",  "STAGE_OUT"};
    for (const session::SlurmJob& job : *jobs) {
        if (job.job == holder.job && job.restarts.value_or(holder.restart) == holder.restart &&
            std::find(running.begin(), running.end(), job.state) != running.end()) {
            return Life::alive;
        }
    }
    return Life::dead;
}

}  // namespace pavtest::build
