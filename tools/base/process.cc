// fork, exec, and a poll loop over the child's streams until its end or the deadline.
#include "base/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/file_descriptor.h"
#include "base/text.h"

namespace pavtest {

namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
    FileDescriptor read;
    FileDescriptor write;
};

Result<Pipe> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return fail_errno("create", "pipe", errno);
    }
    return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

std::string find_program(const std::string& name, const std::string& path) {
    if (name.find('/') != std::string::npos) {
        return name;
    }
    for (const std::string& directory : split(path, ':')) {
        std::string candidate = (directory.empty() ? "." : directory) + "/" + name;
        if (::access(candidate.c_str(), X_OK) == 0) {
            return candidate;
        }
    }
    return {};
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
    std::vector<char*> result;
    result.reserve(strings.size() + 1);
    for (std::string& text : strings) {
        result.push_back(text.data());
    }
    result.push_back(nullptr);
    return result;
}

struct ChildSetup {
    const char* program;
    char* const* arguments;
    char* const* environment;
    const char* directory;
    int input;
    int output;
    int errors;
    int report;  // the errno of a failed exec goes here
};

// Between fork and exec: async-signal-safe calls only.
[[noreturn]] void become_child(const ChildSetup& setup) {
    ::setpgid(0, 0);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    if (::dup2(setup.input, 0) >= 0 && ::dup2(setup.output, 1) >= 0 &&
        ::dup2(setup.errors, 2) >= 0 &&
        (setup.directory == nullptr || ::chdir(setup.directory) == 0)) {
        ::execve(setup.program, setup.arguments, setup.environment);
    }
    const int error = errno;
    [[maybe_unused]] const ssize_t ignored = ::write(setup.report, &error, sizeof error);
    ::_exit(127);
}

class Streams {
  public:
    Streams(Pipe& input, Pipe& output, Pipe& errors, const Command& command)
        : input_(std::move(input.write)),
          output_(std::move(output.read)),
          errors_(std::move(errors.read)),
          to_write_(command.input),
          limit_(command.output_limit) {
        ::fcntl(input_.get(), F_SETFL, O_NONBLOCK);
        if (to_write_.empty()) {
            input_.close();
        }
    }

    [[nodiscard]] bool open() const { return output_.valid() || errors_.valid(); }

    // Moves data for at most `timeout`; false when poll itself failed.
    bool step(std::chrono::milliseconds timeout, Completed& result) {
        std::array<pollfd, 3> waits{pollfd{input_.get(), POLLOUT, 0},
                                    pollfd{output_.get(), POLLIN, 0},
                                    pollfd{errors_.get(), POLLIN, 0}};
        if (::poll(waits.data(), waits.size(), static_cast<int>(timeout.count())) < 0) {
            return errno == EINTR;
        }
        if (waits[0].revents != 0) {
            feed();
        }
        if (waits[1].revents != 0) {
            take(output_, result.output);
        }
        if (waits[2].revents != 0) {
            take(errors_, result.errors);
        }
        return true;
    }

  private:
    void feed() {
        const ssize_t n = ::write(input_.get(), to_write_.data(), to_write_.size());
        if (n < 0) {
            if (errno != EAGAIN && errno != EINTR) {
                input_.close();
            }
            return;
        }
        to_write_.remove_prefix(static_cast<std::size_t>(n));
        if (to_write_.empty()) {
            input_.close();
        }
    }

    void take(FileDescriptor& from, std::string& into) const {
        std::array<char, 65536> buffer{};
        const ssize_t n = ::read(from.get(), buffer.data(), buffer.size());
        if (n > 0) {
            const std::size_t room = limit_ > into.size() ? limit_ - into.size() : 0;
            into.append(buffer.data(), std::min(static_cast<std::size_t>(n), room));
        } else if (n == 0 || errno != EINTR) {
            from.close();
        }
    }

    FileDescriptor input_;
    FileDescriptor output_;
    FileDescriptor errors_;
    std::string_view to_write_;
    std::size_t limit_;
};

// A write to a pipe whose reader is gone must be an error, not the end of us.
class IgnoreBrokenPipe {
  public:
    IgnoreBrokenPipe() {
        struct sigaction ignore {};
        ignore.sa_handler = SIG_IGN;
        ::sigaction(SIGPIPE, &ignore, &before_);
    }
    ~IgnoreBrokenPipe() { ::sigaction(SIGPIPE, &before_, nullptr); }
    IgnoreBrokenPipe(const IgnoreBrokenPipe&) = delete;
    IgnoreBrokenPipe& operator=(const IgnoreBrokenPipe&) = delete;

  private:
    struct sigaction before_ {};
};

// One that waits for a file system which does not answer cannot be killed: it is left behind.
void reap_killed(pid_t child, int& status) {
    const auto end = Clock::now() + std::chrono::seconds(1);
    while (::waitpid(child, &status, WNOHANG) == 0 && Clock::now() < end) {
        ::poll(nullptr, 0, 1);
    }
}

}  // namespace

Result<Completed> run(const Command& command) {
    if (command.arguments.empty()) {
        return fail(ErrorKind::infrastructure, "no command to run");
    }
    const Environment environment =
        command.environment ? *command.environment : Environment::of_process();
    const std::string program =
        find_program(command.arguments[0], environment.get_or("PATH", "/usr/bin:/bin"));
    if (program.empty()) {
        return fail(ErrorKind::not_found,
                    fmt::format("command '{}' not found in PATH", command.arguments[0]));
    }

    auto input = make_pipe();
    auto output = make_pipe();
    auto errors = make_pipe();
    auto report = make_pipe();
    for (const auto* each : {&input, &output, &errors, &report}) {
        if (!*each) {
            return tl::make_unexpected(each->error());
        }
    }
    std::vector<std::string> arguments = command.arguments;
    std::vector<std::string> variables = environment.as_strings();
    const std::vector<char*> argument_pointers = pointers(arguments);
    const std::vector<char*> variable_pointers = pointers(variables);
    const IgnoreBrokenPipe guard;

    const pid_t child = ::fork();
    if (child < 0) {
        return fail_errno("fork for", program, errno);
    }
    if (child == 0) {
        become_child({program.c_str(), argument_pointers.data(), variable_pointers.data(),
                      command.directory ? command.directory->c_str() : nullptr, input->read.get(),
                      output->write.get(), errors->write.get(), report->write.get()});
    }
    ::setpgid(child, child);
    input->read.close();
    output->write.close();
    errors->write.close();
    report->write.close();

    int exec_error = 0;
    if (::read(report->read.get(), &exec_error, sizeof exec_error) == sizeof exec_error) {
        ::waitpid(child, nullptr, 0);
        return fail_errno("run", program, exec_error);
    }

    Completed result;
    Streams streams(*input, *output, *errors, command);
    const Clock::time_point end = Clock::now() + command.deadline;
    int status = 0;
    bool reaped = false;
    while (!reaped) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
        if (left.count() <= 0) {
            result.timed_out = true;
            ::kill(-child, SIGKILL);
            reap_killed(child, status);
            break;
        }
        // The child may end while a grandchild keeps the streams open, so look often.
        constexpr std::chrono::milliseconds pause{20};
        if (streams.open()) {
            if (!streams.step(std::min(left, pause * 5), result)) {
                break;
            }
        } else {
            ::poll(nullptr, 0, 1);
        }
        reaped = ::waitpid(child, &status, WNOHANG) == child;
    }
    while (reaped && streams.open()) {
        // What is already in the pipes; a grandchild that lives on is not waited for.
        const std::size_t before = result.output.size() + result.errors.size();
        if (!streams.step(std::chrono::milliseconds{0}, result) ||
            (streams.open() && before == result.output.size() + result.errors.size())) {
            break;
        }
    }
    if (WIFSIGNALED(status)) {
        result.signal = WTERMSIG(status);
    } else {
        result.exit_status = WEXITSTATUS(status);
    }
    return result;
}

}  // namespace pavtest
