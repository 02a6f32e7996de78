// pavsuite submit: requests become jobs, one for each group of tests that can share one;
// with the plugin, and without it.
#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "cmd/pavsuite/selection.h"
#include "cmd/pavsuite/subcommands.h"
#include "cmd/sbatch_options.h"
#include "session/batch_script.h"
#include "session/freeze.h"

namespace pavtest::cmd {

namespace {

struct SubmitArguments {
    SelectionArguments selection;
    bool dry_run = false;
};

// Whether sbatch has our plugin: its help says so.
Result<bool> plugin_is_loaded() {
    Command help;
    help.arguments = {"sbatch", "--help"};
    help.deadline = std::chrono::seconds(10);
    auto done = run(help);
    if (!done) {
        return tl::make_unexpected(done.error().within("submitting needs Slurm's sbatch"));
    }
    return done->output.find("--pavtest=") != std::string::npos;
}

// A file that goes with this object.
class TemporaryFile {
  public:
    static Result<TemporaryFile> with(const Environment& environment, std::string_view text) {
        std::string path = environment.get_or("TMPDIR", "/tmp") + "/pavtest-submit-XXXXXX";
        const FileDescriptor fd(::mkostemp(path.data(), O_CLOEXEC));
        if (!fd.valid()) {
            return fail_errno("create", path, errno);
        }
        TemporaryFile file(std::move(path));
        if (auto written = write_all(fd.get(), text, file.path_); !written) {
            return tl::make_unexpected(written.error());
        }
        return file;
    }
    TemporaryFile(TemporaryFile&& other) noexcept : path_(std::move(other.path_)) {
        other.path_.clear();
    }
    TemporaryFile& operator=(TemporaryFile&&) = delete;
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() {
        if (!path_.empty()) {
            ::unlink(path_.c_str());
        }
    }
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
    std::string path_;
};

// sbatch with this process's own streams; its exit status.
int run_sbatch(std::vector<std::string> arguments, const Environment& environment) {
    std::vector<std::string> variables = environment.as_strings();
    std::vector<char*> argument_pointers;
    std::vector<char*> variable_pointers;
    for (std::string& word : arguments) {
        argument_pointers.push_back(word.data());
    }
    for (std::string& variable : variables) {
        variable_pointers.push_back(variable.data());
    }
    argument_pointers.push_back(nullptr);
    variable_pointers.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        ::execvpe(argument_pointers[0], argument_pointers.data(), variable_pointers.data());
        fmt::print(stderr, "pavsuite: cannot run sbatch\n");
        ::_exit(127);
    }
    int status = 0;
    while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status)
                                          : static_cast<int>(ExitCode::infrastructure);
}

int submit_with_plugin(const Process& process, const session::Bundle& bundle,
                       const std::vector<std::string>& options) {
    const auto file = TemporaryFile::with(process.environment, to_json(bundle));
    if (!file) {
        return report(file.error());
    }
    std::vector<std::string> arguments{"sbatch", "--pavtest=@" + file->path()};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return run_sbatch(std::move(arguments), process.environment);
}

int submit_without_plugin(const Process& process, session::Bundle bundle,
                          const std::vector<std::string>& options) {
    bundle.header.without = {"prolog", "epilog"};
    const auto script = session::batch_script(bundle.header, bundle.store, pavrun_path());
    if (!script) {
        return report(script.error());
    }
    const auto session =
        session::freeze(bundle, process.settings, process.clock, bundle.header.submit_host);
    if (!session) {
        return report(session.error());
    }
    const auto file = TemporaryFile::with(process.environment, *script);
    if (!file) {
        return report(file.error());
    }
    std::vector<std::string> arguments{"sbatch"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    arguments.push_back(file->path());
    Environment environment = process.environment;
    environment.set("PAVTEST_SESSION", bundle.header.id);
    environment.set("PAVTEST_STORE", bundle.store);
    const int status = run_sbatch(std::move(arguments), environment);
    const auto recorded =
        session::record_submission(*session, status, process.clock, bundle.header.submit_host);
    return recorded ? status : report(recorded.error());
}

int submit(const SubmitArguments& arguments) {
    const auto process = this_process();
    if (!process) {
        return report(process.error());
    }
    const Prepared prepared = prepare(*process, arguments.selection, "generated", Groups::split);
    if (prepared.bundles.empty()) {
        return report(prepared.errors);
    }
    if (arguments.dry_run) {
        for (const session::Bundle& bundle : prepared.bundles) {
            fmt::print("{} tests: sbatch {}\n", bundle.header.tests,
                       printable(as_options(bundle.header.wanted)));
        }
        return 0;
    }
    const auto plugin = plugin_is_loaded();
    if (!plugin) {
        return report(plugin.error());
    }
    if (!*plugin) {
        fmt::print(stderr,
                   "pavsuite: sbatch has no pavtest plugin here: no prolog and no epilog will keep "
                   "records; what is cut off is settled by pavstat later\n");
    }
    int worst = 0;
    for (const session::Bundle& bundle : prepared.bundles) {
        const int status =
            *plugin ? submit_with_plugin(*process, bundle, arguments.selection.sbatch_options)
                    : submit_without_plugin(*process, bundle, arguments.selection.sbatch_options);
        worst = std::max(worst, status);
    }
    return worst == 0 ? 0 : static_cast<int>(ExitCode::infrastructure);
}

}  // namespace

Chosen add_submit(CLI::App& app) {
    auto arguments = std::make_shared<SubmitArguments>();
    CLI::App* command =
        app.add_subcommand("submit", "Submit requests; one job for each group that can share one");
    arguments->selection.add_to(*command);
    command
        ->add_option("--sbatch", arguments->selection.sbatch_options,
                     "An option for sbatch; may be repeated. What stands after '--' is the same")
        ->type_name("OPTION")
        ->allow_extra_args(false);
    command->add_flag("-n,--dry-run", arguments->dry_run, "Say what would be submitted");
    command->footer(
        "Examples:\n"
        "  pavsuite submit selftest\n"
        "  pavsuite submit health -- --nodes=4 --partition=debug");
    return [arguments] { return submit(*arguments); };
}

}  // namespace pavtest::cmd
