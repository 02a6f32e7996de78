// Built-in facts are read from the kernel and /etc/os-release; a site's own are run.
#include "suite/facts.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "base/float_text.h"
#include "base/process.h"
#include "base/text.h"
#include "suite/fact_output.h"

namespace pavtest::suite {

namespace {

using Got = tl::expected<VariablePtr, std::string>;

std::string short_host_name() {
    char name[256] = "";
    ::gethostname(name, sizeof name - 1);
    const std::string whole = name;
    return whole.substr(0, whole.find('.'));
}

// The host's name without the number at its end.
std::string system_name() {
    std::string name = short_host_name();
    const std::size_t last = name.find_last_not_of("0123456789");
    return last == std::string::npos ? name : name.substr(0, last + 1);
}

std::string architecture() {
    utsname info{};
    ::uname(&info);
    return info.machine;
}

std::vector<std::pair<std::string, std::string>> os_release() {
    std::string name;
    std::string version;
    std::ifstream file("/etc/os-release");
    for (std::string line; std::getline(file, line);) {
        const auto value = [&](std::size_t from) {
            std::string_view text = trim(std::string_view(line).substr(from));
            while (text.size() > 1 && (text.front() == '"' || text.front() == '\'') &&
                   text.back() == text.front()) {
                text = text.substr(1, text.size() - 2);
            }
            return std::string(text);
        };
        if (line.starts_with("ID=")) {
            name = value(3);
        } else if (line.starts_with("VERSION_ID=")) {
            version = value(11);
        }
    }
    return {{"name", name}, {"version", version}};
}

std::string cpu_count() {
    return std::to_string(::sysconf(_SC_NPROCESSORS_ONLN));
}

std::string memory() {
    const auto pages = static_cast<std::uint64_t>(std::max(::sysconf(_SC_PHYS_PAGES), 0L));
    const auto page = static_cast<std::uint64_t>(std::max(::sysconf(_SC_PAGE_SIZE), 0L));
    return std::to_string(pages * page);
}

// The kinds of network interfaces that are there besides the loopback.
VariablePtr networks() {
    std::vector<std::string> kinds;
    const auto add = [&](const char* path, const char* kind) {
        std::error_code error;
        if (std::filesystem::exists(path, error) && !std::filesystem::is_empty(path, error)) {
            kinds.emplace_back(kind);
        }
    };
    add("/sys/class/infiniband", "infiniband");
    add("/sys/class/cxi", "slingshot");
    add("/sys/class/hfi1", "omnipath");
    add("/sys/class/net", "ethernet");
    if (kinds.empty()) {
        kinds.emplace_back("none");
    }
    return list_variable(kinds);
}

struct Builtin {
    const char* name;
    const char* summary;
    bool deferred;
    VariablePtr (*get)();
};

constexpr Builtin kSystem[] = {
    {"host_arch", "the node's architecture", true, [] { return text_variable(architecture()); }},
    {"host_cpu_count", "the node's processors", true, [] { return text_variable(cpu_count()); }},
    {"host_cpus", "this host's processors", false, [] { return text_variable(cpu_count()); }},
    {"host_mem", "the node's memory in bytes", true, [] { return text_variable(memory()); }},
    {"host_name", "the node's name", true, [] { return text_variable(short_host_name()); }},
    {"host_os", "the node's operating system: name, version", true,
     [] { return map_variable(os_release()); }},
    {"sys_arch", "the architecture", false, [] { return text_variable(architecture()); }},
    {"sys_host", "the name of the host that tests are submitted from", false,
     [] { return text_variable(short_host_name()); }},
    {"sys_name", "the system's name: the host's without its number", false,
     [] { return text_variable(system_name()); }},
    {"sys_net", "the kinds of network of this host", false, networks},
    {"sys_os", "the operating system: name, version", false,
     [] { return map_variable(os_release()); }},
};

struct SiteFact {
    std::string name;
    std::string path;
    bool deferred = false;
    std::string summary;
};

// facts/NAME of every configuration directory; the first wins. `# deferrable` and
// `# summary: …` stand in a line of their own near the top of the file.
std::vector<SiteFact> site_facts(const World& world) {
    std::vector<SiteFact> found;
    for (const ConfigDirectory& directory : world.directories) {
        std::error_code error;
        std::vector<std::string> names;
        for (const auto& entry :
             std::filesystem::directory_iterator(directory.path + "/facts", error)) {
            names.push_back(entry.path().filename().string());
        }
        std::sort(names.begin(), names.end());
        for (const std::string& name : names) {
            const std::string path = directory.path + "/facts/" + name;
            const bool known = std::any_of(found.begin(), found.end(),
                                           [&](const SiteFact& fact) { return fact.name == name; });
            if (known || name.starts_with('.') || ::access(path.c_str(), X_OK) != 0) {
                continue;
            }
            SiteFact fact{name, path, false, ""};
            std::ifstream file(path);
            std::string line;
            constexpr int lines_read = 30;
            for (int i = 0; i < lines_read && std::getline(file, line); ++i) {
                const std::string_view text = trim(line);
                if (!text.starts_with('#')) {
                    continue;
                }
                const std::string_view words = trim(text.substr(1));
                if (words == "deferrable" || words == "deferred") {
                    fact.deferred = true;
                } else if (words.starts_with("summary:")) {
                    fact.summary = std::string(trim(words.substr(8)));
                }
            }
            found.push_back(std::move(fact));
        }
    }
    return found;
}

/// Values that were pinned: "sys_os.name" makes a part of sys_os.
using Pinned = std::map<std::string, VariablePtr, std::less<>>;

Pinned pinned_of(const World& world, std::string_view set) {
    std::map<std::string, std::vector<std::pair<std::string, std::string>>> parts;
    for (const auto& [fact, value] : world.pinned_facts) {
        std::string_view name = fact;
        if (const std::size_t dot = name.find('.');
            dot != std::string_view::npos && variable_set(name.substr(0, dot))) {
            if (name.substr(0, dot) != set) {
                continue;
            }
            name.remove_prefix(dot + 1);
        } else if (set != "sys") {
            continue;
        }
        const std::size_t dot = name.find('.');
        parts[std::string(name.substr(0, dot))].emplace_back(
            dot == std::string_view::npos ? "" : std::string(name.substr(dot + 1)), value);
    }
    Pinned pinned;
    for (const auto& [name, values] : parts) {
        pinned[name] = map_variable(values);
    }
    return pinned;
}

// Parts that were not pinned keep their real value.
VariablePtr with_pinned_parts(const VariablePtr& real, const VariablePtr& pinned) {
    if (real == nullptr || real->items.empty() || pinned->items.front().front().key.empty()) {
        return pinned;
    }
    auto both = std::make_shared<VariableValue>(*pinned);
    for (const VariableCell& cell : real->items.front()) {
        auto& cells = both->items.front();
        const bool set = std::any_of(cells.begin(), cells.end(), [&](const VariableCell& other) {
            return other.key == cell.key;
        });
        if (!set && !cell.key.empty()) {
            cells.push_back(cell);
        }
    }
    return both;
}

class SystemFacts : public VariableProvider {
  public:
    SystemFacts(const World& world, bool on_node)
        : world_(world),
          pinned_(pinned_of(world, "sys")),
          site_(site_facts(world)),
          on_node_(on_node) {
        for (const Builtin& builtin : kSystem) {
            names_.emplace_back(builtin.name);
        }
        for (const SiteFact& fact : site_) {
            if (std::find(names_.begin(), names_.end(), fact.name) == names_.end()) {
                names_.push_back(fact.name);
            }
        }
        for (const auto& [name, _] : pinned_) {
            if (std::find(names_.begin(), names_.end(), name) == names_.end()) {
                names_.push_back(name);
            }
        }
    }
    [[nodiscard]] std::vector<std::string> names() const override { return names_; }

    [[nodiscard]] Got get(std::string_view name) const override {
        const auto known = cache_.find(name);
        if (known != cache_.end()) {
            return known->second;
        }
        return cache_.emplace(std::string(name), find(name)).first->second;
    }

  private:
    [[nodiscard]] Got find(std::string_view name) const {
        const auto pinned = pinned_.find(name);
        if (pinned != pinned_.end() && pinned->second->items.front().front().key.empty()) {
            return pinned->second;
        }
        Got real = real_value(name);
        if (pinned != pinned_.end()) {
            return with_pinned_parts(real ? *real : nullptr, pinned->second);
        }
        return real;
    }
    [[nodiscard]] Got real_value(std::string_view name) const {
        for (const SiteFact& fact : site_) {
            if (fact.name == name) {
                return fact.deferred && !on_node_ ? Got(deferred_variable()) : run(fact);
            }
        }
        for (const Builtin& builtin : kSystem) {
            if (builtin.name == name) {
                return builtin.deferred && !on_node_ ? deferred_variable() : builtin.get();
            }
        }
        return VariablePtr{};
    }
    [[nodiscard]] Got run(const SiteFact& fact) const {
        Command command;
        command.arguments = {fact.path};
        command.environment = world_.environment;
        command.output_limit = 1U << 20;
        const auto completed = pavtest::run(command);
        if (!completed) {
            return tl::make_unexpected(
                fmt::format("fact '{}': {}", fact.name, completed.error().what));
        }
        if (!completed->ok()) {
            return tl::make_unexpected(fmt::format(
                "fact '{}' failed ({}): {}", fact.name,
                completed->timed_out ? "it took too long"
                                     : fmt::format("exit status {}", completed->exit_status),
                trim(completed->errors)));
        }
        auto value = fact_value(completed->output);
        if (!value) {
            return tl::make_unexpected(fmt::format("fact '{}': {}", fact.name, value.error()));
        }
        return *value;
    }

    const World world_;
    Pinned pinned_;
    std::vector<SiteFact> site_;
    bool on_node_;
    std::vector<std::string> names_;
    mutable std::map<std::string, Got, std::less<>> cache_;
};

constexpr std::pair<const char*, const char*> kRun[] = {
    {"day", "the day of the month"},
    {"month", "the month, from 1"},
    {"time", "the time of day, HH:MM:SS.ffffff"},
    {"timestamp", "seconds since 1970"},
    {"user", "the user's name"},
    {"user_id", "the user's number"},
    {"version", "the version of Pavilion whose suites these are"},
    {"weekday", "the day of the week"},
    {"year", "the year"},
};

class RunFacts : public VariableProvider {
  public:
    explicit RunFacts(const World& world) : pinned_(pinned_of(world, "pav")) {
        const SystemClock system;
        const Timestamp now = world.clock != nullptr ? world.clock->now() : system.now();
        seconds_ = static_cast<double>(now.microseconds) / 1e6;
        const auto timestamp = pinned_.find("timestamp");
        if (timestamp != pinned_.end()) {
            double pinned = 0;
            if (parse_float(timestamp->second->items.front().front().value.text(), pinned)) {
                seconds_ = pinned;
            }
        }
    }
    [[nodiscard]] std::vector<std::string> names() const override {
        std::vector<std::string> names;
        for (const auto& [name, _] : kRun) {
            names.emplace_back(name);
        }
        return names;
    }
    [[nodiscard]] Got get(std::string_view name) const override {
        const auto pinned = pinned_.find(name);
        if (pinned != pinned_.end()) {
            return pinned->second;
        }
        const std::string text = value(name);
        return text.empty() ? Got(VariablePtr{}) : Got(text_variable(text));
    }

  private:
    [[nodiscard]] std::string value(std::string_view name) const {
        const auto whole = static_cast<std::time_t>(seconds_);
        std::tm local{};
        ::localtime_r(&whole, &local);
        if (name == "timestamp") {
            return float_text(seconds_);
        }
        if (name == "year") {
            return std::to_string(local.tm_year + 1900);
        }
        if (name == "month") {
            return std::to_string(local.tm_mon + 1);
        }
        if (name == "day") {
            return std::to_string(local.tm_mday);
        }
        if (name == "weekday") {
            constexpr const char* days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                            "Thursday", "Friday", "Saturday"};
            return days[local.tm_wday];
        }
        if (name == "time") {
            const auto micro = static_cast<int>((seconds_ - static_cast<double>(whole)) * 1e6);
            return fmt::format("{:02}:{:02}:{:02}.{:06}", local.tm_hour, local.tm_min, local.tm_sec,
                               micro);
        }
        if (name == "user_id") {
            return std::to_string(::getuid());
        }
        if (name == "user") {
            return user_name();
        }
        return name == "version" ? std::string(kPavilionVersion) : std::string{};
    }
    static std::string user_name() {
        constexpr std::size_t size = 16384;
        std::vector<char> buffer(size);
        passwd entry{};
        passwd* found = nullptr;
        if (::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) == 0 &&
            found != nullptr) {
            return entry.pw_name;
        }
        return std::to_string(::getuid());
    }

    Pinned pinned_;
    double seconds_ = 0;
};

}  // namespace

std::shared_ptr<const VariableProvider> system_facts(const World& world, bool on_node) {
    return std::make_shared<const SystemFacts>(world, on_node);
}

std::shared_ptr<const VariableProvider> run_facts(const World& world) {
    return std::make_shared<const RunFacts>(world);
}

std::vector<FactInfo> list_system_facts(const World& world) {
    std::vector<FactInfo> out;
    for (const SiteFact& fact : site_facts(world)) {
        out.push_back(FactInfo{fact.name, fact.summary, fact.deferred, fact.path});
    }
    for (const Builtin& builtin : kSystem) {
        const bool replaced = std::any_of(out.begin(), out.end(), [&](const FactInfo& info) {
            return info.name == builtin.name;
        });
        if (!replaced) {
            out.push_back(FactInfo{builtin.name, builtin.summary, builtin.deferred, ""});
        }
    }
    std::sort(out.begin(), out.end(),
              [](const FactInfo& a, const FactInfo& b) { return a.name < b.name; });
    return out;
}

std::vector<FactInfo> list_run_facts() {
    std::vector<FactInfo> out;
    for (const auto& [name, summary] : kRun) {
        out.push_back(FactInfo{name, summary, false, ""});
    }
    return out;
}

}  // namespace pavtest::suite
