// The way of one submission, up to the moment at which sbatch talks to slurmctld.
#include "allocator.h"

#include <cstdlib>

#include "checks.h"
#include "messages.h"
#include "state.h"
#include "submission.h"
#include "variables.h"

namespace pavtest::spank {

namespace {

// sbatch's own status for options that it refuses, and for failures.
constexpr int exit_refused = 255;
constexpr int exit_failed = 1;

// Without a valid script, the second pass over the options, which calls us back,
// would never come.
constexpr std::string_view stub_script = "#!/bin/sh\nexit 1\n";

// From init_post_opt of an optional plugin there is no other way to end sbatch.
// Nothing of Slurm's is pending there that an exit handler would have to flush.
[[noreturn]] void end_command(int status) {
    ::_exit(status);
}

void start_sbatch(State& s) {
    if (!s.scanned.asks || s.scanned.names_standard_input) {
        return;
    }
    Rendering rendering;
    if (s.scanned.choice.asked()) {
        rendering = render(s.arguments.pavsuite, s.scanned.choice);
        s.rendered = true;
        s.render_ok = rendering.ok;
    }
    if (!rendering.ok) {
        rendering.script = memory_file("pavtest-stub");
        [[maybe_unused]] const ssize_t written =
            ::write(rendering.script.get(), stub_script.data(), stub_script.size());
    }
    s.script = rendering.script.release();
    s.bundle = rendering.bundle.release();
    s.render_messages = rendering.messages.release();
    replace_standard_input(s.standard_input, s.script);
}

int refuse(Option option, const char* value, const char* reason) {
    slurm_error("pavtest: --%s=%.200s %s", option_name(option), value, reason);
    return -1;
}

// The job asked for a suite without naming a script, and sbatch has read ours: is
// that what was meant?
void check_generated(const State& s, bool other_script_waits) {
    if (!s.choice.asked()) {
        slurm_error(
            "pavtest: --pavtest=%s on the command line became the value of another option, and no "
            "script is named; give every option its value",
            s.scanned.choice.request.c_str());
        end_command(exit_refused);
    }
    if (s.scanned.has_colon) {
        slurm_error(
            "pavtest: a heterogeneous job (':') cannot be made from a suite; submit the suite by "
            "itself, or name a script that runs pavrun");
        end_command(exit_refused);
    }
    if (other_script_waits) {
        slurm_error(
            "pavtest: no script is named, but one waits on standard input, and --pavtest=%s brings "
            "its own; to submit yours, name its file, or /dev/stdin",
            s.choice.request.c_str());
        end_command(exit_refused);
    }
    if (!(s.choice == s.scanned.choice)) {
        slurm_error(
            "pavtest: some --pavtest option on the command line became the value of another "
            "option; give every option its value, and each --pavtest option as --NAME=VALUE");
        end_command(exit_refused);
    }
    if (!s.render_ok) {
        pass_on_file(Severity::error, s.render_messages);
        end_command(exit_refused);
    }
}

bool rendering_is_good(const State& s) {
    return s.rendered && s.render_ok && s.choice == s.scanned.choice;
}

Session freeze_or_end(const State& s, Script script) {
    const bool use_bundle = rendering_is_good(s);
    if (use_bundle) {
        pass_on_file(Severity::notice, s.render_messages);
    }
    const Descriptor bundle(use_bundle ? s.bundle : -1);
    const Freezing freezing = freeze(s.arguments.pavsuite, bundle, s.choice, script);
    if (freezing.outcome == Freezing::Outcome::done) {
        pass_on_file(Severity::notice, freezing.messages.get());
        return freezing.session;
    }
    pass_on_file(Severity::error, freezing.messages.get());
    slurm_error("pavtest: nothing was submitted");
    end_command(freezing.outcome == Freezing::Outcome::bad_request ? exit_refused : exit_failed);
}

// To the job's environment, and to prolog and epilog.
void pass_to_job(spank_t spank, const char* name, const char* value) {
    ::setenv(name, value, 1);
    if (spank_job_control_setenv(spank, name, value, 1) != ESPANK_SUCCESS) {
        slurm_error("pavtest: Slurm did not take %s for prolog and epilog", name);
    }
}

void refuse_second_component(const State& s) {
    slurm_error(
        "pavtest: a heterogeneous job cannot be a test session; submit one job for each component");
    if (!s.session.id.empty()) {
        record_submission(s.arguments.pavsuite, s.session, exit_refused);
    }
    end_command(exit_refused);
}

}  // namespace

void allocator_init(const Arguments& arguments, Program program, const CommandLine& line) {
    State& s = state();
    s.program = program;
    s.scanned = line;
    s.arguments = arguments;
    s.inside_plugin = std::getenv(guard_variable) != nullptr;
    clear_inherited_variables();
    if (const char* job = std::getenv("SLURM_JOB_ID")) {
        s.old_job_id.assign(job);
    }
    if (s.program == Program::sbatch && !s.inside_plugin) {
        start_sbatch(s);
    }
}

int allocator_option(Option option, const char* value) {
    State& s = state();
    if (s.inside_plugin) {
        return refuse(option, value, "cannot be used by what pavtest itself starts");
    }
    if (s.program != Program::sbatch && s.program != Program::salloc) {
        return refuse(option, value, "works with sbatch and salloc only");
    }
    if (const char* reason = s.choice.choose(option, value)) {
        return refuse(option, value, reason);
    }
    // A rendering of other words (a job's own arguments can look like our option)
    // says nothing about this request; freezing will.
    const bool is_about_this =
        option == Option::request && s.rendered && s.scanned.choice.request == s.choice.request;
    if (is_about_this && !s.render_ok) {
        pass_on_file(Severity::error, s.render_messages);
        return -1;
    }
    return 0;
}

void allocator_init_post_opt(spank_t spank) {
    State& s = state();
    if (++s.post_option_calls > 1) {
        if (s.choice.asked()) {
            refuse_second_component(s);
        }
        return;
    }
    const bool generated = script_was_read(s.standard_input);
    const bool other_script_waits = generated && shows_script(s.standard_input.old);
    restore_standard_input(s.standard_input);
    if (generated) {
        check_generated(s, other_script_waits);
    }
    if (!s.choice.asked()) {
        return;
    }
    const bool own_script = !generated && s.program == Program::sbatch;
    if (s.scanned.test_only || (own_script && own_script_says_test_only())) {
        if (rendering_is_good(s)) {
            pass_on_file(Severity::notice, s.render_messages);
        }
        return;
    }
    Script script = Script::own;
    if (generated) {
        script = Script::generated;
    } else if (s.program == Program::salloc) {
        script = Script::allocation;
    }
    s.session = freeze_or_end(s, script);
    s.session_script = script;
    pass_to_job(spank, session_variable, s.session.id.c_str());
    pass_to_job(spank, store_variable, s.session.store.c_str());
    watch_submission();
}

}  // namespace pavtest::spank
