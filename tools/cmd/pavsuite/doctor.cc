// pavsuite doctor: is pavtest installed as it should be, seen from this host?
#include "cmd/pavsuite/doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/process.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/pavsuite/json_output.h"
#include "cmd/pavsuite/subcommands.h"

namespace pavtest::cmd {

namespace {

using doctor::Finding;
using doctor::Findings;
using doctor::Level;
using doctor::Patient;

struct DoctorArguments {
    std::vector<std::string> only;
    bool json = false;
    bool quiet = false;
};

struct Check {
    const char* name;
    Findings (*examine)(const Patient&);
    bool may_hang;  // looks at a file system that may not answer
};

constexpr std::array<Check, 8> kChecks{{
    {"plugin", doctor::check_plugin, false},
    {"versions", doctor::check_versions, false},
    {"slurm", doctor::check_slurm, false},
    {"settings", doctor::check_settings, false},
    {"store", doctor::check_store, true},
    {"spool", doctor::check_spool, false},
    {"hooks", doctor::check_hooks, true},
    {"dry-run", doctor::check_dry_run, false},
}};

constexpr std::array<const char*, 4> kLevels{"ok", "warning", "problem", "unknown"};

std::string level_name(Level level) {
    return kLevels.at(static_cast<std::size_t>(level));
}

nlohmann::ordered_json as_json(const Findings& findings) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Finding& finding : findings) {
        list.push_back({{"check", finding.check},
                        {"level", level_name(finding.level)},
                        {"what", to_utf8(finding.what)},
                        {"advice", to_utf8(finding.advice)}});
    }
    return list;
}

// Those of a second doctor, asked for one check.
Findings findings_of(const std::string& check, const std::string& output) {
    Findings findings;
    const auto document = nlohmann::json::parse(output, nullptr, false);
    if (document.is_object() && document.contains("findings")) {
        for (const auto& each : document["findings"]) {
            const auto name =
                std::find(kLevels.begin(), kLevels.end(), each.value("level", "unknown"));
            const auto level = std::min<std::ptrdiff_t>(name - kLevels.begin(), 3);
            findings.push_back({each.value("check", check), static_cast<Level>(level),
                                each.value("what", ""), each.value("advice", "")});
        }
    }
    return findings;
}

// A file system that hangs holds another process up, not this one.
Findings examine_apart(const Check& check) {
    constexpr std::chrono::seconds patience{10};
    Command command;
    command.arguments = {"/proc/self/exe", "doctor", "--json", "--only", check.name};
    command.deadline = patience;
    const auto done = run(command);
    if (done && done->timed_out) {
        return {
            {check.name, Level::problem,
             fmt::format("no answer from the store's file system within {} s", patience.count()),
             "look at the file system that 'store' in pavtest.yaml names"}};
    }
    Findings findings = done ? findings_of(check.name, done->output) : Findings{};
    if (findings.empty()) {
        findings.push_back({check.name, Level::unknown, "could not be looked at",
                            fmt::format("run 'pavsuite doctor --only {}'", check.name)});
    }
    return findings;
}

Level worst_of(const Findings& findings) {
    constexpr std::array<Level, 4> order{Level::ok, Level::unknown, Level::warning, Level::problem};
    std::size_t worst = 0;
    for (const Finding& finding : findings) {
        for (std::size_t i = worst; i < order.size(); ++i) {
            if (order.at(i) == finding.level) {
                worst = i;
            }
        }
    }
    return order.at(worst);
}

// As monitoring plugins have it.
int status_of(Level level) {
    switch (level) {
        case Level::ok:
            return 0;
        case Level::warning:
            return 1;
        case Level::problem:
            return 2;
        case Level::unknown:
            break;
    }
    return 3;
}

void print(const Findings& findings, bool quiet) {
    for (const Finding& finding : findings) {
        if (quiet && finding.level == Level::ok) {
            continue;
        }
        fmt::print("{:<8} {:<9} {}\n", level_name(finding.level), finding.check,
                   printable(finding.what));
        if (!finding.advice.empty()) {
            fmt::print("{:18} -> {}\n", "", printable(finding.advice));
        }
    }
}

int doctor_command(const DoctorArguments& arguments) {
    const Environment environment = Environment::of_process();
    const auto account = Account::of_process(environment);
    if (!account) {
        return report(account.error());
    }
    const Patient patient = Patient::here(environment, *account);
    Findings findings;
    for (const Check& check : kChecks) {
        const bool asked = std::find(arguments.only.begin(), arguments.only.end(), check.name) !=
                           arguments.only.end();
        if (!asked && !arguments.only.empty()) {
            continue;
        }
        Findings found = check.may_hang && !asked ? examine_apart(check) : check.examine(patient);
        std::move(found.begin(), found.end(), std::back_inserter(findings));
    }
    const Level worst = worst_of(findings);
    if (arguments.json) {
        print_json({{"status", level_name(worst)}, {"findings", as_json(findings)}});
    } else {
        print(findings, arguments.quiet);
    }
    return status_of(worst);
}

}  // namespace

Chosen add_doctor(CLI::App& app) {
    auto arguments = std::make_shared<DoctorArguments>();
    CLI::App* command = app.add_subcommand("doctor", "Is pavtest installed as it should be?");
    std::vector<std::string> names;
    for (const Check& check : kChecks) {
        names.emplace_back(check.name);
    }
    command->add_option("--only", arguments->only, "One check; may be repeated")
        ->check(CLI::IsMember(names))
        ->type_name("CHECK")
        ->allow_extra_args(false);
    command->add_flag("-q,--quiet", arguments->quiet, "Say only what is not well");
    command->add_flag("--json", arguments->json, "For monitoring");
    command->footer(
        "The exit status is that of a monitoring plugin: 0 all is well, 1 warnings, 2 problems,\n"
        "3 something could not be found out. Run by root it sees slurmd and the spool, too.");
    return [arguments] { return doctor_command(*arguments); };
}

}  // namespace pavtest::cmd
