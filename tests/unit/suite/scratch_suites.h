// A configuration directory made for one test, and what its suites resolve to.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "suite/resolve.h"
#include "suite/scheduler_facts.h"

namespace pavtest::suite {

/// A host without Slurm.
class NoSlurm : public SchedulerFacts {
  public:
    [[nodiscard]] bool available() const override { return false; }
    [[nodiscard]] const Result<std::vector<NodeFacts>>& nodes() const override { return none_; }

  private:
    Result<std::vector<NodeFacts>> none_;
};

class ScratchSuites : public ::testing::Test {
  protected:
    ScratchSuites() {
        std::string name = (std::filesystem::temp_directory_path() / "pavtest-XXXXXX").string();
        directory_ = ::mkdtemp(name.data());
        world_.directories = {{"main", directory_}};
        world_.scheduler = std::make_shared<NoSlurm>();
        world_.pinned_facts = {
            {"sys_name", "here"}, {"sys_os.name", "linux"}, {"sys_os.version", "1"}};
        selection_.os = "linux-1";
    }
    ~ScratchSuites() override {
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }
    ScratchSuites(const ScratchSuites&) = delete;
    ScratchSuites& operator=(const ScratchSuites&) = delete;

    /// A file below the configuration directory: "suites/a.yaml".
    std::string write(const std::string& path, const std::string& text) const {
        return write_in(directory_, path, text);
    }
    static std::string write_in(const std::string& directory, const std::string& path,
                                const std::string& text) {
        const std::filesystem::path whole = std::filesystem::path(directory) / path;
        std::filesystem::create_directories(whole.parent_path());
        std::ofstream(whole, std::ios::binary) << text;
        return whole.string();
    }

    Resolution resolved(const std::vector<std::string>& requests) {
        selection_.requests = requests;
        return resolve(world_, selection_);
    }
    /// The only test of a request that resolves without errors.
    ResolvedTest only(const std::string& request) {
        Resolution resolution = resolved({request});
        EXPECT_TRUE(resolution.errors.empty()) << described(resolution.errors);
        EXPECT_EQ(resolution.tests.size(), 1U) << request;
        return resolution.tests.empty() ? ResolvedTest{} : std::move(resolution.tests.front());
    }

    static std::string described(const std::vector<Error>& errors,
                                 std::string_view severity = "error") {
        std::string out;
        for (const Error& error : errors) {
            out += describe(error, severity);
        }
        return out;
    }

    std::string directory_;
    World world_;
    Selection selection_;
};

}  // namespace pavtest::suite
