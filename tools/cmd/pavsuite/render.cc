// pavsuite render: the batch script of a request.
#include <fmt/format.h>
#include <unistd.h>

#include <memory>

#include "base/build_info.h"
#include "base/file.h"
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

// pavrun stands beside pavsuite, also in a prefix that was moved.
std::string pavrun_path() {
    char buffer[4096];
    const ssize_t n = ::readlink("/proc/self/exe", buffer, sizeof buffer);
    if (n > 0 && static_cast<std::size_t>(n) < sizeof buffer) {
        const std::string self(buffer, static_cast<std::size_t>(n));
        const std::string beside = self.substr(0, self.rfind('/')) + "/pavrun";
        if (::access(beside.c_str(), X_OK) == 0) {
            return beside;
        }
    }
    return PAVTEST_BINDIR "/pavrun";
}

int render(const RenderArguments& arguments) {
    const auto process = this_process();
    if (!process) {
        return report(process.error());
    }
    const Prepared prepared = prepare(*process, arguments.selection, "generated");
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
