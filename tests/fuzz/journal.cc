// The journals of a session, whatever is in them: read, merged, put in order, and each record
// written and read again. In the input a line "@N" says which file what follows belongs to.
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "base/settings.h"
#include "session/plan.h"
#include "session/store.h"
#include "session/view.h"
#include "status/states.h"
#include "status/status_file.h"

using namespace pavtest;
using namespace pavtest::session;

namespace {

constexpr std::uint32_t kTests = 4;
constexpr std::array<const char*, 8> kFiles{
    "submit.jsonl",
    "jobs/7.0/journal.runner-n1.jsonl",
    "jobs/7.0/journal.node-n1.jsonl",
    "jobs/7.0/journal.user-n1.jsonl",
    "jobs/7.0/journal.settle-login.jsonl",
    "jobs/7.1/journal.runner-n1.jsonl",
    "settle-login.jsonl",
    "jobs/7.1/packed.tar.gz",
};

struct Fixture {
    std::string path = std::filesystem::temp_directory_path() / "pavtest-fuzz-XXXXXX";
    std::unique_ptr<SessionDirectory> session;

    Fixture() {
        if (::mkdtemp(path.data()) == nullptr) {
            std::abort();
        }
        Settings settings;
        settings.store = path + "/store";
        Header header;
        header.id = "1hf7yat00abc";
        header.user = "fuzz";
        header.suites = header.request = {"hpl"};
        header.tests = kTests;
        Plan plan;
        plan.id = header.id;
        for (std::uint32_t i = 0; i < kTests; ++i) {
            PlannedTest test;
            test.index = i;
            test.name = test.suite = "hpl";
            test.config = nlohmann::json::object();
            plan.tests.push_back(std::move(test));
        }
        session = std::make_unique<SessionDirectory>(
            Store::create(settings)->create_session(header, plan).value());
        for (const JobKey key : {JobKey{7, 0}, JobKey{7, 1}}) {
            if (!session->make_job_directory(key)) {
                std::abort();
            }
        }
    }
    ~Fixture() { std::filesystem::remove_all(path); }

    void fill(std::string_view input) const {
        std::array<std::string, kFiles.size()> texts;
        std::size_t file = 1;
        while (!input.empty()) {
            const std::size_t end = std::min(input.find('\n'), input.size() - 1) + 1;
            const std::string_view line = input.substr(0, end);
            const auto chosen = static_cast<std::size_t>(line.size() == 3 ? line[1] - '0' : 9);
            if (line.front() == '@' && chosen < kFiles.size()) {
                file = chosen;
            } else {
                texts[file] += line;
            }
            input.remove_prefix(end);
        }
        for (std::size_t i = 0; i < kFiles.size(); ++i) {
            const std::string name = session->directory().path() + "/" + kFiles[i];
            if (texts[i].empty()) {
                std::filesystem::remove(name);
            } else {
                std::ofstream(name, std::ios::binary) << texts[i];
            }
        }
    }
};

void check(bool holds) {
    if (!holds) {
        std::abort();
    }
}

void check_record(const status::Record& record) {
    const std::string line = status::encode(record);
    check(line.size() <= status::kRecordMax && line.back() == '\n');
    const auto again = status::decode(std::string_view(line).substr(0, line.size() - 1));
    check(again && again->state == record.state && again->test == record.test &&
          again->end == record.end && again->result == record.result && again->seq == record.seq);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Fixture fixture;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    fixture.fill(input);
    const auto view = view_session(*fixture.session);
    check(view.has_value() && !view->jobs.empty());
    for (const JobView& job : view->jobs) {
        check(job.tests.size() == kTests);
        for (const TestView& test : job.tests) {
            // No result without an end, and nothing is over that is not said to be.
            check(test.result == status::Verdict::none || test.ended.has_value());
        }
    }
    std::vector<Flaw> flaws;
    const auto records = history(*fixture.session, &flaws);
    check(records.has_value());
    for (const SourcedRecord& each : *records) {
        check_record(each.record);
    }
    status::parse_status_line(input.substr(0, input.find('\n')));
    return 0;
}
