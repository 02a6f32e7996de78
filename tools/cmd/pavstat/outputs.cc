// Files of tests, from the latest restart that has them.
#include "cmd/pavstat/outputs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/text.h"
#include "cmd/pavstat/owner.h"
#include "cmd/pavstat/views.h"
#include "session/packed.h"

namespace pavtest::cmd {

namespace {

constexpr std::chrono::milliseconds kLook{500};
constexpr std::uint64_t kResultsLimit = 64ULL << 20;
constexpr std::uint64_t kLogLimit = 1ULL << 30;  // of one that was packed

// The directories of the test's job, of its last restart first. One that cannot be opened is
// passed over.
Result<std::vector<Directory>> job_directories(const Collected& collected, const TestLine& test) {
    const Row& row = collected.rows[test.row];
    const auto session = collected.stores[row.store].store.open_session(row.job.id);
    const auto keys = session ? session->jobs() : tl::make_unexpected(session.error());
    if (!keys) {
        return tl::make_unexpected(keys.error());
    }
    std::vector<Directory> directories;
    for (auto key = keys->rbegin(); key != keys->rend(); ++key) {
        if (auto job = session->job_directory(*key); key->job == row.job.job && job) {
            directories.push_back(std::move(*job));
        }
    }
    return directories;
}

// tests/<nnnn> in the last of the job's directories that has it.
Result<Directory> test_directory(const Collected& collected, const TestLine& test) {
    const auto jobs = job_directories(collected, test);
    if (!jobs) {
        return tl::make_unexpected(jobs.error());
    }
    for (const Directory& job : *jobs) {
        if (auto directory = job.open_below(fmt::format("tests/{:04}", test.view.index))) {
            return directory;
        }
    }
    return fail(ErrorKind::nothing_selected,
                fmt::format("the test {} ({}) has left no files", test.view.index, test.name),
                test.view.started ? "they were moved or removed" : "it has not run");
}

// A file of a test that was compacted.
Result<std::string> packed_file(const Collected& collected, const TestLine& test,
                                const std::string& name, std::uint64_t limit) {
    const auto jobs = job_directories(collected, test);
    if (!jobs) {
        return tl::make_unexpected(jobs.error());
    }
    for (const Directory& job : *jobs) {
        auto text =
            session::read_packed(job, fmt::format("tests/{:04}/{}", test.view.index, name), limit);
        if (text || text.error().kind != ErrorKind::not_found) {
            return text;
        }
    }
    return fail(ErrorKind::nothing_selected,
                fmt::format("the test {} ({}) has left no {}", test.view.index, test.name, name),
                "it has not run, or its files were moved");
}

// What is there now, made printable piece by piece.
bool copy(const FileDescriptor& file, const Write& write) {
    std::array<char, 65536> buffer{};
    std::string held;  // a character that a piece cuts
    for (;;) {
        const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
        if (got <= 0) {
            return held.empty() || write(printable(held, "\n\t"));
        }
        held.append(buffer.data(), static_cast<std::size_t>(got));
        const std::string whole(utf8_prefix(held, held.size() > 4 ? held.size() - 4 : 0));
        const std::size_t taken = whole.empty() ? held.size() : whole.size();
        if (!write(printable(std::string_view(held).substr(0, taken), "\n\t"))) {
            return false;
        }
        held.erase(0, taken);
    }
}

}  // namespace

Result<> show_logs(const Collected& collected, const Write& write,
                   const std::function<bool()>& ended) {
    for (const TestLine& test : collected.tests) {
        const Row& row = collected.rows[test.row];
        const auto owner = AsOwner::of(collected.stores[row.store].store.path());
        const auto directory =
            owner ? test_directory(collected, test) : tl::make_unexpected(owner.error());
        auto file = directory ? directory->open_file("run.log", O_RDONLY | O_NONBLOCK)
                              : tl::make_unexpected(directory.error());
        struct stat info {};
        if (file && (::fstat(file->get(), &info) != 0 || !S_ISREG(info.st_mode))) {
            file = fail(ErrorKind::infrastructure, "run.log is no regular file");
        }
        const auto packed =
            file ? Result<std::string>("") : packed_file(collected, test, "run.log", kLogLimit);
        if (!file && !packed) {
            if (collected.tests.size() == 1) {
                return tl::make_unexpected(
                    (directory && packed.error().kind == ErrorKind::nothing_selected
                         ? file.error()
                         : packed.error()));
            }
            continue;
        }
        if (collected.tests.size() > 1 &&
            !write(fmt::format("==> {} {} <==\n", test.view.index, printable(test.name)))) {
            return {};
        }
        if (!file) {
            if (!write(printable(*packed, "\n\t"))) {
                return {};
            }
            continue;
        }
        if (!copy(*file, write)) {
            return {};
        }
        while (ended && !ended()) {
            std::this_thread::sleep_for(kLook);
            if (!copy(*file, write)) {
                return {};
            }
        }
        // What was written between the last look and the end.
        if (ended && !copy(*file, write)) {
            return {};
        }
    }
    return {};
}

Result<std::string> results_json(const Collected& collected) {
    using Json = nlohmann::ordered_json;
    Json all = Json::array();
    for (const TestLine& test : collected.tests) {
        const Row& row = collected.rows[test.row];
        const auto owner = AsOwner::of(collected.stores[row.store].store.path());
        const auto directory =
            owner ? test_directory(collected, test) : tl::make_unexpected(owner.error());
        auto text = directory ? directory->read("results.json", kResultsLimit)
                              : tl::make_unexpected(directory.error());
        if (!text) {
            text = packed_file(collected, test, "results.json", kResultsLimit);
        }
        Json results = text ? Json::parse(*text, nullptr, false) : Json(nullptr);
        if (results.is_discarded()) {
            results = nullptr;
        }
        all.push_back({{"session", row.job.id},
                       {"job_id", row.job.job ? Json(*row.job.job) : Json(nullptr)},
                       {"test", test.view.index},
                       {"name", test.name},
                       {"results", std::move(results)}});
    }
    return json_text({{"results", std::move(all)}});
}

}  // namespace pavtest::cmd
