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
    Program program;
    Arguments arguments;
    bool inside_plugin;  // started by what the plugin itself started

    Choice choice;  // what the callbacks have been told

    CommandLine scanned;  // sbatch only, from here on
    bool rendered;        // the scanned choice was, and with this outcome:
    bool render_ok;
    int script;
    int bundle;
    int render_messages;
    StandardInput standard_input;

    int post_option_calls;
    Session session;  // frozen; its submission is on record when the command exits
    Script session_script;
    long long frozen_at;  // milliseconds
    int owner;            // the process whose exit counts, not a child's
    Text<32> old_job_id;  // SLURM_JOB_ID as salloc inherited it
};

State& state();

}  // namespace pavtest::spank
