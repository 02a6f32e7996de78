// What an answer of Slurm's means for a session. Pure: no files, no commands.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "session/slurm_questions.h"
#include "session/view.h"
#include "status/record.h"

namespace pavtest::session {

enum class Standing {
    live,   // waits, runs, or is being cleaned up
    over,   // and Slurm will not start it again by itself
    other,  // a state that settles nothing: REQUEUED of the accounting, a sibling's REVOKED
};
Standing standing(std::string_view slurm_state);

/// Whether the job never had a node.
bool never_started(const SlurmJob& job);

/// The session that a job's comment names ("pavtest:ID"), or empty.
std::string_view session_in_comment(std::string_view comment);

/// Whether Slurm's job is the one of that session and job id, and not another one that has
/// the number again, or of another cluster.
bool is_job_of(const SlurmJob& job, const Header& header, std::uint32_t job_id);

/// A job that could be the one of a session which knows no job id: nobody's by its comment,
/// and submitted at about the time. `slack` allows for clocks that differ.
bool could_be_job_of(const SlurmJob& job, const SessionView& view, std::chrono::seconds slack);

/// How tests and session ended, by Slurm's word.
struct Ending {
    std::string state;
    status::Cause cause = status::Cause::none;
    std::string note;
};
/// `runner_spoke`: pavrun has written something in that restart.
Ending ending_of(const SlurmJob& job, bool runner_spoke);
/// For a job that Slurm has forgotten.
Ending ending_of_forgotten(const JobView& job);

/// The records that write an ending down: for tests without an end, for ends whose cause was
/// pending, and for the session itself; in the order in which to append them. Empty if there
/// is nothing to add. `slurm` is null for a forgotten job.
std::vector<status::Record> settling_records(const Header& header, const JobView& job,
                                             const Ending& ending, const SlurmJob* slurm);

/// "Slurm did not know the job": the first look.
status::Record look_record(const JobView& job);
/// Whether a job that Slurm does not know now was unknown before, for long enough, and has
/// written nothing since.
bool forgotten(const JobView& job, Timestamp now, std::chrono::seconds min_job_age);

}  // namespace pavtest::session
