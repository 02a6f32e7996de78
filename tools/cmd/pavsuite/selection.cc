// From the command line to a bundle.
#include "cmd/pavsuite/selection.h"

#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/build_info.h"
#include "base/text.h"
#include "session/id.h"
#include "session/sizing.h"
#include "session/slurm_cluster.h"

namespace pavtest::cmd {

void SelectionArguments::add_to(CLI::App& app) {
    app.add_option("requests", requests,
                   "What to take: [N*]SUITE[.TEST[.SUBTITLE]][*N], each part may be a glob")
        ->type_name("REQUEST");
    app.add_option("-f,--file", files, "A file of requests, one a line")->type_name("FILE");
    app.add_option("-H,--host", host, "Use the configuration of this host")->type_name("HOST");
    app.add_option("-o,--os", os, "Use the configuration of this operating system")
        ->type_name("OS");
    app.add_option("-m,--mode", modes, "Apply a mode; may be repeated, in order")
        ->type_name("MODE");
    app.add_option("-c,--set", overrides, "Override a key: run.timeout=60; may be repeated")
        ->type_name("KEY=VALUE");
    app.add_option("--fact", facts, "Pin a fact: sys_name=other; may be repeated")
        ->type_name("NAME=VALUE");
}

std::vector<suite::ConfigDirectory> config_directories(const Process& process) {
    std::vector<suite::ConfigDirectory> directories;
    const auto add = [&](const std::string& label, const std::string& path, bool wanted) {
        struct stat info {};
        const bool known = std::any_of(directories.begin(), directories.end(),
                                       [&](const auto& have) { return have.path == path; });
        if (!known && (wanted || (::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)))) {
            directories.push_back({label, path});
        }
    };
    for (const std::string& path : process.settings.config_dirs) {
        add("site", path, false);
    }
    add("user", process.account.home + "/.pavilion", false);
    if (const auto path = process.environment.get("PAV_CONFIG_DIR"); path && !path->empty()) {
        add("main", std::filesystem::absolute(*path).lexically_normal().string(), true);
    }
    add("pavtest", PAVTEST_DATADIR, false);
    return directories;
}

Result<suite::World> world_of(const Process& process, const std::vector<std::string>& facts) {
    suite::World world;
    world.directories = config_directories(process);
    world.environment = process.environment;
    world.clock = &process.clock;
    for (const std::string& fact : facts) {
        const std::size_t equals = fact.find('=');
        if (equals == std::string::npos || equals == 0) {
            return fail(ErrorKind::usage, fmt::format("--fact '{}' is not NAME=VALUE", fact));
        }
        world.pinned_facts[fact.substr(0, equals)] = fact.substr(equals + 1);
    }
    return world;
}

suite::Selection selection_of(const SelectionArguments& arguments) {
    suite::Selection selection;
    selection.requests = arguments.requests;
    selection.request_files = arguments.files;
    selection.modes = arguments.modes;
    selection.overrides = arguments.overrides;
    if (!arguments.host.empty()) {
        selection.host = arguments.host;
    }
    if (!arguments.os.empty()) {
        selection.os = arguments.os;
    }
    return selection;
}

namespace {

std::string host_name() {
    char name[256] = "";
    ::gethostname(name, sizeof name - 1);
    return std::string(name).substr(0, std::string(name).find('.'));
}

std::uint32_t random_bits() {
    std::uint32_t bits = 0;
    if (::getrandom(&bits, sizeof bits, GRND_NONBLOCK) != sizeof bits) {
        bits = static_cast<std::uint32_t>(::getpid());
    }
    return bits;
}

session::Header header_of(const Process& process, const SelectionArguments& arguments,
                          const suite::Resolution& resolution, const std::string& script) {
    session::Header header;
    header.created = process.clock.now();
    header.id = session::make_id(header.created, random_bits());
    header.user = process.account.name;
    header.uid = process.account.uid;
    header.cluster = session::local_cluster_name(process.environment);
    header.submit_host = host_name();
    std::error_code error;
    header.submit_dir = std::filesystem::current_path(error).string();
    header.pavtest_version = PAVTEST_VERSION;
    header.request = arguments.requests;
    header.modes = arguments.modes;
    header.overrides = arguments.overrides;
    if (!arguments.host.empty()) {
        header.host = arguments.host;
    }
    if (!arguments.os.empty()) {
        header.os = arguments.os;
    }
    header.script = script;
    header.tests = static_cast<std::uint32_t>(resolution.tests.size());
    for (const suite::ResolvedTest& test : resolution.tests) {
        if (std::find(header.suites.begin(), header.suites.end(), test.suite) ==
            header.suites.end()) {
            header.suites.push_back(test.suite);
        }
    }
    return header;
}

}  // namespace

Prepared prepare(const Process& process, const SelectionArguments& arguments,
                 const std::string& script) {
    Prepared prepared;
    auto world = world_of(process, arguments.facts);
    if (!world) {
        prepared.errors.push_back(world.error());
        return prepared;
    }
    const suite::Resolution resolution = suite::resolve(*world, selection_of(arguments));
    warn(resolution.warnings);
    if (!resolution.errors.empty()) {
        prepared.errors = resolution.errors;
        return prepared;
    }
    if (resolution.tests.empty()) {
        prepared.errors.push_back(Error{ErrorKind::nothing_selected,
                                        "the request selects no test",
                                        "'pavsuite list' shows what there is",
                                        {}});
        return prepared;
    }
    session::Bundle bundle;
    bundle.header = header_of(process, arguments, resolution, script);
    bundle.store = process.settings.store;
    auto plan = session::plan_of(resolution, world->directories, bundle.header.id);
    if (!plan) {
        prepared.errors.push_back(plan.error());
        return prepared;
    }
    bundle.plan = std::move(*plan);
    for (const session::PlannedTest& test : bundle.plan.tests) {
        if (!test.skip_reasons.empty()) {
            bundle.header.skipped.push_back(test.index);
        }
    }
    session::SizingRules rules;
    rules.default_test_time = process.settings.default_test_time;
    rules.margin = process.settings.job_margin;
    rules.node_count = session::partition_node_count;
    auto wanted = session::size_job(bundle.plan.tests, rules);
    if (!wanted) {
        prepared.errors.push_back(wanted.error());
        return prepared;
    }
    bundle.header.wanted = std::move(*wanted);
    prepared.bundle = std::move(bundle);
    return prepared;
}

}  // namespace pavtest::cmd
