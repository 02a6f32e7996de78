// dup2 over 0; a look ahead by pread, tee or MSG_PEEK.
#include "standard_input.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "descriptor.h"

namespace pavtest::spank {

namespace {

using Mark = char[2];

bool look_into_file(int fd, Mark& mark) {
    const off_t here = ::lseek(fd, 0, SEEK_CUR);
    return here >= 0 && ::pread(fd, &mark[0], sizeof mark, here) == sizeof mark;
}

// tee(2) copies what is in one pipe into another and leaves it there.
bool look_into_pipe(int fd, Mark& mark) {
    int waiting = 0;
    if (::ioctl(fd, FIONREAD, &waiting) != 0 || waiting < static_cast<int>(sizeof mark)) {
        return false;
    }
    int ends[2];
    if (::pipe2(&ends[0], O_CLOEXEC | O_NONBLOCK) != 0) {
        return false;
    }
    const Descriptor read_end(ends[0]);
    const Descriptor write_end(ends[1]);
    return ::tee(fd, write_end.get(), sizeof mark, SPLICE_F_NONBLOCK) == sizeof mark &&
           ::read(read_end.get(), &mark[0], sizeof mark) == sizeof mark;
}

bool look_into_socket(int fd, Mark& mark) {
    return ::recv(fd, &mark[0], sizeof mark, MSG_PEEK | MSG_DONTWAIT) == sizeof mark;
}

}  // namespace

void replace_standard_input(StandardInput& input, int script) {
    input.old = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    input.replaced = true;
    if (::lseek(script, 0, SEEK_SET) == 0 && ::dup2(script, STDIN_FILENO) == STDIN_FILENO) {
        return;
    }
    const Descriptor nothing =
        above_standard(Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
    ::dup2(nothing.get(), STDIN_FILENO);
}

bool script_was_read(const StandardInput& input) {
    return input.replaced && ::lseek(STDIN_FILENO, 0, SEEK_CUR) > 0;
}

void restore_standard_input(StandardInput& input) {
    if (!input.replaced) {
        return;
    }
    if (input.old >= 0) {
        ::dup2(input.old, STDIN_FILENO);
        ::close(input.old);
    } else {
        ::close(STDIN_FILENO);
    }
    input = {};
}

bool shows_script(int fd) {
    struct stat status {};
    if (fd < 0 || ::fstat(fd, &status) != 0) {
        return false;
    }
    Mark mark{};
    bool seen = false;
    if (S_ISREG(status.st_mode)) {
        seen = look_into_file(fd, mark);
    } else if (S_ISFIFO(status.st_mode)) {
        seen = look_into_pipe(fd, mark);
    } else if (S_ISSOCK(status.st_mode)) {
        seen = look_into_socket(fd, mark);
    }
    return seen && mark[0] == '#' && mark[1] == '!';
}

}  // namespace pavtest::spank
