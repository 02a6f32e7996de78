// How a test ends: its results, its cleanup, what goes on record, and an end before its time.
#include <fmt/format.h>

#include "run/test_run.h"
#include "status/states.h"

namespace pavtest::run {

namespace state = status::state;
using status::Record;

// The verdict is known, and stands whatever becomes of the cleanup.
void TestRun::judged(Verdict verdict, Duration now) {
    judged_ = std::move(verdict);
    clean_up(now);
}

void TestRun::clean_up(Duration now) {
    stage_ = Stage::cleaning;
    if (ran_ && !cleanup_.empty() && !run_stage_->lost() && !cleanup_stage_) {
        cleanup_stage_.emplace(static_cast<PlacedHost&>(*this), cleanup_, run_, build_.shebang);
        if (cleanup_due_) {
            cleanup_stage_->hurry(*cleanup_due_);
        }
        cleanup_stage_->start(now);
    }
    step_cleanup(now);
}

void TestRun::step_cleanup(Duration now) {
    if (cleanup_stage_) {
        cleanup_stage_->step(now);
    }
    if (!aborted_ && (!cleanup_stage_ || cleanup_stage_->over())) {
        verdict_ = std::move(judged_);
    }
}

ResultInputs TestRun::result_inputs() const {
    ResultInputs inputs{
        .facts = {&world_.header, &test_, &world_.job, attempt_.number, started_, finished_},
        .end = end_,
        .timeout = run_.timeout,
        .places = {},
        .environment = {},
        .limits = {}};
    if (files_) {
        inputs.places = {files_->build_path(), files_->path(), files_->path() + "/run.log"};
        inputs.environment = script_environment();
    }
    return inputs;
}

Result<> TestRun::start_results(Duration now) {
    stage_ = Stage::results;
    results_.emplace(result_inputs());
    const bool by_child = results_->needs_child();
    if (!aborted_) {
        record(state::results, by_child ? "parsing" : "default result: return_value == 0");
    }
    if (!by_child) {
        take(results_->judge(), now);
        return {};
    }
    auto child = results_->child();
    if (!child) {
        return tl::make_unexpected(child.error());
    }
    return start_script(std::move(*child), now);
}

void TestRun::take(ResultOutcome outcome, Duration now) {
    results_json_ = std::move(outcome.json);
    if (aborted_) {
        results_json_ = interrupted_results(results_json_, *aborted_);
        write_results();
        clean_up(now);
        return;
    }
    if (outcome.failed) {
        record(state::results_error, outcome.verdict.reason);
    }
    judged(std::move(outcome.verdict), now);
}

void TestRun::write_results() {
    if (files_) {
        // The journal has the verdict; a full disk loses the details.
        static_cast<void>(files_->write("results.json", results_json_ + "\n"));
    }
    world_.recorder.result_line(results_json_);
}

// What the end of an attempt says. Its results are written first.
Record TestRun::end_record() {
    Record end = record_of(verdict_->state, verdict_->reason);
    end.result = verdict_->result;
    end.nodes = nodes_;
    if (end_.return_value) {
        end.return_value = end_.return_value;
        end.duration = end_.duration;
    }
    if (end_.signal != 0) {
        end.signal = end_.signal;
    }
    if (verdict_->result != status::Verdict::none) {
        end.note = fmt::format("{}: {}", status::to_string(verdict_->result), verdict_->reason);
        if (results_json_.empty()) {
            finished_ = world_.recorder.now();
            results_json_ = ResultStage(result_inputs()).settled(*verdict_).json;
        }
        write_results();
    }
    return end;
}

void TestRun::conclude() {
    Record end = end_record();
    end.end = true;
    end.cause = verdict_->cause;
    end.again = lost_its_node();
    if (attempt_.here > 1) {
        end.note += "; " + attempt_.text();
    }
    record(std::move(end));
}

void TestRun::conclude_attempt() {
    Record end = end_record();
    end.state = state::info;
    end.note = fmt::format("{}: {}; runs again", attempt_.text(), end.note);
    record(std::move(end));
}

void TestRun::abort(status::Cause cause, const std::string& note, Duration now,
                    const StopTimes& times) {
    Record end = record_of(state::aborted, note);
    end.end = true;
    end.again = true;
    end.cause = cause;
    end.nodes = nodes_;
    if (end_.return_value) {
        end.return_value = end_.return_value;
    }
    record(std::move(end));
    aborted_ = note;
    cleanup_due_ = times.cleanup_due;
    if (build_stage_) {
        build_stage_->stop(now, times.grace);
    }
    if (stage_ == Stage::running && run_stage_) {
        run_stage_->stop(now, times.grace);
    }
    if (cleanup_stage_) {
        cleanup_stage_->hurry(times.cleanup_due);
    }
    if (script_ && stage_ != Stage::results) {
        script_->stop(now, times.grace);
    } else if (!results_json_.empty()) {
        results_json_ = interrupted_results(results_json_, note);
        write_results();
    }
}

bool TestRun::stopped() const {
    if (over()) {
        return true;
    }
    switch (stage_) {
        case Stage::building:
            return !build_stage_ || build_stage_->stopped();
        case Stage::running:
            return !run_stage_ || run_stage_->over();
        case Stage::cleaning:
            return !cleanup_stage_ || cleanup_stage_->over();
        case Stage::resolving:
        case Stage::results:
            break;
    }
    return !script_;
}

bool TestRun::finishing() const {
    return !stopped() && (stage_ == Stage::results || stage_ == Stage::cleaning);
}

void TestRun::give_up_results(Duration now) {
    if (stage_ == Stage::results && script_) {
        script_->stop(now, Duration(0));
    }
}

}  // namespace pavtest::run
