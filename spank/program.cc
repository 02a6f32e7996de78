// sbatch, salloc and scrontab are one SPANK context and differ by name only.
#include "program.h"

#include <unistd.h>

#include "text.h"

namespace pavtest::spank {

Program program_of_path(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    const std::string_view name = slash == std::string_view::npos ? path : after(path, slash + 1);
    if (begins_with(name, "sbatch")) {
        return Program::sbatch;
    }
    if (begins_with(name, "salloc")) {
        return Program::salloc;
    }
    return begins_with(name, "srun") ? Program::srun : Program::other;
}

Program current_program() {
    char path[4096];
    const ssize_t size = ::readlink("/proc/self/exe", &path[0], sizeof path);
    return size > 0 ? program_of_path({&path[0], static_cast<std::size_t>(size)}) : Program::other;
}

}  // namespace pavtest::spank
