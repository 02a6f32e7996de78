// Makes a store of finished sessions in their real form, and reads one barely.
// usage: bench_pavstat_store make STORE SESSIONS TESTS DAYS | read STORE
//
// "make" spreads sessions evenly over the days until now. They have what views are made of:
// headers, plans, records of submission, runner and node; not the files of their tests, which
// no view opens. "read" opens and reads the same files, in one thread, and does nothing else.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "session/header.h"
#include "session/id.h"
#include "session/plan.h"
#include "status/record.h"

namespace {

using namespace pavtest;

constexpr std::int64_t kMicro = 1'000'000;

void write_file(const std::string& path, const std::string& text) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || !write_all(fd, text, path)) {
        fmt::print(stderr, "cannot write {}\n", path);
        std::exit(1);
    }
    ::close(fd);
}

class Maker {
  public:
    Maker(std::string store, std::uint32_t tests) : store_(std::move(store)), tests_(tests) {}

    void make(std::uint32_t number, Timestamp created) {
        number_ = number;
        now_ = created;
        id_ = session::make_id(created, number % 32768);
        suite_ = fmt::format("suite{}", number % 20);
        const std::string path =
            fmt::format("{}/sessions/{}/{}", store_, session::id_month(id_), id_);
        const std::string job = fmt::format("{}/jobs/{}.0", path, 1000 + number);
        std::filesystem::create_directories(job);
        write_file(path + "/session.json", session::to_json(header(created)));
        write_file(path + "/plan.json", session::to_json(plan()));
        write_file(path + "/submit.jsonl", submission());
        const std::string host = fmt::format("n{:03}", 1 + number % 100);
        write_file(fmt::format("{}/journal.node-{}.jsonl", job, host), node(host));
        write_file(fmt::format("{}/journal.runner-{}.jsonl", job, host), runner(host));
    }

  private:
    session::Header header(Timestamp created) const {
        session::Header made;
        made.id = id_;
        made.created = created;
        made.user = "bench";
        made.uid = ::getuid();
        made.cluster = "bench";
        made.submit_host = "login1";
        made.submit_dir = "/home/bench/work";
        made.request = {suite_};
        made.suites = {suite_};
        made.tests = tests_;
        made.wanted.partition = number_ % 3 == 0 ? "debug" : "batch";
        return made;
    }
    session::Plan plan() const {
        session::Plan made;
        made.id = id_;
        for (std::uint32_t i = 0; i < tests_; ++i) {
            session::PlannedTest test;
            test.index = i;
            test.name = fmt::format("{}.test{}", suite_, i);
            test.suite = suite_;
            test.test = fmt::format("test{}", i);
            test.config = {
                {"summary", "A test of the usual size"},
                {"build", {{"cmds", {"make -j 4"}}, {"timeout", "30"}}},
                {"run",
                 {{"cmds", {"srun ./prog --size 1024", "grep -q passed out.log"}},
                  {"env", {{"OMP_NUM_THREADS", "4"}, {"MODE", "fast"}}},
                  {"timeout", "600"}}},
                {"result_parse", {{"regex", {{"rate", {{"regex", "Rate: ([0-9.]+)"}}}}}}},
                {"schedule", {{"nodes", "1"}, {"partition", "batch"}}}};
            made.tests.push_back(std::move(test));
        }
        return made;
    }
    // A record a moment after the one before.
    std::string line(status::Record record, const std::string& host) {
        now_.microseconds += kMicro / 10;
        record.when = now_;
        record.host = host;
        record.seq = seq_++;
        return status::encode(record);
    }
    std::string submission() {
        seq_ = 0;
        std::string text;
        for (const char* state : {"CREATED", "SCHEDULED"}) {
            status::Record record;
            record.role = status::Role::submit;
            record.state = state;
            record.tests = "*";
            text += line(record, "login1");
        }
        status::Record accepted;
        accepted.role = status::Role::submit;
        accepted.state = "SCHEDULED";
        accepted.note = "accepted by Slurm";
        return text + line(accepted, "login1");
    }
    status::Record of_job(status::Role role) const {
        status::Record record;
        record.role = role;
        record.job = 1000 + number_;
        record.restart = 0;
        return record;
    }
    std::string node(const std::string& host) {
        seq_ = 0;
        status::Record joined = of_job(status::Role::prolog);
        joined.node = "joined";
        status::Record prepping = of_job(status::Role::prolog);
        prepping.tests = "*";
        prepping.state = "PREPPING_RUN";
        status::Record left = of_job(status::Role::epilog);
        left.node = "left";
        left.data = R"({"exit_code":0})";
        return line(joined, host) + line(prepping, host) + line(left, host);
    }
    std::string runner(const std::string& host) {
        seq_ = 0;
        std::string text;
        for (std::uint32_t i = 0; i < tests_; ++i) {
            const bool fails = (number_ + i) % 50 == 0;
            for (const char* state : {"RUNNING", "RUN_DONE", "RESULTS", "COMPLETE"}) {
                status::Record record = of_job(status::Role::runner);
                record.test = i;
                record.attempt = 1;
                record.state = state;
                record.nodes = host;
                if (record.state == "RUN_DONE") {
                    record.return_value = fails ? 1 : 0;
                    record.duration = 12.5;
                } else if (record.state == "COMPLETE") {
                    record.end = true;
                    record.cause = status::Cause::finished;
                    record.result = fails ? status::Verdict::fail : status::Verdict::pass;
                    record.note = fails ? "FAIL: returned 1" : "PASS: returned 0";
                }
                text += line(record, host);
            }
        }
        status::Record end = of_job(status::Role::runner);
        end.state = "COMPLETE";
        end.end = true;
        end.cause = status::Cause::finished;
        return text + line(end, host);
    }

    std::string store_, id_, suite_;
    std::uint32_t tests_, number_ = 0;
    std::uint64_t seq_ = 0;
    Timestamp now_;
};

int make(char** argv) {
    const auto sessions = static_cast<std::uint32_t>(std::stoul(argv[3]));
    const std::int64_t days = std::stol(argv[5]);
    const std::int64_t span = days * 86400 * kMicro;
    const std::int64_t now = SystemClock().now().microseconds;
    Maker maker(argv[2], static_cast<std::uint32_t>(std::stoul(argv[4])));
    for (std::uint32_t i = 0; i < sessions; ++i) {
        maker.make(i, {now - span + span / sessions * i});
    }
    return 0;
}

int read(const std::string& store) {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(store + "/sessions")) {
        if (entry.is_regular_file()) {
            const auto text = read_file(entry.path());
            bytes += text ? text->size() : 0;
            ++files;
        }
    }
    fmt::print("{} files, {} bytes\n", files, bytes);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string what = argc > 1 ? argv[1] : "";
    if (what == "make" && argc == 6) {
        return make(argv);
    }
    if (what == "read" && argc == 3) {
        return read(argv[2]);
    }
    fmt::print(stderr, "usage: bench_pavstat_store make STORE SESSIONS TESTS DAYS | read STORE\n");
    return 2;
}
