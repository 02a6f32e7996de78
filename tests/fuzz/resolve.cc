// The whole resolver: a configuration directory made of the input, resolved and checked.
// "%% " parts the input into files, in the order of kFiles.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "suite/check.h"
#include "suite/deferred.h"
#include "suite/scheduler_facts.h"
#include "suite/trace.h"

using namespace pavtest;
using namespace pavtest::suite;

namespace {

constexpr std::string_view kMark = "%% ";
constexpr const char* kFiles[] = {"suites/s/suite.yaml",
                                  "suites/s/hosts.yaml",
                                  "suites/s/modes.yaml",
                                  "suites/s/os.yaml",
                                  "hosts/h.yaml",
                                  "modes/m.yaml",
                                  "os/o.yaml"};

/// A directory in memory where there is one, gone at the end.
class Scratch {
  public:
    Scratch() {
        std::error_code error;
        const std::string base =
            std::filesystem::is_directory("/dev/shm", error) ? "/dev/shm" : "/tmp";
        std::string name = base + "/pavtest-fuzz-XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) {
            std::abort();
        }
        path_ = name;
        for (const char* file : kFiles) {
            std::filesystem::create_directories(
                std::filesystem::path(path_ + "/" + file).parent_path());
        }
    }
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

    // The parts of the input, in the order of kFiles; others are left empty.
    void fill(std::string_view input) const {
        for (const char* file : kFiles) {
            const std::size_t end = input.find(kMark);
            std::ofstream(path_ + "/" + file, std::ios::binary) << input.substr(0, end);
            input = end == std::string_view::npos ? "" : input.substr(end + kMark.size());
        }
    }

  private:
    std::string path_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Scratch scratch;
    // Bounded, so that each input costs milliseconds.
    if (size > 4096) {
        return 0;
    }
    scratch.fill(std::string_view(reinterpret_cast<const char*>(data), size));
    World world;
    world.directories = {{"main", scratch.path()}};
    world.scheduler = imaginary_facts();
    world.pinned_facts = {{"sys_name", "h"}, {"sys_os.name", "o"}, {"sys_os.version", "1"}};
    Selection selection;
    selection.requests = {"s", "s.*.*", "s._hidden"};
    selection.host = "h";
    selection.os = "o";
    selection.modes = {"m"};
    selection.overrides = {"run.timeout=7"};
    const Resolution resolution = resolve(world, selection);
    for (const Error& error : resolution.errors) {
        if (error.what.empty() || describe(error).empty()) {
            std::abort();
        }
    }
    const SystemClock clock;
    for (std::size_t i = 0; i < resolution.tests.size() && i < 3; ++i) {
        const ResolvedTest& test = resolution.tests[i];
        if (test.config.dump().empty()) {
            std::abort();
        }
        if (test.deferred) {
            NodeWorld node;
            node.clock = &clock;
            node.nodes.emplace_back().name = "n1";
            if (const auto finished = finish_deferred(test.config, test.variables, node)) {
                static_cast<void>(skip_reasons_on_node(*finished));
            }
        }
    }
    if (resolution.tests.size() < 100) {
        static_cast<void>(check(world, selection, {"s"}));
    }
    return 0;
}
