// Asking for all sessions together, and writing answers down.
#include "session/settle.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>

#include "session/settle_rules.h"

namespace pavtest::session {

namespace {

using status::Record;
using status::Role;

constexpr std::chrono::seconds kTooYoung{30};   // a submission that may still be under way
constexpr std::chrono::seconds kSameMoment{5};  // submitted together, as clocks allow
constexpr std::chrono::hours kAwaited{7 * 24};
constexpr std::chrono::seconds kWideWindow{7200};  // clocks may differ by so much

Timestamp plus(Timestamp when, std::chrono::seconds seconds) {
    return {when.microseconds + seconds.count() * 1'000'000};
}

// One job of one session that has no end yet.
struct Question {
    OpenSession* session = nullptr;
    std::size_t job = 0;  // its place in the view
    std::optional<SlurmJob> answer;
    bool several = false;  // jobs that could be it
    bool rest = false;     // about the tasks of an array that no record names yet
};

constexpr std::size_t kNoJobYet = static_cast<std::size_t>(-1);

// For a task that no record names, what any job of the session was before it started.
JobView job_of(const Question& question) {
    const SessionView& view = question.session->view;
    if (question.job != kNoJobYet) {
        return view.jobs[question.job];
    }
    JobView fresh;
    if (question.rest) {
        fresh.job = view.array_job;
    }
    for (std::uint32_t i = 0; i < view.header.tests; ++i) {
        fresh.tests.emplace_back().index = i;
    }
    return fresh;
}

using JobsByComment = std::map<std::string, std::vector<const SlurmJob*>, std::less<>>;

// Tasks that nobody has heard of for so long after the others are not asked for for ever.
bool heard_of_lately(const SessionView& view, Timestamp now) {
    return std::any_of(view.jobs.begin(), view.jobs.end(), [&](const JobView& job) {
        return !job.when || now < plus(*job.when, kAwaited);
    });
}

// Another pavstat of this user may have had the same answer while we waited for the lock.
bool settled_meanwhile(const SessionDirectory& session, const JobView& job) {
    const auto now = view_session(session);
    return now && std::any_of(now->jobs.begin(), now->jobs.end(), [&](const JobView& each) {
               return each.job == job.job && each.settled();
           });
}

// Everything about one cluster.
class ClusterSettling {
  public:
    ClusterSettling(std::string cluster, SlurmQuestions& slurm, const Asker& asker, bool write,
                    Settling& result)
        : cluster_(std::move(cluster)),
          slurm_(slurm),
          asker_(asker),
          write_(write),
          result_(result) {}

    void ask(std::vector<Question> questions);

  private:
    void link(const std::vector<SlurmJob>& jobs, bool accounting);
    void link_nameless(Question& question, const std::vector<SlurmJob>& jobs, bool accounting);
    void add_waiting_tasks(const std::vector<SlurmJob>& jobs);
    void add_live(const std::string& session, const SlurmJob& job);
    void act();
    void settle_one(const Question& question, const Ending& ending, const SlurmJob* slurm);
    void add_look(const Question& question);
    void append(OpenSession& session, const JobView& job, const std::vector<Record>& records,
                bool started);
    Result<> append_records(const SessionDirectory& session, const JobView& job,
                            const std::vector<Record>& records, bool started);
    void remark(const Error& error);
    [[nodiscard]] bool open_questions() const;
    [[nodiscard]] Timestamp earliest() const;

    std::string cluster_;
    SlurmQuestions& slurm_;
    const Asker& asker_;
    bool write_;
    Settling& result_;
    std::vector<Question> questions_;
    std::set<std::uint32_t> claimed_;  // job ids that sessions have on record
    std::optional<ClusterFacts> facts_;
};

void ClusterSettling::remark(const Error& error) {
    result_.answered = false;
    result_.remarks.push_back(error.what);
}

bool ClusterSettling::open_questions() const {
    return std::any_of(questions_.begin(), questions_.end(), [&](const Question& question) {
        const Timestamp created = question.session->view.header.created;
        return !question.answer && asker_.clock->now() >= plus(created, kTooYoung);
    });
}

Timestamp ClusterSettling::earliest() const {
    Timestamp first = asker_.clock->now();
    for (const Question& question : questions_) {
        first = std::min(first, question.session->view.header.created);
    }
    return plus(first, -kWideWindow);
}

void ClusterSettling::ask(std::vector<Question> questions) {
    questions_ = std::move(questions);
    for (const Question& question : questions_) {
        for (const JobView& job : question.session->view.jobs) {
            claimed_.insert(job.job.value_or(0));
        }
    }
    const auto jobs = slurm_.queue(cluster_, asker_.user);
    if (!jobs) {
        remark(jobs.error());
        return;
    }
    link(*jobs, false);
    if (open_questions()) {
        if (auto facts = slurm_.facts(cluster_)) {
            facts_ = *std::move(facts);
        } else {
            remark(facts.error());
        }
    }
    // Another cluster than the one on record has nothing to say.
    const bool right_one = facts_ && (cluster_.empty() || same_cluster(facts_->name, cluster_));
    if (facts_ && !right_one) {
        result_.remarks.push_back(fmt::format("cluster '{}' can't be asked from here: this is '{}'",
                                              cluster_, facts_->name));
        facts_.reset();
    }
    if (facts_ && facts_->accounting) {
        std::vector<std::uint32_t> ids;
        bool nameless = false;
        for (const Question& question : questions_) {
            if (!question.answer) {
                nameless = nameless || !job_of(question).job;
                ids.push_back(job_of(question).job.value_or(0));
            }
        }
        // Who has no job id is looked for among all jobs of that time.
        if (nameless) {
            ids.clear();
        }
        if (const auto past = slurm_.accounting(cluster_, asker_.user, ids, earliest())) {
            link(*past, true);
        } else {
            remark(past.error());
        }
    }
    act();
}

// Finds for each question its job in an answer. Of several rows with one id (requeues, in
// the accounting) the last submission counts.
void ClusterSettling::link(const std::vector<SlurmJob>& jobs, bool accounting) {
    std::multimap<std::uint32_t, const SlurmJob*> by_id;
    JobsByComment by_comment;
    for (const SlurmJob& job : jobs) {
        by_id.emplace(job.job, &job);
        if (const auto id = session_in_comment(job.comment); !id.empty()) {
            by_comment[std::string(id)].push_back(&job);
        }
    }
    for (Question& question : questions_) {
        if (question.answer || question.rest) {
            continue;
        }
        const Header& header = question.session->view.header;
        if (const auto id = job_of(question).job) {
            for (auto [at, end] = by_id.equal_range(*id); at != end; ++at) {
                const SlurmJob& job = *at->second;
                if (is_job_of(job, header, *id) &&
                    (!question.answer || job.submitted >= question.answer->submitted)) {
                    question.answer = job;
                }
            }
            continue;
        }
        const auto named = by_comment.find(header.id);
        if (named == by_comment.end()) {
            link_nameless(question, jobs, accounting);
            continue;
        }
        for (const SlurmJob* job : named->second) {
            if (is_job_of(*job, header, job->job) &&
                (!question.answer || standing(job->state) == Standing::live ||
                 job->submitted > question.answer->submitted)) {
                question.answer = *job;
            }
        }
    }
    add_waiting_tasks(jobs);
}

// Tasks of an array that never started, beside those that have a directory. While one of
// them waits, those that were cancelled one by one are left for later.
void ClusterSettling::add_waiting_tasks(const std::vector<SlurmJob>& jobs) {
    std::map<std::string, std::vector<Question*>, std::less<>> by_session;
    std::map<std::uint32_t, std::string> by_array;
    for (Question& question : questions_) {
        const SessionView& view = question.session->view;
        if (view.jobs.front().job) {
            by_session[view.header.id].push_back(&question);
            by_array.emplace(view.array_job, view.header.id);
        }
    }
    std::map<std::string, std::vector<const SlurmJob*>> over;
    for (const SlurmJob& job : jobs) {
        const auto array = by_array.find(job.array_job);
        const bool of_array = job.array_job != 0 && array != by_array.end();
        const auto found = of_array ? by_session.find(array->second)
                                    : by_session.find(session_in_comment(job.comment));
        if (found == by_session.end() || claimed_.contains(job.job) ||
            !is_job_of(job, found->second.front()->session->view.header, job.job)) {
            continue;
        }
        if (standing(job.state) == Standing::live) {
            add_live(found->first, job);
        } else if (standing(job.state) == Standing::over && never_started(job)) {
            over[found->first].push_back(&job);
        }
    }
    std::vector<Question> more;
    for (const auto& [id, questions] : by_session) {
        const bool waits = result_.live.contains(id);
        for (Question* const question : questions) {
            if (question->rest && waits) {
                question->answer = result_.live[id].front();
            }
        }
        for (const SlurmJob* const job : waits ? std::vector<const SlurmJob*>{} : over[id]) {
            Question* const rest = questions.back()->rest ? questions.back() : nullptr;
            if (rest != nullptr && !rest->answer) {
                rest->answer = *job;
            } else {
                more.push_back({questions.front()->session, kNoJobYet, *job, false, false});
            }
            claimed_.insert(job->job);
        }
    }
    std::move(more.begin(), more.end(), std::back_inserter(questions_));
}

void ClusterSettling::add_live(const std::string& session, const SlurmJob& job) {
    auto& live = result_.live[session];
    if (std::none_of(live.begin(), live.end(),
                     [&](const SlurmJob& each) { return each.job == job.job; })) {
        live.push_back(job);
    }
}

// A session without a job id, and no comment that names it. Exactly one job of that moment,
// claimed by nobody, is it; if there are several, nothing is proven.
void ClusterSettling::link_nameless(Question& question, const std::vector<SlurmJob>& jobs,
                                    bool accounting) {
    const SlurmJob* only = nullptr;
    for (const SlurmJob& job : jobs) {
        if (claimed_.contains(job.job) || standing(job.state) == Standing::other) {
            continue;
        }
        if (!accounting && could_be_job_of(job, question.session->view, kWideWindow)) {
            question.several = true;
        }
        if (could_be_job_of(job, question.session->view, kSameMoment)) {
            if (only != nullptr && only->job != job.job) {
                return;
            }
            only = &job;
        }
    }
    if (only != nullptr) {
        question.answer = *only;
    }
}

void ClusterSettling::act() {
    for (const Question& question : questions_) {
        const JobView job = job_of(question);
        if (question.answer) {
            const SlurmJob& slurm = *question.answer;
            if (standing(slurm.state) == Standing::live) {
                add_live(question.session->view.header.id, slurm);
            } else if (standing(slurm.state) == Standing::over &&
                       slurm.restarts.value_or(job.restarts) >= job.restarts) {
                const bool same_restart = slurm.restarts.value_or(job.restarts) == job.restarts;
                settle_one(question, ending_of(slurm, job.runner_spoke && same_restart), &slurm);
            }
            continue;
        }
        const bool young =
            asker_.clock->now() < plus(question.session->view.header.created, kTooYoung);
        if (!facts_ || young || question.several ||
            (question.rest && claimed_.contains(*job.job))) {
            continue;
        }
        if (forgotten(job, asker_.clock->now(), facts_->min_job_age)) {
            settle_one(question, ending_of_forgotten(job), nullptr);
        } else if (!job.not_known_since || job.seen != job.seen_at_look) {
            add_look(question);
        }
    }
}

void ClusterSettling::settle_one(const Question& question, const Ending& ending,
                                 const SlurmJob* slurm) {
    JobView job = job_of(question);
    if (slurm != nullptr) {
        const std::uint32_t restarts = slurm->restarts.value_or(job.restarts);
        if (job.job && restarts > job.restarts) {
            // It ended while it waited to be started again: no record of that restart exists.
            job.restarts = restarts;
            job.runner_spoke = false;
            job.started.reset();
            job.seen.clear();
        }
        if (!job.job) {
            job.job = slurm->job;
        }
    }
    const auto records = settling_records(question.session->view.header, job, ending, slurm);
    if (!records.empty()) {
        append(*question.session, job, records, slurm != nullptr && !never_started(*slurm));
    }
}

void ClusterSettling::add_look(const Question& question) {
    const JobView job = job_of(question);
    append(*question.session, job, {look_record(job)}, false);
}

// Into the directory of the job, or into the session's own if the job never started.
void ClusterSettling::append(OpenSession& session, const JobView& job,
                             const std::vector<Record>& records, bool started) {
    if (!write_) {
        return;
    }
    const auto written = append_records(session.directory, job, records, started);
    if (!written) {
        remark(written.error().within("settling " + session.view.header.id));
    } else if (records.back().end) {
        ++result_.settled;
    }
}

Result<> ClusterSettling::append_records(const SessionDirectory& session, const JobView& job,
                                         const std::vector<Record>& records, bool started) {
    const auto keys = session.jobs();
    if (!keys) {
        return tl::make_unexpected(keys.error());
    }
    const bool in_job =
        job.job && (started || std::any_of(keys->begin(), keys->end(),
                                           [&](const JobKey& key) { return key.job == *job.job; }));
    std::optional<Directory> place;
    if (in_job) {
        auto made = session.make_job_directory({*job.job, job.restarts});
        if (!made) {
            return tl::make_unexpected(made.error());
        }
        place = *std::move(made);
    }
    auto journal = Journal::open(
        place ? *place : session.directory(),
        in_job ? journal_name(Role::settle, asker_.host) : session_settle_name(asker_.host),
        asker_.host, *asker_.clock, session.file_mode());
    if (!journal) {
        return tl::make_unexpected(journal.error());
    }
    if (settled_meanwhile(session, job)) {
        return {};
    }
    for (Record record : records) {
        if (in_job) {
            record.restart = job.restarts;
        }
        if (auto appended = journal->append(std::move(record)); !appended) {
            return appended;
        }
    }
    return {};
}

}  // namespace

Settling settle(std::vector<OpenSession>& sessions, SlurmQuestions& slurm, const Asker& asker,
                bool write) {
    Settling result;
    std::map<std::string, std::vector<Question>> by_cluster;
    std::set<OpenSession*> asked;
    for (OpenSession& session : sessions) {
        if (session.view.header.uid != asker.user) {
            continue;
        }
        std::vector<Question>& questions = by_cluster[session.view.header.cluster.value_or("")];
        const std::size_t before = questions.size();
        for (std::size_t i = 0; i < session.view.jobs.size(); ++i) {
            if (!session.view.jobs[i].settled()) {
                questions.push_back({&session, i, {}, false, false});
            }
        }
        if (session.view.awaits_tasks() && heard_of_lately(session.view, asker.clock->now())) {
            questions.push_back({&session, kNoJobYet, {}, false, true});
        }
        if (questions.size() > before) {
            asked.insert(&session);
        }
    }
    for (auto& [cluster, questions] : by_cluster) {
        if (questions.empty()) {
            continue;
        }
        ClusterSettling(cluster, slurm, asker, write, result).ask(std::move(questions));
    }
    if (write) {
        for (OpenSession* session : asked) {
            if (auto view = view_session(session->directory)) {
                session->view = *std::move(view);
            }
        }
    }
    return result;
}

}  // namespace pavtest::session
