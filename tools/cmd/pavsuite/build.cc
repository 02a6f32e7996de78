// pavsuite build: builds beforehand, on the login node, what a job will find finished.
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <chrono>
#include <memory>
#include <optional>

#include "base/text.h"
#include "build/registry.h"
#include "cmd/pavsuite/selection.h"
#include "cmd/pavsuite/shelves.h"
#include "cmd/pavsuite/subcommands.h"
#include "run/build_stage.h"
#include "session/slurm_questions.h"

namespace pavtest::cmd {

namespace {

using Duration = run::BuildStage::Duration;

struct BuildArguments {
    SelectionArguments selection;
};

// A test that is only built, in a session that lasts as long as this command.
class LoginHost : public run::StageHost {
  public:
    LoginHost(const session::SessionDirectory& session, const Environment& environment,
              build::Registry& builds, const session::PlannedTest& test)
        : session_(session),
          environment_(environment),
          builds_(builds),
          test_(test),
          kills_(run::MemoryKills::of_process()) {
        job_.node = session::record_host(environment);
        job_.nodes = {job_.node};
        job_.node_list = job_.node;
    }
    Result<> make_files() {
        auto files = run::TestFiles::open(session_.directory(), test_.index, 1, modes());
        if (!files) {
            return tl::make_unexpected(files.error());
        }
        files_.emplace(std::move(*files));
        return {};
    }

    [[nodiscard]] const run::JobContext& job() const override { return job_; }
    [[nodiscard]] build::Registry& builds() override { return builds_; }
    [[nodiscard]] const std::string& session_id() const override { return session_.id(); }
    [[nodiscard]] std::uint32_t test_index() const override { return test_.index; }
    [[nodiscard]] std::uint32_t attempt() const override { return 1; }
    [[nodiscard]] const Directory& root() const override { return session_.directory(); }
    [[nodiscard]] run::Modes modes() const override {
        return {session_.file_mode(), session_.directory_mode()};
    }
    [[nodiscard]] run::TestFiles& files() override { return *files_; }
    [[nodiscard]] build::ScriptFrame frame(const std::string& directory) const override {
        return {.shebang = "#!/bin/bash",
                .directory = directory,
                .test_id = fmt::format("{}/{}", session_.id(), test_.index),
                .environment = {{"PAVTEST_TEST", fmt::format("{}", test_.index)},
                                {"PAVTEST_TEST_NAME", test_.name},
                                {"PAVTEST_TEST_DIR", files_->path()}}};
    }
    Result<run::ScriptProcess> launch_script(run::ScriptStart what, Duration now) override {
        Environment environment = environment_;
        environment.set("PAVTEST_SESSION", session_.id());
        environment.set("PAVTEST_TEST", fmt::format("{}", test_.index));
        environment.set("PAVTEST_TEST_NAME", test_.name);
        environment.set("PAVTEST_TEST_DIR", files_->path());
        environment.set("PAVTEST_ATTEMPT", "1");
        what.launch.environment = environment.as_strings();
        what.mark =
            run::test_mark(run::job_mark(session_.id(), "0.0", "0", job_.node), test_.index, 1);
        return run::ScriptProcess::start(std::move(what), leaders_, kills_, now);
    }
    void write(status::Record record) override {
        fmt::print("{}  {} {}\n", printable(test_.name), record.state, printable(record.note));
        std::fflush(stdout);
    }

  private:
    const session::SessionDirectory& session_;
    const Environment& environment_;
    build::Registry& builds_;
    const session::PlannedTest& test_;
    run::MemoryKills kills_;
    run::Leaders leaders_;
    run::JobContext job_;
    std::optional<run::TestFiles> files_;
};

// To its end. False: the build failed, and has said so.
Result<bool> build_one(LoginHost& host, build::Spec spec) {
    if (auto made = host.make_files(); !made) {
        return tl::make_unexpected(made.error());
    }
    const auto began = std::chrono::steady_clock::now();
    const auto now = [&began] {
        return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - began);
    };
    run::BuildStage stage(host, std::move(spec));
    auto went = stage.start(now());
    while (went && !stage.over()) {
        constexpr int pause = 20;
        ::poll(nullptr, 0, pause);
        int status = 0;
        for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
            stage.child_ended(pid, status, now());
        }
        went = stage.step(now());
    }
    if (!went) {
        return tl::make_unexpected(went.error());
    }
    return stage.built().ok;
}

int build_all(const Process& process, const session::SessionDirectory& session) {
    const auto plan = session.plan();
    if (!plan) {
        return report(plan.error());
    }
    session::SlurmCommands slurm(process.environment, std::chrono::seconds(10));
    const build::Holder self = build::this_holder(process.environment);
    build::Registry builds(shelf_places(process.settings),
                           {process.settings.archive_limit, process.settings.archive_entries}, self,
                           std::make_shared<build::HostWitness>(self, &slurm));
    int status = 0;
    for (const session::PlannedTest& test : plan->tests) {
        if (!test.skip_reasons.empty()) {
            continue;
        }
        if (build::waits_for_node(test)) {
            fmt::print("{}  is built in its job: the build depends on the node\n",
                       printable(test.name));
            continue;
        }
        auto spec = build::read_spec(test, session.directory().path());
        if (!spec) {
            return report(spec.error());
        }
        if (spec->empty()) {
            continue;
        }
        if (spec->on_nodes) {
            fmt::print("{}  is built in its job: each node has a build of its own\n",
                       printable(test.name));
            continue;
        }
        LoginHost host(session, process.environment, builds, test);
        const auto built = build_one(host, std::move(*spec));
        if (!built) {
            return report(built.error());
        }
        status = *built ? status : static_cast<int>(ExitCode::tests_failed);
    }
    return status;
}

int build_beforehand(const BuildArguments& arguments) {
    const auto process = this_process();
    if (!process) {
        return report(process.error());
    }
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    Prepared prepared = prepare(*process, arguments.selection, "own", Groups::split);
    if (prepared.bundles.empty()) {
        return report(prepared.errors);
    }
    const auto store = session::Store::create(process->settings);
    const auto parent = store ? Directory::open(store->path()) : tl::make_unexpected(store.error());
    if (!parent) {
        return report(parent.error());
    }
    int status = 0;
    for (session::Bundle& bundle : prepared.bundles) {
        // Frozen as a submission is, so that both have the same identity.
        const std::string name = fmt::format(".build-{}", bundle.header.id);
        bundle.store = store->path() + "/" + name;
        const auto session =
            session::freeze(bundle, process->settings, process->clock, bundle.header.submit_host);
        const int ended = session ? build_all(*process, *session) : report(session.error());
        status = ended != 0 ? ended : status;
        // What can't be removed is small, and nobody takes it for a session.
        static_cast<void>(remove_tree(*parent, name));
    }
    return status;
}

}  // namespace

Chosen add_build(CLI::App& app) {
    auto arguments = std::make_shared<BuildArguments>();
    CLI::App* command = app.add_subcommand("build", "Build here what a job will find finished");
    arguments->selection.add_to(*command);
    return [arguments] { return build_beforehand(*arguments); };
}

}  // namespace pavtest::cmd
