// One fork and exec a call, its answers in memory files, a deadline on each.
#include "pavsuite.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "checks.h"
#include "text.h"

namespace pavtest::spank {

namespace {

// Suites may lie on a file system that is slow today.
constexpr long resolve_milliseconds = 60000;
constexpr long record_milliseconds = 20000;

constexpr int exit_usage = 2;
constexpr int exit_nothing_selected = 5;
constexpr int exit_not_started = 127;

// The argument vector of a command; its words are copied into one block.
class Words {
  public:
    void add(std::string_view word) {
        if (count_ + 1 < limit && block_.size() + word.size() + 1 <= block_limit) {
            words_[count_++] = block_.c_str() + block_.size();
            block_.append(word);
            block_.append('\0');
        } else {
            complete_ = false;
        }
    }

    void add_number(int number) {
        Text<20> digits;
        digits.append_number(static_cast<unsigned long long>(number));
        add(digits.view());
    }

    [[nodiscard]] bool complete() const { return complete_; }

    char* const* vector() const {
        // exec's face is older than const; it changes nothing.
        return const_cast<char* const*>(&words_[0]);
    }

  private:
    static constexpr int limit = 1024;
    static constexpr std::size_t block_limit = 65536;
    const char* words_[limit] = {};
    Text<block_limit> block_;
    int count_ = 0;
    bool complete_ = true;
};

void add_choice(Words& words, const Choice& choice) {
    if (!choice.host.empty()) {
        words.add("-H");
        words.add(choice.host.view());
    }
    if (!choice.os.empty()) {
        words.add("-o");
        words.add(choice.os.view());
    }
    for_each_piece(choice.mode.view(), ',', [&](std::string_view mode) {
        words.add("-m");
        words.add(mode);
    });
    for_each_piece(choice.settings.view(), '\0', [&](std::string_view setting) {
        words.add("-c");
        words.add(setting);
    });
}

void add_requests(Words& words, const Choice& choice) {
    words.add("--");
    for_each_piece(choice.request.view(), ',',
                   [&](std::string_view request) { words.add(request); });
}

// This process's environment with the guard: made before fork, because a child of
// a process with threads must not allocate.
class GuardedEnvironment {
  public:
    GuardedEnvironment() {
        std::size_t count = 0;
        while (environ[count] != nullptr) {
            ++count;
        }
        entries_ = static_cast<char**>(std::calloc(count + 2, sizeof(char*)));
        if (entries_ != nullptr) {
            std::memcpy(entries_, environ, count * sizeof(char*));
            guard_.append(guard_variable);
            guard_.append("=1");
            entries_[count] = const_cast<char*>(guard_.c_str());
        }
    }
    ~GuardedEnvironment() { std::free(entries_); }
    GuardedEnvironment(const GuardedEnvironment&) = delete;
    GuardedEnvironment& operator=(const GuardedEnvironment&) = delete;

    [[nodiscard]] char* const* get() const { return entries_ != nullptr ? entries_ : environ; }

  private:
    char** entries_ = nullptr;
    Text<64> guard_;
};

struct Streams {
    int output = -1;  // nowhere
    int errors = -1;
    int passed[2] = {-1, -1};  // further files that the command is told the numbers of
};

void keep_open(int fd) {
    if (fd >= 0) {
        ::fcntl(fd, F_SETFD, 0);
    }
}

[[noreturn]] void become(const char* program, const Words& words, char* const* environment,
                         const Streams& streams) {
    reset_signals();
    const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    ::dup2(nowhere, STDIN_FILENO);
    ::dup2(streams.output >= 0 ? streams.output : nowhere, STDOUT_FILENO);
    ::dup2(streams.errors >= 0 ? streams.errors : nowhere, STDERR_FILENO);
    // Where one of these was closed, /dev/null itself may have become it.
    keep_open(STDIN_FILENO);
    keep_open(STDOUT_FILENO);
    keep_open(STDERR_FILENO);
    keep_open(streams.passed[0]);
    keep_open(streams.passed[1]);
    ::execve(program, words.vector(), environment);
    ::dprintf(STDERR_FILENO, "cannot run %s: %s; is pavtest installed on this host?\n", program,
              std::strerror(errno));
    ::_exit(exit_not_started);
}

Ending run(const char* program, const Words& words, const Streams& streams, long milliseconds) {
    if (!words.complete()) {
        ::dprintf(streams.errors, "the --pavtest options together are too long\n");
        return {};
    }
    const GuardedEnvironment environment;
    const DefaultChildSignal child_signal;
    // A direct child: pavsuite looks at its parent's command line.
    const pid_t child = ::fork();
    if (child < 0) {
        ::dprintf(streams.errors, "cannot start %s: %s\n", program, std::strerror(errno));
        return {};
    }
    if (child == 0) {
        become(program, words, environment.get(), streams);
    }
    const bool ended = wait_for_end(child, Deadline(milliseconds));
    if (!ended) {
        ::kill(child, SIGKILL);
    }
    Ending ending = reap(child);
    ending.timed_out = !ended;
    if (ending.timed_out) {
        ::dprintf(streams.errors,
                  "%s did not answer within %ld s, perhaps because a file system hangs; given up\n",
                  program, milliseconds / 1000);
    } else if (ending.signal != 0) {
        ::dprintf(streams.errors, "%s was ended by signal %d (%s)\n", program, ending.signal,
                  ::strsignal(ending.signal));
    }
    return ending;
}

bool tells_an_error(int file) {
    char bytes[16384];
    const ssize_t size = ::pread(file, &bytes[0], sizeof bytes, 0);
    return size > 0 &&
           std::string_view(&bytes[0], static_cast<std::size_t>(size)).find("error: ") !=
               std::string_view::npos;
}

// A failure that nobody has explained yet. Notices, such as what was overridden, may well
// have been written before it.
void explain_silence(const Descriptor& messages, const char* program, const Ending& ending) {
    const bool explained =
        ending.timed_out || ending.signal != 0 || ending.exit_status == exit_not_started;
    if (ending.ok() || explained || tells_an_error(messages.get())) {
        return;
    }
    ::lseek(messages.get(), 0, SEEK_END);
    if (ending.exit_status >= 0) {
        ::dprintf(messages.get(), "%s failed with exit status %d and no message\n", program,
                  ending.exit_status);
    } else if (ending.lost) {
        ::dprintf(messages.get(), "how %s ended could not be learnt\n", program);
    }
}

// "session=ID\nstore=PATH\n", in any order, between other lines.
bool parse_session(int file, Session& session) {
    char bytes[4096];
    const ssize_t size = ::pread(file, &bytes[0], sizeof bytes, 0);
    if (size <= 0) {
        return false;
    }
    for_each_piece({&bytes[0], static_cast<std::size_t>(size)}, '\n', [&](std::string_view line) {
        if (begins_with(line, "session=") && is_session_id(after(line, 8))) {
            session.id.assign(after(line, 8));
        } else if (begins_with(line, "store=") && is_plain_path(after(line, 6))) {
            session.store.assign(after(line, 6));
        }
    });
    return !session.id.empty() && !session.store.empty();
}

const char* script_word(Script script) {
    switch (script) {
        case Script::generated:
            return "generated";
        case Script::own:
            return "own";
        case Script::allocation:
            return "allocation";
    }
    return "";
}

}  // namespace

Rendering render(const char* pavsuite, const Choice& choice) {
    Rendering rendering{false, memory_file("pavtest-script"), memory_file("pavtest-bundle"),
                        memory_file("pavtest-messages")};
    Words words;
    words.add("pavsuite");
    words.add("render");
    words.add("--script-fd");
    words.add_number(rendering.script.get());
    words.add("--plan-fd");
    words.add_number(rendering.bundle.get());
    add_choice(words, choice);
    add_requests(words, choice);
    const Streams streams{
        -1, rendering.messages.get(), {rendering.script.get(), rendering.bundle.get()}};
    const Ending ending = run(pavsuite, words, streams, resolve_milliseconds);
    rendering.ok = ending.ok();
    explain_silence(rendering.messages, pavsuite, ending);
    return rendering;
}

Freezing freeze(const char* pavsuite, const Descriptor& bundle, const Choice& choice,
                Script script) {
    Freezing freezing;
    freezing.messages = memory_file("pavtest-messages");
    const Descriptor answer = memory_file("pavtest-session");
    Words words;
    words.add("pavsuite");
    words.add("freeze");
    words.add("--script");
    words.add(script_word(script));
    if (bundle.valid()) {
        ::lseek(bundle.get(), 0, SEEK_SET);
        words.add("--bundle-fd");
        words.add_number(bundle.get());
    } else {
        add_choice(words, choice);
        add_requests(words, choice);
    }
    const Streams streams{answer.get(), freezing.messages.get(), {bundle.get(), -1}};
    const Ending ending = run(pavsuite, words, streams, resolve_milliseconds);
    explain_silence(freezing.messages, pavsuite, ending);
    if (ending.exit_status == exit_usage || ending.exit_status == exit_nothing_selected) {
        freezing.outcome = Freezing::Outcome::bad_request;
    } else if (ending.ok()) {
        if (parse_session(answer.get(), freezing.session)) {
            freezing.outcome = Freezing::Outcome::done;
        } else {
            ::dprintf(freezing.messages.get(),
                      "%s named no session and store that can be passed on: the store's path must "
                      "be absolute, at most 1024 characters, ASCII, without quotes\n",
                      pavsuite);
        }
    }
    return freezing;
}

void record_submission(const char* pavsuite, const Session& session, int exit_status) {
    const Descriptor messages = memory_file("pavtest-messages");
    Words words;
    words.add("pavsuite");
    words.add("submission");
    words.add("--store");
    words.add(session.store.view());
    words.add("--session");
    words.add(session.id.view());
    words.add("--exit-status");
    words.add_number(exit_status);
    // What goes wrong here is no reason to worry the user: pavstat finds out later.
    run(pavsuite, words, {-1, messages.get(), {-1, -1}}, record_milliseconds);
}

}  // namespace pavtest::spank
