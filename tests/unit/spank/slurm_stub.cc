#include "slurm_stub.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace pavtest::spank {

Slurm& slurm() {
    static Slurm only;
    return only;
}

namespace {

std::string join(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) {
        text += line + "\n";
    }
    return text;
}

std::string formatted(const char* format, va_list values) {
    char text[65536];
    std::vsnprintf(text, sizeof text, format, values);
    // Seen in the output of death tests, which run in processes of their own.
    std::fprintf(stderr, "%s\n", text);
    return text;
}

}  // namespace

std::string Slurm::all_errors() const {
    return join(errors);
}
std::string Slurm::all_notices() const {
    return join(notices);
}

}  // namespace pavtest::spank

using pavtest::spank::slurm;

extern "C" {

void slurm_error(const char* format, ...) {
    va_list values;
    va_start(values, format);
    slurm().errors.push_back(pavtest::spank::formatted(format, values));
    va_end(values);
}

void slurm_spank_log(const char* format, ...) {
    va_list values;
    va_start(values, format);
    slurm().errors.push_back(pavtest::spank::formatted(format, values));
    va_end(values);
}

void slurm_info(const char* format, ...) {
    va_list values;
    va_start(values, format);
    slurm().notices.push_back(pavtest::spank::formatted(format, values));
    va_end(values);
}

spank_context_t spank_context() {
    return slurm().context;
}

spank_err_t spank_option_register(spank_t /*spank*/, spank_option* option) {
    slurm().options.push_back(*option);
    return static_cast<spank_err_t>(ESPANK_SUCCESS);
}

spank_err_t spank_job_control_setenv(spank_t /*spank*/, const char* name, const char* value,
                                     int /*overwrite*/) {
    slurm().job_control[name] = value;
    return static_cast<spank_err_t>(ESPANK_SUCCESS);
}

spank_err_t spank_getenv(spank_t /*spank*/, const char* name, char* buffer, int size) {
    const auto found = slurm().job_environment.find(name);
    if (found == slurm().job_environment.end()) {
        return ESPANK_ENV_NOEXIST;
    }
    std::snprintf(buffer, static_cast<std::size_t>(size), "%s", found->second.c_str());
    return found->second.size() < static_cast<std::size_t>(size)
               ? static_cast<spank_err_t>(ESPANK_SUCCESS)
               : ESPANK_NOSPACE;
}

spank_err_t spank_setenv(spank_t /*spank*/, const char* name, const char* value, int overwrite) {
    if (overwrite == 0 && slurm().job_environment.contains(name)) {
        return ESPANK_ENV_EXISTS;
    }
    slurm().job_environment[name] = value;
    return static_cast<spank_err_t>(ESPANK_SUCCESS);
}

spank_err_t spank_unsetenv(spank_t /*spank*/, const char* name) {
    slurm().job_environment.erase(name);
    return static_cast<spank_err_t>(ESPANK_SUCCESS);
}

// Slurm's own prototype: an enumeration in front of the dots.
#pragma GCC diagnostic ignored "-Wvarargs"
spank_err_t spank_get_item(spank_t /*spank*/, spank_item_t item, ...) {
    va_list values;
    va_start(values, item);
    auto* into = va_arg(values, std::uint32_t*);
    va_end(values);
    if (!slurm().items_known) {
        return ESPANK_NOT_AVAIL;
    }
    switch (item) {
        case S_JOB_ID:
            *into = slurm().job_id;
            break;
        case S_JOB_UID:
            *into = slurm().uid;
            break;
        case S_JOB_GID:
            *into = slurm().gid;
            break;
        default:
            return ESPANK_BAD_ARG;
    }
    return static_cast<spank_err_t>(ESPANK_SUCCESS);
}
}
