// pavsuite render: the batch script of a request.
#include <fmt/format.h>
#include <unistd.h>

#include <memory>

#include "base/file.h"
#include "cmd/pavsuite/bundle_file.h"
#include "cmd/pavsuite/selection.h"
#include "cmd/pavsuite/subcommands.h"
#include "session/batch_script.h"

namespace pavtest::cmd {

namespace {

struct RenderArguments {
    SelectionArguments selection;
    int script_fd = STDOUT_FILENO;
    int plan_fd = -1;
};

int render(const RenderArguments& arguments) {
    const auto process = this_process();
    if (!process) {
        return report(process.error());
    }
    Prepared prepared;
    if (const auto path = bundle_request(arguments.selection.requests)) {
        auto bundle = read_bundle(*path);
        if (!bundle) {
            return report(bundle.error());
        }
        prepared.bundles.push_back(std::move(*bundle));
    } else {
        prepared = prepare(*process, arguments.selection, "generated");
    }
    if (prepared.bundles.empty()) {
        return report(prepared.errors);
    }
    const session::Bundle& bundle = prepared.bundles.front();
    const auto script = session::batch_script(bundle.header, bundle.store, pavrun_path());
    if (!script) {
        return report(script.error());
    }
    if (const auto written = write_all(arguments.script_fd, *script, "the batch script");
        !written) {
        return report(written.error());
    }
    if (arguments.plan_fd >= 0) {
        if (const auto written = write_all(arguments.plan_fd, to_json(bundle), "the plan");
            !written) {
            return report(written.error());
        }
    }
    return 0;
}

}  // namespace

Chosen add_render(CLI::App& app) {
    auto arguments = std::make_shared<RenderArguments>();
    CLI::App* command = app.add_subcommand("render", "Print the batch script for a request");
    arguments->selection.add_to(*command);
    command->add_option("--script-fd", arguments->script_fd, "Write the script to a descriptor")
        ->group("");
    command->add_option("--plan-fd", arguments->plan_fd, "Write the plan to a descriptor")
        ->group("");
    command->footer("Example:\n  pavsuite render selftest.pass");
    return [arguments] { return render(*arguments); };
}

}  // namespace pavtest::cmd
