// pavsuite submission: for the plugin, how an sbatch ended.
#include <unistd.h>

#include <memory>
#include <string>

#include "cmd/command.h"
#include "cmd/pavsuite/subcommands.h"
#include "session/freeze.h"
#include "session/store.h"

namespace pavtest::cmd {

namespace {

struct SubmissionArguments {
    std::string store, session;
    int exit_status = 0;
};

int record(const SubmissionArguments& arguments) {
    const auto store = session::Store::open(arguments.store);
    if (!store) {
        return report(store.error());
    }
    const auto session = store->open_session(arguments.session);
    if (!session) {
        return report(session.error());
    }
    const auto header = session->header();
    if (!header) {
        return report(header.error());
    }
    const SystemClock clock;
    const auto written =
        session::record_submission(*session, arguments.exit_status, clock, header->submit_host);
    return written ? 0 : report(written.error());
}

}  // namespace

Chosen add_submission(CLI::App& app) {
    auto arguments = std::make_shared<SubmissionArguments>();
    CLI::App* command = app.add_subcommand("submission", "For the plugin: how sbatch ended");
    command->group("");
    command->add_option("--store", arguments->store)->required();
    command->add_option("--session", arguments->session)->required();
    command->add_option("--exit-status", arguments->exit_status)->required();
    return [arguments] { return record(*arguments); };
}

}  // namespace pavtest::cmd
