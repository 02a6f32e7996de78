// Reading /proc.
#include "run/process_table.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

#include "base/file.h"
#include "base/text.h"

namespace pavtest::run {

namespace {

template <class Number>
bool read_number(std::string_view text, Number& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size();
}

// pid (name) state parent group session …; the name may hold anything, so from its last ')'.
std::optional<ProcessEntry> parse_stat(std::string_view text) {
    const std::size_t open = text.find('(');
    const std::size_t close = text.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
        return std::nullopt;
    }
    ProcessEntry entry;
    entry.name = text.substr(open + 1, close - open - 1);
    const std::vector<std::string> fields = split(trim(text.substr(close + 1)), ' ');
    constexpr std::size_t start_time_field = 19;
    if (fields.size() <= start_time_field || fields[0].size() != 1 ||
        !read_number(trim(text.substr(0, open)), entry.pid) ||
        !read_number(fields[1], entry.parent) || !read_number(fields[3], entry.session) ||
        !read_number(fields[start_time_field], entry.start_time)) {
        return std::nullopt;
    }
    entry.state = fields[0].front();
    return entry;
}

}  // namespace

std::optional<ProcessEntry> process_entry(pid_t pid) {
    const auto text = read_file(fmt::format("/proc/{}/stat", pid));
    return text ? parse_stat(*text) : std::nullopt;
}

std::vector<ProcessEntry> all_processes() {
    std::vector<ProcessEntry> table;
    const auto proc = Directory::open("/proc");
    const auto names = proc ? proc->names() : tl::make_unexpected(proc.error());
    if (!names) {
        return table;
    }
    for (const std::string& name : *names) {
        pid_t pid = 0;
        if (read_number(name, pid)) {
            if (auto entry = process_entry(pid)) {
                table.push_back(std::move(*entry));
            }
        }
    }
    return table;
}

std::set<pid_t> with_descendants(const std::vector<ProcessEntry>& table, std::set<pid_t> roots) {
    // Pids wrap around, so a child may come before its parent: until nothing is added.
    for (bool added = true; added;) {
        added = false;
        for (const ProcessEntry& entry : table) {
            if (roots.contains(entry.parent) && roots.insert(entry.pid).second) {
                added = true;
            }
        }
    }
    return roots;
}

bool signal_process(const ProcessEntry& process, int signal) {
    const FileDescriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
    // From here on the handle, if there is one, stands for one process only: ours if it
    // started when ours did.
    const auto now = process_entry(process.pid);
    if (!now || now->start_time != process.start_time) {
        return false;
    }
    if (handle.valid()) {
        return ::syscall(SYS_pidfd_send_signal, handle.get(), signal, nullptr, 0) == 0;
    }
    return ::kill(process.pid, signal) == 0;
}

std::optional<std::vector<pid_t>> own_children() {
    const pid_t self = ::getpid();
    const auto text = read_file(fmt::format("/proc/{}/task/{}/children", self, self));
    if (!text) {
        return std::nullopt;
    }
    std::vector<pid_t> children;
    for (const std::string& word : split(trim(*text), ' ')) {
        pid_t pid = 0;
        if (read_number(word, pid)) {
            children.push_back(pid);
        }
    }
    return children;
}

}  // namespace pavtest::run
