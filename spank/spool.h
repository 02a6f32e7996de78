// The spool: records that root composed on a node because the agent could not bring
// its own to the store. See docs/formats.md, "The spool".
#pragma once

#include <ctime>

#include "descriptor.h"
#include "job.h"
#include "text.h"

namespace pavtest::spank {

inline constexpr int spool_limit = 256;  // files of one user on one node

using Record = Text<4096>;

/// The one line of the file. `problem` is ours, without quotes.
void compose_record(Record& record, Hook hook, const Job& job, std::string_view problem,
                    const timespec& now);

/// A user's part of the spool on this node. Not valid() if there is none (and none
/// is to be made), or if the directories above it are not root's alone.
class Spool {
  public:
    enum class Missing { create, leave };

    Spool(const char* path, const Job& job, Missing missing);

    [[nodiscard]] bool valid() const { return directory_.valid(); }
    [[nodiscard]] const char* problem() const { return problem_; }

    /// False with a problem() where it could not be written.
    bool write(Hook hook, const Job& job, const Record& record);

    /// All that waits, as one file to read from its beginning; -1 if nothing does.
    Descriptor collect();

    /// What was collected is in the store.
    void remove_collected();

    /// The epilog of a requeued job is told the number of the restart to come, so the
    /// prolog leaves a note of its own. Without one, nothing is to be known.
    void note_restart(const Job& job);
    Text<20> noted_restart(const Job& job) const;
    void forget_restart(const Job& job);

  private:
    using Name = Text<64>;

    Descriptor directory_;
    const char* problem_ = nullptr;
    Name collected_[spool_limit];
    int collected_count_ = 0;
};

}  // namespace pavtest::spank
