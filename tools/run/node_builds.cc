// As the job's user, in a directory that nobody else can write.
#include "run/node_builds.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "build/local_copy.h"
#include "build/registry.h"
#include "build/shelf.h"
#include "build/spec.h"
#include "build/tree.h"
#include "run/node_dir.h"
#include "run/plan_reader.h"

namespace pavtest::run {

namespace {

constexpr std::uint64_t kNoteLimit = 16U << 20;

std::string name_for(const std::string& session, const std::string& job_mark) {
    return fmt::format("builds.{}.{}", session, job_mark);
}

// The tests of a plan, one after the other, and what becomes of the build of each.
class SetUp {
  public:
    SetUp(const NodeBuildsCall& call, const session::BuildRules& rules) : call_(call) {
        for (build::ShelfPlace& place : build::shelf_places(rules, call.store)) {
            if (auto shelf = build::Shelf::open_existing(std::move(place))) {
                shelves_.push_back(std::move(*shelf));
            }
        }
    }

    Result<> test(const session::PlannedTest& test) {
        if (!test.skip_reasons.empty()) {
            return {};
        }
        std::string identity;
        if (!build::waits_for_node(test)) {
            const auto spec = build::read_spec(test, call_.session.directory().path());
            if (!spec || spec->empty()) {
                return {};  // what is wrong with it is the runner's to say
            }
            auto named = build::identity(*spec, digests_);
            if (!named) {
                return {};
            }
            identity =
                spec->on_nodes ? build::identity_on(*named, call_.job.node) : std::move(*named);
        }
        if (builds_.directory.empty()) {
            if (auto made = make_directory(); !made) {
                return made;
            }
        }
        const bool ready = !identity.empty() && at_hand(identity);
        (ready ? builds_.reused : builds_.deferred).push_back(test.index);
        return {};
    }
    [[nodiscard]] NodeBuilds& builds() { return builds_; }

  private:
    Result<> make_directory() {
        const auto parent = open_node_dir(call_.node_dir);
        auto own = parent ? open_own(*parent, name_for(call_.session.id(), call_.job.mark()))
                          : tl::make_unexpected(parent.error());
        if (!own) {
            return tl::make_unexpected(own.error());
        }
        builds_.directory = own->path();
        directory_.emplace(std::move(*own));
        return {};
    }

    bool at_hand(const std::string& identity) {
        const auto [known, is_new] = known_.emplace(identity, false);
        if (is_new) {
            known->second = bring(identity);
            builds_.missing += known->second ? 0 : 1;
        }
        return known->second;
    }

    bool bring(const std::string& identity) {
        std::optional<build::Found> found;
        for (const build::Shelf& shelf : shelves_) {
            if (found = shelf.find(identity); found) {
                break;
            }
        }
        if (!found || !call_.may_go_on()) {
            return false;
        }
        if (found->bytes.value_or(0) <= left_) {
            const auto copied = build::copy_build(found->directory(), *directory_, identity,
                                                  {left_, call_.may_go_on});
            if (copied) {
                left_ -= std::min(left_, *copied);
                builds_.builds[identity] = true;
                return true;
            }
        }
        const std::string target = found->directory();
        if (::symlinkat(target.c_str(), directory_->fd(), identity.c_str()) != 0 &&
            errno != EEXIST) {
            return false;
        }
        builds_.builds[identity] = false;
        return true;
    }

    const NodeBuildsCall& call_;
    std::vector<build::Shelf> shelves_;
    Digests digests_;
    std::optional<Directory> directory_;
    std::map<std::string, bool> known_;
    std::uint64_t left_ = kCopiedBuilds;
    NodeBuilds builds_;
};

}  // namespace

std::string node_builds_path(const std::string& node_dir, const std::string& session,
                             const std::string& job_mark) {
    return node_dir + "/" + name_for(session, job_mark);
}

std::size_t NodeBuilds::copied() const {
    return static_cast<std::size_t>(std::count_if(builds.begin(), builds.end(),
                                                  [](const auto& build) { return build.second; }));
}

Result<NodeBuilds> set_up_builds(const NodeBuildsCall& call) {
    const auto plan = PlanReader::open(call.session);
    if (!plan) {
        return tl::make_unexpected(plan.error());
    }
    SetUp set_up(call, plan->builds());
    for (std::uint32_t index = 0; index < plan->count() && call.may_go_on(); ++index) {
        const auto test = plan->test(index);
        if (!test) {
            continue;
        }
        if (auto done = set_up.test(*test); !done) {
            return tl::make_unexpected(done.error());
        }
    }
    return std::move(set_up.builds());
}

Result<> remove_builds(const std::string& node_dir, const std::string& session,
                       const std::string& job_mark) {
    const auto parent = Directory::open(node_dir);
    const std::string name = name_for(session, job_mark);
    if (!parent || !parent->has(name)) {
        return {};
    }
    if (auto ready = build::unseal_tree(parent->path() + "/" + name); !ready) {
        return ready;
    }
    auto removed = remove_tree(*parent, name);
    // If this was all that we had on this node.
    ::rmdir(node_dir.c_str());
    return removed;
}

std::string to_json(const NodeBuilds& builds) {
    nlohmann::json copied = nlohmann::json::array();
    nlohmann::json linked = nlohmann::json::array();
    for (const auto& [identity, is_copy] : builds.builds) {
        (is_copy ? copied : linked).push_back(identity);
    }
    const nlohmann::json document{{"format", 1},
                                  {"directory", builds.directory},
                                  {"copied", std::move(copied)},
                                  {"linked", std::move(linked)}};
    return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

const NodeCopies::Copies& NodeCopies::of(const std::string& node) {
    const auto [entry, is_new] = read_.try_emplace(node);
    if (!is_new) {
        return entry->second;
    }
    const auto facts = job_.open_below("facts");
    const auto text =
        facts ? facts->read(node + ".builds.json", kNoteLimit) : tl::make_unexpected(facts.error());
    const nlohmann::json note = nlohmann::json::parse(text.value_or(std::string()), nullptr, false);
    if (!note.is_object() || !note.contains("copied") || !note["copied"].is_array() ||
        !note.contains("directory") || !note["directory"].is_string()) {
        return entry->second;
    }
    const std::string directory = note["directory"].get<std::string>();
    for (const nlohmann::json& identity : note["copied"]) {
        if (identity.is_string() && build::is_hash(identity.get<std::string>())) {
            entry->second[identity.get<std::string>()] =
                directory + "/" + identity.get<std::string>();
        }
    }
    return entry->second;
}

std::string NodeCopies::everywhere(const std::string& identity,
                                   const std::vector<std::string>& nodes, const std::string& here) {
    const Copies& own = of(here);
    const auto found = own.find(identity);
    if (found == own.end()) {
        return {};
    }
    const bool all = std::all_of(nodes.begin(), nodes.end(), [&](const std::string& node) {
        const Copies& copies = of(node);
        const auto there = copies.find(identity);
        return there != copies.end() && there->second == found->second;
    });
    // A job's own /tmp hides what its prolog has put into the node's.
    return all && ::access(found->second.c_str(), R_OK | X_OK) == 0 ? found->second : std::string();
}

}  // namespace pavtest::run
