// Putting the generated batch script in the place of sbatch's standard input, and
// everything back again. Nothing is ever read from the old standard input: it may
// be a loop's list, a piped shell's program, or a terminal.
#pragma once

namespace pavtest::spank {

struct StandardInput {
    bool replaced = false;
    int old = -1;  // a copy of the old one; -1 if it was closed
};

/// Makes `script` (kept by the caller) standard input, from its beginning. An empty
/// /dev/null takes its place where that fails: sbatch must not wait on a terminal.
void replace_standard_input(StandardInput& input, int script);

/// Whether sbatch read the script: not if another one was named, nor with --wrap.
bool script_was_read(const StandardInput& input);

void restore_standard_input(StandardInput& input);

/// True if an open file (of any kind) would give "#!" next; looks without consuming.
bool shows_script(int fd);

}  // namespace pavtest::spank
