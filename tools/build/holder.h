// Who builds: named so that another process, user or host can tell whether it still lives.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/environment.h"
#include "session/slurm_questions.h"

namespace pavtest::build {

struct Holder {
    std::string host;           // the kernel's name
    std::string boot;           // of this start of the host
    std::string pid_namespace;  // in which the pid is one
    pid_t pid = 0;
    std::uint64_t start_time = 0;  // with the pid, names a process for ever
    uid_t uid = 0;
    std::string user;
    std::string cluster;
    std::uint32_t job = 0;  // 0: in no Slurm job
    std::uint32_t restart = 0;
    std::string node;
    std::string token;  // of this attempt

    /// For people: "games (job 4711.0 on n1, pid 234)".
    [[nodiscard]] std::string text() const;
    bool operator==(const Holder&) const = default;
};

/// This process. `token` is new with each call.
Holder this_holder(const Environment& environment);
/// The same process at another attempt.
Holder with_new_token(Holder holder);
std::string to_json(const Holder& holder);
std::optional<Holder> holder_from_json(std::string_view text);

enum class Life { alive, dead, unknown };

class Witness {
  public:
    virtual ~Witness() = default;
    /// What this host can tell of a holder by itself.
    virtual Life look(const Holder& holder) = 0;
    /// What Slurm says, by one question. Only a proven end is one: a controller that does not
    /// answer, or may hide jobs, is no proof.
    virtual Life ask(const Holder& holder) = 0;
};

class HostWitness : public Witness {
  public:
    /// `slurm` may be null where there is none to ask.
    HostWitness(Holder self, session::SlurmQuestions* slurm)
        : self_(std::move(self)), slurm_(slurm) {}
    Life look(const Holder& holder) override;
    Life ask(const Holder& holder) override;

  private:
    Holder self_;
    session::SlurmQuestions* slurm_;
};

}  // namespace pavtest::build
