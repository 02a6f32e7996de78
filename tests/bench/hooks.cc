// The cost of one prolog: a fresh process that loads a plugin and calls its hooks, as
// `slurmstepd spank prolog` does. usage: bench_hooks PLUGIN NOOP [ARGUMENT...]
#include <dlfcn.h>
#include <fmt/format.h>
#include <slurm/spank.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <vector>

// What slurmstepd would offer. The plugin under test finds these in this program.
namespace {
constexpr auto kOk = static_cast<spank_err_t>(ESPANK_SUCCESS);
constexpr auto kNo = static_cast<spank_err_t>(ESPANK_ENV_NOEXIST);
}  // namespace

#pragma GCC visibility push(default)
extern "C" {
spank_err_t spank_option_register(spank_t, struct spank_option*) {
    return kOk;
}
spank_context_t spank_context(void) {
    return S_CTX_JOB_SCRIPT;
}
int spank_remote(spank_t) {
    return 0;
}
spank_err_t spank_option_getopt(spank_t, struct spank_option*, char**) {
    return kNo;
}
spank_err_t spank_get_item(spank_t, spank_item_t item, ...) {
    va_list arguments;
    va_start(arguments, item);
    *va_arg(arguments, uint32_t*) = item == S_JOB_ID ? 1 : ::getuid();
    va_end(arguments);
    return kOk;
}
spank_err_t spank_getenv(spank_t, const char*, char*, int) {
    return kNo;
}
spank_err_t spank_setenv(spank_t, const char*, const char*, int) {
    return kOk;
}
spank_err_t spank_unsetenv(spank_t, const char*) {
    return kOk;
}
spank_err_t spank_job_control_setenv(spank_t, const char*, const char*, int) {
    return kOk;
}
spank_err_t spank_job_control_getenv(spank_t, const char*, char*, int) {
    return kNo;
}
const char* spank_strerror(spank_err_t) {
    return "";
}
int spank_symbol_supported(const char*) {
    return 1;
}
void slurm_error(const char*, ...) {}
void slurm_info(const char*, ...) {}
void slurm_verbose(const char*, ...) {}
void slurm_debug(const char*, ...) {}
void slurm_debug2(const char*, ...) {}
void slurm_debug3(const char*, ...) {}
void slurm_spank_log(const char*, ...) {}
}
#pragma GCC visibility pop

namespace {

constexpr int kRounds = 400;

using Hook = int (*)(spank_t, int, char**);

void call(void* plugin, const char* name, int argc, char** argv) {
    if (auto hook = reinterpret_cast<Hook>(::dlsym(plugin, name)); hook != nullptr) {
        hook(nullptr, argc, argv);
    }
}

// What the child of each round does.
[[noreturn]] void one_prolog(const char* path, int argc, char** argv) {
    ::close(0);  // as slurmd leaves it
    void* plugin = ::dlopen(path, RTLD_LAZY);
    if (plugin == nullptr) {
        fmt::print(stderr, "bench_hooks: {}\n", ::dlerror());
        ::_exit(3);
    }
    call(plugin, "slurm_spank_init", argc, argv);
    call(plugin, "slurm_spank_job_prolog", argc, argv);
    ::_exit(0);
}

double once(const char* path, int argc, char** argv) {
    const auto start = std::chrono::steady_clock::now();
    const pid_t child = ::fork();
    if (child == 0) {
        one_prolog(path, argc, argv);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (status != 0) {
        std::exit(3);
    }
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
        .count();
}

double median(std::vector<double>& values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        fmt::print(stderr, "usage: bench_hooks PLUGIN NOOP [ARGUMENT...]\n");
        return 2;
    }
    ::setenv("SLURM_SCRIPT_CONTEXT", "prolog_slurmd", 1);
    ::setenv("SLURM_JOB_ID", "1", 1);
    ::setenv("SLURMD_NODENAME", "n1", 1);
    // With the option a job carries its session; then the plugin starts the agent.
    const bool with_option = std::getenv("SPANK_PAVTEST_SESSION") != nullptr;
    std::vector<double> ours;
    std::vector<double> floor;
    for (int round = 0; round < kRounds; ++round) {  // in turn, so that drift hits both
        ours.push_back(once(argv[1], argc - 3, argv + 3));
        floor.push_back(once(argv[2], argc - 3, argv + 3));
    }
    const double value = median(ours);
    const double base = median(floor);
    fmt::print(
        "{{\"name\":\"{}\",\"value\":{:.3f},\"unit\":\"ms\",\"floor\":{:.3f},\"ratio\":{:.2f},"
        "\"n\":{}}}\n",
        with_option ? "hook_with_option" : "hook_without_option", value, base, value / base,
        kRounds);
    return 0;
}
