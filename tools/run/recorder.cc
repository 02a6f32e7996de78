// Appending, and keeping what could not be appended.
#include "run/recorder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "status/status_file.h"

namespace pavtest::run {

namespace {

// About five records of a test, a third of a kilobyte each; and the session's own.
constexpr std::uint64_t kBytesPerTest = 2048;
constexpr std::uint64_t kBytesForSession = 64U << 10;

}  // namespace

Recorder::Recorder(session::Journal journal, Directory job, const JobContext& context,
                   const Clock& clock, Modes modes, std::string name)
    : journal_(std::move(journal)),
      job_(std::move(job)),
      context_(context),
      clock_(&clock),
      modes_(modes),
      name_(std::move(name)) {}

Result<Recorder> Recorder::open(const session::SessionDirectory& session, const JobContext& context,
                                const Clock& clock) {
    auto job = session.make_job_directory(context.key);
    if (!job) {
        return tl::make_unexpected(job.error());
    }
    const std::string name = session::journal_name(status::Role::runner, context.node);
    auto journal = session::Journal::open(*job, name, context.node, clock, session.file_mode());
    if (!journal) {
        return tl::make_unexpected(journal.error());
    }
    return Recorder(std::move(*journal), std::move(*job), context, clock,
                    {session.file_mode(), session.directory_mode()}, name);
}

void Recorder::reserve(std::uint64_t tests) {
    // Not every file system can; then a full disk costs records, and the output says so.
    journal_.reserve(kBytesForSession + tests * kBytesPerTest);
}

void Recorder::append(status::Record record) {
    record.role = status::Role::runner;
    record.job = context_.key.job;
    record.restart = context_.key.restart;
    waiting_.push_back(std::move(record));
    flush();
}

void Recorder::record(status::Record record) {
    append(std::move(record));
}

void Recorder::record(status::Record record, TestFiles* files) {
    if (files != nullptr && !record.state.empty()) {
        const auto written = files->append_status(
            status::format_status_line(clock_->now(), record.state, record.note));
        if (!written) {
            trouble_ = written.error().what;
        }
    }
    append(std::move(record));
}

void Recorder::result_line(const std::string& json) {
    if (!results_.valid()) {
        auto file = open_with_mode(job_, "results.jsonl", O_WRONLY | O_APPEND, modes_.file);
        if (!file) {
            trouble_ = file.error().what;
            return;
        }
        results_ = std::move(*file);
    }
    if (auto written = write_all(results_.get(), json + "\n", "results.jsonl"); !written) {
        trouble_ = written.error().what;
    }
}

bool Recorder::flush() {
    if (!waiting_.empty() && !job_.has(name_)) {
        // Writing on into a file that was deleted would look like success.
        trouble_ = "the journal '" + job_.path() + "/" + name_ + "' is gone";
        return false;
    }
    while (!waiting_.empty()) {
        if (auto appended = journal_.append(waiting_.front()); !appended) {
            trouble_ = appended.error().what;
            return false;
        }
        waiting_.pop_front();
        if (waiting_.empty()) {
            trouble_.clear();
        }
    }
    return true;
}

void Recorder::close() {
    flush();
    const auto file = job_.open_file(name_, O_WRONLY);
    struct stat info {};
    if (file && ::fstat(file->get(), &info) == 0 && ::ftruncate(file->get(), info.st_size) != 0) {
        trouble_ = "the room that was kept for the journal could not be given back";
    }
}

std::string earlier_status_lines(const Ledger& ledger, std::uint32_t test) {
    std::string lines;
    for (const CommonState& state : ledger.before) {
        if (state.holds_for(test)) {
            lines += status::format_status_line(state.when, state.state, state.note);
        }
    }
    return lines;
}

}  // namespace pavtest::run
