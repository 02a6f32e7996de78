// File descriptors that close themselves and keep clear of 0, 1 and 2, which may
// be closed in sbatch and in a prolog: the next open() would else become one.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace pavtest::spank {

class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        if (this != &other) {
            reset(other.release());
        }
        return *this;
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { reset(); }

    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] bool valid() const { return fd_ >= 0; }

    [[nodiscard]] int release() {
        const int fd = fd_;
        fd_ = -1;
        return fd;
    }

    void reset(int fd = -1) {
        if (fd_ >= 0) {
            ::close(fd_);
        }
        fd_ = fd;
    }

  private:
    int fd_ = -1;
};

/// The same open file under a number from 3 on, closed on exec.
inline Descriptor above_standard(Descriptor descriptor) {
    if (!descriptor.valid() || descriptor.get() > 2) {
        return descriptor;
    }
    return Descriptor(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, 3));
}

inline Descriptor memory_file(const char* name) {
    return above_standard(Descriptor(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING)));
}

}  // namespace pavtest::spank
