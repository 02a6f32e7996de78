// Appending a status line and a journal record, against a bare open, write and close.
#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "session/journal.h"
#include "status/states.h"
#include "status/status_file.h"

namespace {

using namespace pavtest;

constexpr int kRounds = 7;
constexpr int kCount = 5000;

// The median of the rounds, in microseconds a call.
double median_microseconds(const std::function<void()>& call) {
    std::vector<double> rounds;
    for (int round = 0; round < kRounds; ++round) {
        const auto start = std::chrono::steady_clock::now();
        for (int i = 0; i < kCount; ++i) {
            call();
        }
        const std::chrono::duration<double, std::micro> took =
            std::chrono::steady_clock::now() - start;
        rounds.push_back(took.count() / kCount);
    }
    std::sort(rounds.begin(), rounds.end());
    return rounds[kRounds / 2];
}

void print_figure(const char* name, double value, double floor) {
    fmt::print(
        "{{\"name\":\"{}\",\"value\":{:.3f},\"unit\":\"us\",\"floor\":{:.3f},\"ratio\":{:.2f},"
        "\"n\":{}}}\n",
        name, value, floor, value / floor, kRounds * kCount);
}

[[noreturn]] void give_up(const Error& error) {
    fmt::print(stderr, "{}", describe(error));
    std::exit(3);
}

}  // namespace

int main() {
    std::string pattern = "/tmp/pavtest-bench-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
        return 3;
    }
    const std::string line(80, 'x');
    const std::string bare = pattern + "/bare";
    const double floor = median_microseconds([&] {
        const int fd = ::open(bare.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        [[maybe_unused]] const ssize_t n = ::write(fd, line.data(), line.size());
        ::close(fd);
    });

    const SystemClock clock;
    const status::StatusFile file(pattern + "/status");
    print_figure(
        "status_file_set", median_microseconds([&] {
            if (auto set = file.set(status::state::running, "a note of usual length", clock);
                !set) {
                give_up(set.error());
            }
        }),
        floor);

    const auto directory = Directory::open(pattern);
    if (!directory) {
        give_up(directory.error());
    }
    auto journal = session::Journal::open(*directory, "journal.runner-n1.jsonl", "n1", clock, 0600);
    if (!journal) {
        give_up(journal.error());
    }
    status::Record record;
    record.state = status::state::running;
    record.note = "a note of usual length";
    record.job = 1;
    record.restart = 0;
    record.test = 3;
    record.attempt = 1;
    print_figure("journal_append", median_microseconds([&] {
                     if (auto written = journal->append(record); !written) {
                         give_up(written.error());
                     }
                 }),
                 floor);
    std::filesystem::remove_all(pattern);
    return 0;
}
