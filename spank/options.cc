// Names, help texts, and the callback that sends each value to its context.
#include "options.h"

#include "allocator.h"
#include "choice.h"
#include "local.h"

namespace pavtest::spank {

namespace {

struct Help {
    Option option;
    const char* argument;
    const char* usage;
};

// Slurm wraps these at the width of the terminal, in a column of 50 and less.
constexpr Help helps[option_count] = {
    {Option::request, "SUITE[.TEST],..",
     "run these tests in the job; without a script the job is the suite's own, sized as the suite "
     "says ('pavsuite list' shows them)"},
    {Option::mode, "MODE,..", "apply these pavtest mode files"},
    {Option::host, "NAME", "use this pavtest host file instead of this host's"},
    {Option::os, "NAME", "use this pavtest os file instead of this host's"},
    {Option::set, "KEY=VALUE", "override a test's setting; may be given again"},
};

// In slurmstepd the values are only known, not used: sbatch has frozen what they meant.
int told(int value, const char* argument, int remote) noexcept {
    if (remote != 0 || argument == nullptr) {
        return 0;
    }
    const auto option = static_cast<Option>(value);
    switch (spank_context()) {
        case S_CTX_ALLOCATOR:
            return allocator_option(option, argument);
        case S_CTX_LOCAL:
            return local_option(option);
        default:
            return 0;
    }
}

}  // namespace

void register_options(spank_t spank) {
    for (const Help& help : helps) {
        // Slurm's struct is older than const in C headers; the strings are copied.
        spank_option option{const_cast<char*>(option_name(help.option)),
                            const_cast<char*>(help.argument),
                            const_cast<char*>(help.usage),
                            1,
                            static_cast<int>(help.option),
                            told};
        if (spank_option_register(spank, &option) != ESPANK_SUCCESS) {
            slurm_error("pavtest: Slurm did not accept the option --%s", option_name(help.option));
        }
    }
}

}  // namespace pavtest::spank
