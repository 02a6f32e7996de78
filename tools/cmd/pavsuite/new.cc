// pavsuite new: a suite to start from, never over anything that is there.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "base/file.h"
#include "base/text.h"
#include "cmd/pavsuite/new_suite.h"
#include "cmd/pavsuite/selection.h"
#include "cmd/pavsuite/subcommands.h"
#include "suite/files.h"

namespace pavtest::cmd {

namespace {

struct NewArguments {
    std::string name;
    std::string directory;
};

bool is_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
    }) && name.front() != '-';
}

// The first configuration directory that takes files; what is shipped with pavtest is not
// for that. Who has none gets ~/.pavilion.
std::string writable_directory(const Process& process) {
    for (const suite::ConfigDirectory& directory : config_directories(process)) {
        if (directory.label != "pavtest" && ::access(directory.path.c_str(), W_OK | X_OK) == 0) {
            return directory.path;
        }
    }
    return process.account.home + "/.pavilion";
}

// A suite of the name that would win over the new one, or be hidden by it.
Result<> check_free(const std::vector<suite::ConfigDirectory>& directories,
                    const std::string& name) {
    for (const suite::ConfigDirectory& directory : directories) {
        const suite::Files files({directory});
        if (const auto found = files.find(suite::ConfigType::suite, name)) {
            return fail(ErrorKind::usage,
                        fmt::format("there is a suite '{}' already: {}", name, found->path),
                        "choose another name");
        }
    }
    return {};
}

Result<std::string> write_suite(const std::string& target, const std::string& name) {
    const std::string folder = fmt::format("{}/suites/{}", target, name);
    const auto directory = Directory::create(folder, 0755);
    if (!directory) {
        return tl::make_unexpected(directory.error());
    }
    std::string path = folder + "/suite.yaml";
    const auto file = directory->open_file("suite.yaml", O_WRONLY | O_CREAT | O_EXCL, 0644);
    if (!file) {
        return tl::make_unexpected(file.error());
    }
    if (auto written = write_all(file->get(), new_suite(name), path); !written) {
        return tl::make_unexpected(written.error());
    }
    return path;
}

int make_new(const NewArguments& arguments) {
    if (!is_name(arguments.name)) {
        return report(Error{ErrorKind::usage,
                            fmt::format("'{}' is no name for a suite", arguments.name),
                            "names are letters, digits, '_' and '-'", std::nullopt});
    }
    const auto process = this_process();
    if (!process) {
        return report(process.error());
    }
    const std::string target = arguments.directory.empty()
                                   ? writable_directory(*process)
                                   : absolute_directory(arguments.directory);
    const std::vector<suite::ConfigDirectory> searched = config_directories(*process);
    const bool found = std::any_of(searched.begin(), searched.end(),
                                   [&](const auto& directory) { return directory.path == target; });
    const std::vector<suite::ConfigDirectory> only_target{{"", target}};
    if (const auto free = check_free(found ? searched : only_target, arguments.name); !free) {
        return report(free.error());
    }
    const auto path = write_suite(target, arguments.name);
    if (!path) {
        return report(path.error());
    }
    const std::string home = process->account.home + "/.pavilion";
    const std::string before =
        found || target == home ? "" : "PAV_CONFIG_DIR=" + shell_quote(printable(target)) + " ";
    fmt::print("{}\n", printable(*path));
    fmt::print(stderr, "Next:\n  {0}pavsuite show {1}\n  {0}sbatch --pavtest={1}\n", before,
               arguments.name);
    return 0;
}

}  // namespace

Chosen add_new(CLI::App& app) {
    auto arguments = std::make_shared<NewArguments>();
    CLI::App* command = app.add_subcommand("new", "Write a suite to start from");
    command->add_option("name", arguments->name, "The suite's name")->type_name("NAME")->required();
    command
        ->add_option("-d,--directory", arguments->directory,
                     "The configuration directory to write it into, by default the first that "
                     "you may write to, else ~/.pavilion")
        ->type_name("DIR");
    command->footer(
        "It is written to DIR/suites/NAME/suite.yaml, and never over a file that is there.\n"
        "Examples:\n"
        "  pavsuite new stream\n"
        "  pavsuite new --directory . stream");
    return [arguments] { return make_new(*arguments); };
}

}  // namespace pavtest::cmd
