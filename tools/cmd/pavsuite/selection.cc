// From the command line to a bundle.
#include "cmd/pavsuite/selection.h"

#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/build_info.h"
#include "base/text.h"
#include "cmd/sbatch_options.h"
#include "session/id.h"
#include "session/policy.h"
#include "session/sizing.h"
#include "session/slurm_cluster.h"

namespace pavtest::cmd {

void SelectionArguments::add_to(CLI::App& app) {
    app.add_option("requests", requests,
                   "What to take: [N*]SUITE[.TEST[.SUBTITLE]][*N], each part may be a glob")
        ->type_name("REQUEST");
    app.add_option("-f,--file", files, "A file of requests, one a line")
        ->type_name("FILE")
        ->allow_extra_args(false);
    add_layers_to(app);
}

void SelectionArguments::add_layers_to(CLI::App& app) {
    app.add_option("-H,--host", host, "Use the configuration of this host")->type_name("HOST");
    app.add_option("-o,--os", os, "Use the configuration of this operating system")
        ->type_name("OS");
    // Each takes one word: what follows it may be a request.
    app.add_option("-m,--mode", modes, "Apply a mode; may be repeated, in order")
        ->type_name("MODE")
        ->allow_extra_args(false);
    app.add_option("-c,--set", overrides, "Override a key: run.timeout=60; may be repeated")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
    app.add_option("--fact", facts, "Pin a fact: sys_name=other; may be repeated")
        ->type_name("NAME=VALUE")
        ->allow_extra_args(false);
}

namespace {

// Where this program lies, also in a prefix that was moved; empty if that is not known.
std::string own_directory() {
    char buffer[4096];
    const ssize_t n = ::readlink("/proc/self/exe", buffer, sizeof buffer);
    if (n <= 0 || static_cast<std::size_t>(n) >= sizeof buffer) {
        return {};
    }
    const std::string self(buffer, static_cast<std::size_t>(n));
    return self.substr(0, self.rfind('/'));
}

// The suites and facts that belong to this program: beside it, else where it was built to be.
std::string data_directory() {
    const std::string own = own_directory();
    if (own.ends_with("/bin")) {
        const std::string beside = own.substr(0, own.rfind('/')) + "/share/pavtest";
        if (::access(beside.c_str(), X_OK) == 0) {
            return beside;
        }
    }
    return PAVTEST_DATADIR;
}

}  // namespace

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
    if (process.settings.policy.pinned.count("config_dirs") == 0) {
        add("user", process.account.home + "/.pavilion", false);
        if (const auto path = process.environment.get("PAV_CONFIG_DIR"); path && !path->empty()) {
            add("main", absolute_directory(*path), true);
        }
    }
    add("pavtest", data_directory(), false);
    return directories;
}

std::string absolute_directory(const std::string& path) {
    std::error_code error;
    std::string absolute = std::filesystem::absolute(path, error).lexically_normal().string();
    while (absolute.size() > 1 && absolute.ends_with('/')) {
        absolute.pop_back();
    }
    return absolute;
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

// What the jobs of one submission share.
session::Header header_of(const Process& process, const SelectionArguments& arguments,
                          const std::string& script) {
    session::Header header;
    header.created = process.clock.now();
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
    return header;
}

// A plan for each group, its tests counted anew; skipped tests go with the first.
std::vector<session::Plan> split_plan(const session::Plan& plan) {
    std::vector<session::Plan> parts;
    const auto add = [](session::Plan& part, const session::PlannedTest& test) {
        part.tests.push_back(test);
        part.tests.back().index = static_cast<std::uint32_t>(part.tests.size() - 1);
    };
    for (const session::AllocationGroup& group : session::allocation_groups(plan.tests)) {
        session::Plan& part = parts.emplace_back();
        for (const std::uint32_t index : group.tests) {
            add(part, plan.tests[index]);
        }
    }
    if (parts.size() <= 1) {
        return {plan};
    }
    for (const session::PlannedTest& test : plan.tests) {
        if (!test.skip_reasons.empty()) {
            add(parts.front(), test);
        }
    }
    return parts;
}

// The command line that wins over what the suite wants: that of sbatch, if we are called by it.
std::vector<std::string> sbatch_line(const SelectionArguments& arguments) {
    if (!arguments.sbatch_options.empty()) {
        std::vector<std::string> line{"sbatch"};
        line.insert(line.end(), arguments.sbatch_options.begin(), arguments.sbatch_options.end());
        return line;
    }
    std::vector<std::string> line = command_line_of(::getppid());
    const bool submits =
        !line.empty() && (line.front() == "sbatch" || line.front().ends_with("/sbatch"));
    return submits ? line : std::vector<std::string>{};
}

// "4", or the least of "4-8".
std::optional<std::uint32_t> given_count(const std::vector<std::string>& line,
                                         const Environment& environment,
                                         const std::string& option) {
    const auto text = given_option(line, environment, option);
    std::uint32_t count = 0;
    if (!text ||
        std::from_chars(text->data(), text->data() + text->size(), count).ec != std::errc{} ||
        count == 0) {
        return std::nullopt;
    }
    return count;
}

Result<session::Bundle> bundle_of(const Process& process, const std::vector<std::string>& sbatch,
                                  session::Header header, session::Plan plan) {
    header.id = session::make_id(header.created, random_bits());
    plan.id = header.id;
    header.tests = static_cast<std::uint32_t>(plan.tests.size());
    for (const session::PlannedTest& test : plan.tests) {
        if (std::find(header.suites.begin(), header.suites.end(), test.suite) ==
            header.suites.end()) {
            header.suites.push_back(test.suite);
        }
        if (!test.skip_reasons.empty()) {
            header.skipped.push_back(test.index);
        }
    }
    session::SizingRules rules;
    rules.default_test_time = process.settings.default_test_time;
    rules.margin = process.settings.job_margin;
    rules.node_count = session::partition_node_count;
    rules.given_nodes = given_count(sbatch, process.environment, "--nodes");
    rules.given_tasks_per_node = given_count(sbatch, process.environment, "--ntasks-per-node");
    auto wanted = session::size_job(plan.tests, rules);
    if (!wanted) {
        return tl::make_unexpected(wanted.error());
    }
    header.wanted = std::move(*wanted);
    return session::Bundle{std::move(header), std::move(plan), process.settings.store};
}

Prepared failed(Error error) {
    Prepared prepared;
    prepared.errors.push_back(std::move(error));
    return prepared;
}

}  // namespace

std::string pavrun_path() {
    const std::string beside = own_directory() + "/pavrun";
    return ::access(beside.c_str(), X_OK) == 0 ? beside : PAVTEST_BINDIR "/pavrun";
}

Prepared prepare(const Process& process, const SelectionArguments& arguments,
                 const std::string& script, Groups groups) {
    if (const auto allowed = check_user(process.settings, process.account); !allowed) {
        return failed(allowed.error());
    }
    const auto world = world_of(process, arguments.facts);
    if (!world) {
        return failed(world.error());
    }
    suite::Selection selection = selection_of(arguments);
    selection.for_a_run = true;
    const suite::Resolution resolution = suite::resolve(*world, selection);
    warn(resolution.warnings);
    if (!resolution.errors.empty()) {
        return {{}, resolution.errors};
    }
    if (resolution.tests.empty()) {
        return failed({ErrorKind::nothing_selected,
                       "the request selects no test",
                       "'pavsuite list' shows what there is",
                       {}});
    }
    const auto plan = session::plan_of(resolution, world->directories, "");
    if (!plan) {
        return failed(plan.error());
    }
    std::vector<session::Plan> parts =
        groups == Groups::split ? split_plan(*plan) : std::vector<session::Plan>{*plan};
    const session::Header header = header_of(process, arguments, script);
    const std::vector<std::string> sbatch = sbatch_line(arguments);
    Prepared prepared;
    for (session::Plan& part : parts) {
        auto bundle = bundle_of(process, sbatch, header, std::move(part));
        if (!bundle) {
            return failed(bundle.error());
        }
        if (const auto allowed = session::check_policy(bundle->header, process.settings);
            !allowed) {
            return failed(allowed.error());
        }
        prepared.bundles.push_back(std::move(*bundle));
    }
    return prepared;
}

}  // namespace pavtest::cmd
