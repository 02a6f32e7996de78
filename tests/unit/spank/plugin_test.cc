// The shared object as Slurm finds it.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace pavtest::spank {
namespace {

using testing::Each;
using testing::MatchesRegex;
using testing::UnorderedElementsAre;

std::vector<std::string> words_of(const std::string& command) {
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
    std::string text;
    std::array<char, 4096> bytes{};
    while (const std::size_t size = std::fread(bytes.data(), 1, bytes.size(), pipe.get())) {
        text.append(bytes.data(), size);
    }
    std::istringstream stream(text);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) {
        words.push_back(word);
    }
    return words;
}

TEST(Plugin, ExportsWhatSlurmAsksForAndNothingElse) {
    EXPECT_THAT(
        words_of("nm -D --defined-only " PAVTEST_PLUGIN " | awk '{print $3}'"),
        UnorderedElementsAre("plugin_name", "plugin_type", "plugin_version", "spank_plugin_version",
                             "slurm_spank_init", "slurm_spank_init_post_opt",
                             "slurm_spank_job_prolog", "slurm_spank_job_epilog"));
}

TEST(Plugin, NeedsLibcOnly) {
    EXPECT_THAT(words_of("objdump -p " PAVTEST_PLUGIN " | awk '$1 == \"NEEDED\" {print $2}'"),
                Each(MatchesRegex("libc\\.so.*|libdl\\.so.*|ld-linux.*")));
    EXPECT_THAT(
        words_of("nm -D -C " PAVTEST_PLUGIN " | grep -E 'std::|__cxa_(throw|guard|atexit)'"),
        UnorderedElementsAre());
}

TEST(Plugin, RunsNothingWhenLoaded) {
    // frame_dummy alone: crtbegin's.
    EXPECT_THAT(words_of("objdump -h " PAVTEST_PLUGIN " | awk '$2 == \".init_array\" {print $3}'"),
                UnorderedElementsAre("00000008"));
}

TEST(Plugin, CanBeClosedAgain) {
    void* plugin = ::dlopen(PAVTEST_PLUGIN, RTLD_LAZY | RTLD_LOCAL);
    ASSERT_NE(plugin, nullptr) << ::dlerror();
    EXPECT_STREQ(static_cast<const char*>(::dlsym(plugin, "plugin_name")), "pavtest");
    ASSERT_EQ(::dlclose(plugin), 0);
    EXPECT_EQ(::dlopen(PAVTEST_PLUGIN, RTLD_LAZY | RTLD_NOLOAD), nullptr);
}

}  // namespace
}  // namespace pavtest::spank
