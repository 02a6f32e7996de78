// pavsuite freeze: for the plugin, a session on disk just before sbatch submits.
#include <fmt/format.h>
#include <unistd.h>

#include <memory>

#include "base/file.h"
#include "base/text.h"
#include "cmd/pavsuite/selection.h"
#include "cmd/pavsuite/subcommands.h"
#include "cmd/sbatch_options.h"
#include "session/policy.h"
#include "session/slurm_cluster.h"

namespace pavtest::cmd {

namespace {

struct FreezeArguments {
    SelectionArguments selection;
    int bundle_fd = -1;
    std::string script = "generated";
    bool quiet = false;
};

Result<session::Bundle> bundle_for(const Process& process, const FreezeArguments& arguments,
                                   std::vector<Error>& errors) {
    if (arguments.bundle_fd >= 0) {
        constexpr std::uint64_t most = 1ULL << 30;
        auto text = read_all(arguments.bundle_fd, most);
        if (!text) {
            return tl::make_unexpected(text.error());
        }
        auto bundle = session::bundle_from_json(*text);
        if (!bundle) {
            return bundle;
        }
        bundle->header.script = arguments.script;
        // It may have come from a file that somebody wrote.
        auto allowed = check_user(process.settings, process.account);
        if (allowed) {
            allowed = session::check_policy(bundle->header, process.settings);
        }
        if (!allowed) {
            return tl::make_unexpected(allowed.error());
        }
        return bundle;
    }
    Prepared prepared = prepare(process, arguments.selection, arguments.script);
    if (prepared.bundles.empty()) {
        errors = prepared.errors;
        return tl::make_unexpected(errors.front());
    }
    return std::move(prepared.bundles.front());
}

std::string describe_overrides(const std::vector<Override>& found) {
    std::vector<std::string> parts;
    parts.reserve(found.size());
    for (const Override& each : found) {
        parts.push_back(fmt::format("{}={} by {} (suite: {})", each.option, each.given, each.from,
                                    each.wanted.empty() ? "not set" : each.wanted));
    }
    return join(parts, ", ");
}

// A job that is longer than its partition allows would wait for ever.
Result<> check_time(const Process& process, const std::vector<std::string>& sbatch,
                    const session::Wanted& wanted) {
    if (given_option(sbatch, process.environment, "--time")) {
        return {};
    }
    const std::string partition = given_option(sbatch, process.environment, "--partition")
                                      .value_or(wanted.partition.value_or(""));
    const auto limit = session::partition_time_limit(partition);
    if (!limit || !*limit || wanted.time_limit_minutes <= **limit) {
        return {};
    }
    return fail(ErrorKind::config,
                fmt::format("these tests want {} and the partition allows {}",
                            to_slurm_duration(wanted.time_limit_minutes * 60),
                            to_slurm_duration(**limit * 60)),
                "select fewer tests at a time, set schedule.time_limit in the suite, or give "
                "--time");
}

int freeze(const FreezeArguments& arguments) {
    const auto process = this_process();
    if (!process) {
        return report(process.error());
    }
    std::vector<Error> errors;
    const auto bundle = bundle_for(*process, arguments, errors);
    if (!bundle) {
        return errors.empty() ? report(bundle.error()) : report(errors);
    }
    // Our parent is sbatch or salloc: what it was given wins over the suite.
    const std::vector<std::string> sbatch = command_line_of(::getppid());
    const session::Wanted& wanted = bundle->header.wanted;
    if (arguments.script == "generated") {
        if (const auto fits = check_time(*process, sbatch, wanted); !fits) {
            return report(fits.error());
        }
        const std::vector<Override> found = overrides(sbatch, process->environment, wanted);
        if (!found.empty() && !arguments.quiet) {
            fmt::print(stderr, "pavtest: overridden: {}\n", printable(describe_overrides(found)));
        }
    } else if (!arguments.quiet) {
        fmt::print(stderr, "pavtest: a {} sizes this job; the suite wants {}\n",
                   arguments.script == "own" ? "script of your own" : "command line",
                   printable(as_options(wanted)));
    }
    const auto session =
        session::freeze(*bundle, process->settings, process->clock, bundle->header.submit_host);
    if (!session) {
        return report(session.error());
    }
    fmt::print("session={}\nstore={}\n", bundle->header.id, bundle->store);
    return 0;
}

}  // namespace

Chosen add_freeze(CLI::App& app) {
    auto arguments = std::make_shared<FreezeArguments>();
    CLI::App* command = app.add_subcommand("freeze", "For the plugin: make a session");
    command->group("");
    arguments->selection.add_to(*command);
    command->add_option("--bundle-fd", arguments->bundle_fd, "What render resolved");
    command->add_option("--script", arguments->script)
        ->check(CLI::IsMember({"generated", "own", "allocation"}));
    command->add_flag("--quiet", arguments->quiet, "Errors only");
    return [arguments] { return freeze(*arguments); };
}

}  // namespace pavtest::cmd
