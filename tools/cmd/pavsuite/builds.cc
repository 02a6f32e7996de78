// pavsuite builds: what is on the shelves, and taking away what nobody uses.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.h"
#include "build/shelf.h"
#include "cmd/command.h"
#include "cmd/pavsuite/shelves.h"
#include "cmd/pavsuite/subcommands.h"
#include "session/slurm_questions.h"

namespace pavtest::cmd {

namespace {

using build::Entry;

constexpr std::int64_t kDay = 86400;

struct BuildsArguments {
    bool json = false;
    bool prune = false;
    bool remove = false;
    unsigned days = 30;
};

std::string_view name_of(Entry::Kind kind) {
    switch (kind) {
        case Entry::Kind::finished:
            return "finished";
        case Entry::Kind::failed:
            return "failed";
        case Entry::Kind::building:
            return "building";
        default:
            return "left over";
    }
}

std::int64_t last_use(const Entry& entry) {
    std::int64_t last = entry.made;
    for (const Entry::Use& use : entry.uses) {
        last = std::max(last, use.when);
    }
    return last;
}

std::set<std::string> users_of(const Entry& entry) {
    std::set<std::string> users;
    for (const Entry::Use& use : entry.uses) {
        users.insert(use.holder.user);
    }
    return users;
}

std::string size_text(std::uint64_t bytes) {
    constexpr double step = 1024;
    double size = static_cast<double>(bytes);
    for (const char* unit : {"B", "KiB", "MiB"}) {
        if (size < step) {
            return fmt::format("{:.{}f} {}", size, *unit == 'B' ? 0 : 1, unit);
        }
        size /= step;
    }
    return fmt::format("{:.1f} GiB", size);
}

std::string age_text(std::int64_t seconds) {
    constexpr std::int64_t hour = 3600;
    seconds = std::max<std::int64_t>(seconds, 0);
    return seconds >= 2 * kDay   ? fmt::format("{} d", seconds / kDay)
           : seconds >= 2 * hour ? fmt::format("{} h", seconds / hour)
                                 : fmt::format("{} min", seconds / 60);
}

nlohmann::json entry_json(const Entry& entry, const std::string& shelf) {
    nlohmann::json uses = nlohmann::json::array();
    for (const Entry::Use& use : entry.uses) {
        uses.push_back({{"session", use.session},
                        {"user", use.holder.user},
                        {"job", use.holder.job},
                        {"when", to_rfc3339({use.when * 1'000'000})}});
    }
    return {{"hash", entry.hash},
            {"state", name_of(entry.kind)},
            {"path", shelf + "/" + entry.workspace},
            {"bytes", entry.bytes},
            {"made", to_rfc3339({entry.made * 1'000'000})},
            {"user", entry.holder.user},
            {"uses", std::move(uses)}};
}

void print_entry(const Entry& entry, std::int64_t now) {
    constexpr std::size_t shown = 12;
    const std::set<std::string> users = users_of(entry);
    std::set<std::string> sessions;
    for (const Entry::Use& use : entry.uses) {
        sessions.insert(use.session);
    }
    fmt::print("{}  {:9}  {:>10}  {:>6}  {:10}  {}\n", entry.hash.substr(0, shown),
               name_of(entry.kind), size_text(entry.bytes), age_text(now - last_use(entry)),
               printable(entry.holder.user),
               sessions.empty() ? "-"
                                : fmt::format("{} sessions of {}", sessions.size(),
                                              printable(join({users.begin(), users.end()}, ", "))));
}

struct Listed {
    std::size_t count = 0;
    nlohmann::json json = nlohmann::json::array();
};

// What goes: what is not being made, is old enough and not in use.
bool wanted(const Entry& entry, const BuildsArguments& arguments, std::int64_t now) {
    return entry.kind != Entry::Kind::building &&
           now - last_use(entry) >= static_cast<std::int64_t>(arguments.days) * kDay;
}

int show(const std::vector<build::Shelf>& shelves, const BuildsArguments& arguments,
         std::int64_t now) {
    Listed listed;
    for (const build::Shelf& shelf : shelves) {
        const auto entries = shelf.entries();
        if (!entries) {
            return report(entries.error());
        }
        for (const Entry& entry : *entries) {
            if (arguments.json) {
                listed.json.push_back(entry_json(entry, shelf.path()));
            } else {
                if (listed.count++ == 0) {
                    fmt::print("{:12}  {:9}  {:>10}  {:>6}  {:10}  {}\n", "BUILD", "STATE", "SIZE",
                               "UNUSED", "BUILT BY", "USED BY");
                }
                print_entry(entry, now);
            }
        }
    }
    if (arguments.json) {
        fmt::print("{}\n",
                   listed.json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    } else if (listed.count == 0) {
        fmt::print("no builds\n");
    }
    return 0;
}

int prune(const Process& process, const std::vector<build::Shelf>& shelves,
          const BuildsArguments& arguments, std::int64_t now) {
    const build::Holder self = build::this_holder(process.environment);
    session::SlurmCommands slurm(process.environment, std::chrono::seconds(10));
    build::HostWitness witness(self, &slurm);
    std::uint64_t bytes = 0;
    std::size_t count = 0;
    std::size_t kept = 0;
    for (const build::Shelf& shelf : shelves) {
        const auto entries = shelf.entries();
        if (!entries) {
            return report(entries.error());
        }
        for (const Entry& entry : *entries) {
            if (!wanted(entry, arguments, now) || (self.uid != 0 && entry.holder.uid != self.uid)) {
                continue;
            }
            // Whether it is in use is asked when it matters, at its removal.
            const auto gone =
                arguments.remove ? shelf.remove(entry, self, witness) : Result<bool>(true);
            if (!gone) {
                warn({gone.error()});
                continue;
            }
            if (!*gone) {
                ++kept;
                continue;
            }
            print_entry(entry, now);
            bytes += entry.bytes;
            ++count;
        }
    }
    fmt::print("{} builds, {} {}{}\n", count, size_text(bytes),
               arguments.remove ? "removed" : "to remove, but for those in use: add --remove",
               kept > 0 ? fmt::format("; {} are in use", kept) : "");
    return 0;
}

int builds(const BuildsArguments& arguments) {
    const auto process = this_process();
    if (!process) {
        return report(process.error());
    }
    const std::vector<build::Shelf> shelves = existing_shelves(process->settings);
    const std::int64_t now = process->clock.now().microseconds / 1'000'000;
    return arguments.prune ? prune(*process, shelves, arguments, now)
                           : show(shelves, arguments, now);
}

}  // namespace

Chosen add_builds(CLI::App& app) {
    auto arguments = std::make_shared<BuildsArguments>();
    CLI::App* command = app.add_subcommand("builds", "List finished builds, or prune them");
    command->add_flag("--json", arguments->json, "As JSON");
    command->add_flag("--prune", arguments->prune, "Say which unused builds of yours could go");
    command->add_flag("--remove", arguments->remove, "With --prune: remove them");
    command->add_option("--older", arguments->days, "With --prune: unused for so many days")
        ->capture_default_str();
    return [arguments] { return builds(*arguments); };
}

}  // namespace pavtest::cmd
