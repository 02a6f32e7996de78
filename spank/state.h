// The plugin's memory between the hooks of one sbatch, salloc or srun. A SPANK
// callback gets no pointer of ours, so this has to be global; it is all there is,
// it is plain data, and the job's hooks as root use none of it.
#pragma once

#include "arguments.h"
#include "command_line.h"
#include "pavsuite.h"
#include "program.h"
#include "standard_input.h"

namespace pavtest::spank {

struct State {
    Program program = Program::other;
    Arguments arguments{};
    bool inside_plugin = false;  // started by what the plugin itself started

    Choice choice;  // what the callbacks have been told

    CommandLine scanned;    // sbatch's; from here on for sbatch only
    bool rendered = false;  // the scanned choice was, and with this outcome:
    bool render_ok = false;
    int script = -1;
    int bundle = -1;
    int render_messages = -1;
    StandardInput standard_input;

    int post_option_calls = 0;  // from here on for salloc too
    Session session;            // frozen; what became of it is on record when the command exits
    Script session_script = Script::generated;
    long long frozen_at = 0;  // milliseconds
    int owner = 0;            // the process whose exit counts, not a child's
    Text<32> old_job_id;      // SLURM_JOB_ID as it was inherited
};

State& state();

}  // namespace pavtest::spank
