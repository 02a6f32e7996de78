// prctl's child subreaper, and the kernel's list of our children.
#include "descendants.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "child.h"
#include "descriptor.h"

namespace pavtest::spank {

namespace {

constexpr long patience_milliseconds = 500;

ssize_t read_file(const char* path, char* bytes, std::size_t size) {
    const Descriptor file(::open(path, O_RDONLY | O_CLOEXEC));
    const ssize_t got = file.valid() ? ::read(file.get(), bytes, size - 1) : -1;
    bytes[got > 0 ? got : 0] = '\0';
    return got;
}

// Of this thread, the only one there is in a hook. Empty on a kernel without it.
template <typename Take>
void for_each_child(Take take) {
    char path[64];
    char bytes[4096];
    std::snprintf(&path[0], sizeof path, "/proc/self/task/%d/children", ::getpid());
    read_file(&path[0], &bytes[0], sizeof bytes);
    char* rest = &bytes[0];
    for (long child = 0; (child = std::strtol(rest, &rest, 10)) > 0;) {
        take(static_cast<pid_t>(child));
    }
}

bool belongs_to(pid_t child, uid_t user) {
    char path[64];
    char bytes[2048];
    std::snprintf(&path[0], sizeof path, "/proc/%d/status", child);
    read_file(&path[0], &bytes[0], sizeof bytes);
    const char* line = std::strstr(&bytes[0], "\nUid:\t");
    return line != nullptr && std::strtoul(line + 6, nullptr, 10) == user;
}

}  // namespace

Descendants::Descendants() {
    ::prctl(PR_GET_CHILD_SUBREAPER, &was_adopting_);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    for_each_child([this](pid_t child) {
        if (before_count_ < most_before) {
            before_[before_count_++] = child;
        }
    });
}

Descendants::~Descendants() {
    ::prctl(PR_SET_CHILD_SUBREAPER, was_adopting_);
}

void Descendants::end_all(uid_t user) {
    const Deadline patience(patience_milliseconds);
    bool some = true;
    while (some && patience.milliseconds_left() > 0) {
        some = false;
        for_each_child([&](pid_t child) {
            for (int i = 0; i < before_count_; ++i) {
                if (before_[i] == child) {
                    return;
                }
            }
            if (belongs_to(child, user)) {
                some = true;
                ::kill(child, SIGKILL);
                ::waitpid(child, nullptr, WNOHANG);
            }
        });
        if (some) {
            sleep_milliseconds(1);
        }
    }
}

}  // namespace pavtest::spank
