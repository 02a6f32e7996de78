#include "suite/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/file.h"
#include "base/text.h"
#include "suite/files.h"
#include "suite/normalize.h"
#include "suite/plugins.h"
#include "suite/scheduler_facts.h"
#include "suite/usage.h"
#include "suite/variables.h"

namespace pavtest::suite {

namespace {

/// Where there is no Slurm to ask, suites are checked as if it had one plain node.
class AssumedSlurm : public SchedulerFacts {
  public:
    explicit AssumedSlurm(std::shared_ptr<const SchedulerFacts> real) : real_(std::move(real)) {
        NodeFacts node;
        node.name = "node1";
        node.cpus = 1;
        node.memory = 1U << 30;
        assumed_ = std::vector<NodeFacts>{node};
    }
    [[nodiscard]] bool available() const override { return true; }
    [[nodiscard]] const Result<std::vector<NodeFacts>>& nodes() const override {
        return real_->available() ? real_->nodes() : assumed_;
    }

  private:
    std::shared_ptr<const SchedulerFacts> real_;
    Result<std::vector<NodeFacts>> assumed_;
};

class Checker {
  public:
    Checker(const World& world, const Selection& selection)
        : world_(world), selection_(selection), files_(world.directories) {
        std::shared_ptr<const SchedulerFacts> real =
            world.scheduler != nullptr ? world.scheduler : slurm_facts(world.environment);
        world_.scheduler = std::make_shared<const AssumedSlurm>(std::move(real));
        selection_.all_errors = true;
        selection_.contents = false;
        selection_.requests.clear();
        selection_.request_files.clear();
    }

    CheckReport check(const std::vector<std::string>& paths) {
        if (paths.empty()) {
            check_all();
        } else {
            for (const std::string& path : paths) {
                check_path(path);
            }
        }
        return std::move(report_);
    }

  private:
    void check_all() {
        std::set<std::string> seen;
        for (const auto& [name, found] : files_.all(ConfigType::suite)) {
            if (seen.insert(name).second) {
                check_suite(name, found);
            } else {
                warn(fmt::format("suite '{}' can never run: one in an earlier configuration "
                                 "directory goes before it",
                                 name),
                     fmt::format("that is '{}'", files_.find(ConfigType::suite, name)->path),
                     Place{found.path, 0, 0, {}});
            }
        }
        for (const ConfigType type : {ConfigType::host, ConfigType::os, ConfigType::mode}) {
            for (const auto& [name, found] : files_.all(type)) {
                check_config(type, name, found.path);
            }
        }
        for (const ConfigDirectory& directory : files_.directories()) {
            for (Error& warning : deprecated_folders(directory.path)) {
                add(report_.warnings, std::move(warning));
            }
        }
    }

    // A suite's name, its file, or its directory.
    void check_path(const std::string& path) {
        std::error_code error;
        const std::filesystem::path given = std::filesystem::weakly_canonical(path, error);
        for (const auto& [name, found] : files_.all(ConfigType::suite)) {
            const std::filesystem::path file = std::filesystem::weakly_canonical(found.path, error);
            if (name == path || file == given || file.parent_path() == given) {
                if (file.parent_path() == given && found.directory.empty()) {
                    continue;
                }
                check_suite(name, found);
                return;
            }
        }
        for (const ConfigType type : {ConfigType::host, ConfigType::os, ConfigType::mode}) {
            for (const auto& [name, found] : files_.all(type)) {
                if (std::filesystem::weakly_canonical(found.path, error) == given) {
                    check_config(type, name, found.path);
                    return;
                }
            }
        }
        Error problem{ErrorKind::not_found,
                      fmt::format("'{}' is no suite, host, os or mode of the configuration "
                                  "directories",
                                  path),
                      did_you_mean(path, files_.names(ConfigType::suite)), std::nullopt};
        add(report_.errors, std::move(problem));
    }

    void check_suite(const std::string& name, const FoundConfig& found) {
        ++report_.suites;
        World world = world_;
        // Only this suite, even if another of the name goes before it.
        Selection selection = selection_;
        selection.requests = {name};
        std::set<std::string> tests;
        Resolution resolution =
            resolve(world, selection, [&](const ResolvedTest& test) { tests.insert(test.test); });
        report_.tests += tests.size();
        for (Error& error : resolution.errors) {
            add(report_.errors, std::move(error));
        }
        for (Error& warning : resolution.warnings) {
            add(report_.warnings, std::move(warning));
        }
        const auto& document = files_.document(found.path);
        if (document && document->root().is_map()) {
            for (Error& warning : doubtful(name, found, *document)) {
                add(report_.warnings, std::move(warning));
            }
        }
        if (!found.directory.empty()) {
            check_suite_entries(name, found);
        }
    }

    // Entries for other hosts, systems and modes than those at hand.
    void check_suite_entries(const std::string& name, const FoundConfig& found) {
        for (const ConfigType type : {ConfigType::host, ConfigType::os, ConfigType::mode}) {
            const std::string path = fmt::format("{}/{}.yaml", found.directory, folder_of(type));
            std::error_code error;
            if (!std::filesystem::exists(path, error)) {
                continue;
            }
            const auto& document = files_.document(path);
            if (!document) {
                add(report_.errors, document.error());
                continue;
            }
            for (const yaml::Entry& entry : document->root().entries) {
                normalize(
                    *document, *entry.value,
                    fmt::format("{} '{}' of suite '{}'", name_of(type), entry.key->text, name));
            }
        }
    }

    void check_config(ConfigType type, const std::string& name, const std::string& path) {
        const auto& document = files_.document(path);
        if (!document) {
            add(report_.errors, document.error());
            return;
        }
        normalize(*document, document->root(), fmt::format("{} '{}'", name_of(type), name));
    }

    void normalize(const yaml::Document& document, const yaml::Node& node,
                   const std::string& name) {
        Arena arena;
        Problems problems(true);
        std::vector<Error> warnings;
        const Layer& layer = arena.add_layer(name, document);
        Normalizer(arena, layer, problems, &warnings).config(node, name);
        for (const Error& error : problems.errors()) {
            add(report_.errors, error);
        }
        for (Error& warning : warnings) {
            add(report_.warnings, std::move(warning));
        }
    }

    std::vector<Error> doubtful(const std::string& name, const FoundConfig& found,
                                const yaml::Document& document) {
        if (!usage_) {
            usage_.emplace(collect_usage(files_));
        }
        return doubtful_of_suite(name, found, document, *usage_);
    }

    void warn(std::string what, std::string hint, Place place) {
        add(report_.warnings,
            Error{ErrorKind::config, std::move(what), std::move(hint), std::move(place)});
    }

    // The same thing is said once, however many tests or permutations run into it.
    void add(std::vector<Error>& list, Error error) {
        if (said_.insert(describe(error)).second) {
            list.push_back(std::move(error));
        }
    }

    World world_;
    Selection selection_;
    Files files_;
    CheckReport report_;
    std::optional<Usage> usage_;
    std::set<std::string> said_;
};

}  // namespace

CheckReport check(const World& world, const Selection& selection,
                  const std::vector<std::string>& paths) {
    return Checker(world, selection).check(paths);
}

}  // namespace pavtest::suite
