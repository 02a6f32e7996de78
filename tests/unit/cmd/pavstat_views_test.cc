#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "cmd/pavstat/layout.h"
#include "cmd/pavstat/outputs.h"
#include "cmd/pavstat/summary.h"
#include "cmd/pavstat/views.h"
#include "cmd/pavstat/wait.h"
#include "pavstat_store.h"

namespace pavtest::cmd {
namespace {

using status::Cause;
using status::Role;
using status::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class PavstatViews : public PavstatTestStore {
  protected:
    void SetUp() override {
        StoreTest::SetUp();
        const auto made = make_session(4);
        submit_as_usual(made);
        write(made, {7, 0}, "n1",
              {one(Role::runner, 0, "RUNNING"), over(0, Verdict::pass, "n1"),
               over(1, Verdict::fail, "n[1-2]"), over(2, Verdict::fail, "n2"),
               over(3, Verdict::error, "n2"),
               ended(whole(Role::runner, "COMPLETE"), Cause::finished)});
        clock_.advance(60);
    }
    static status::Record over(std::uint32_t test, Verdict result, const std::string& nodes) {
        status::Record record = ended(one(Role::runner, test, "COMPLETE"), Cause::finished, result);
        record.nodes = nodes;
        return record;
    }
    static PavstatOptions tests() {
        PavstatOptions options;
        options.of_tests = true;
        return options;
    }
    std::vector<std::uint32_t> indices(const PavstatOptions& options) {
        std::vector<std::uint32_t> found;
        for (const TestLine& test : look(options).tests) {
            found.push_back(test.view.index);
        }
        return found;
    }
};

TEST_F(PavstatViews, FiltersOfTests) {
    PavstatOptions options = tests();
    options.failed = true;
    EXPECT_THAT(indices(options), ElementsAre(1, 2, 3));
    options.nodes = "n[1,7]";
    EXPECT_THAT(indices(options), ElementsAre(1));
    options = tests();
    options.results = {"error", "PASS"};
    EXPECT_THAT(indices(options), ElementsAre(0, 3));
    options = tests();
    options.tests = {"hpl.t2"};
    EXPECT_THAT(indices(options), ElementsAre(2));
    options = tests();
    options.had = {"running"};
    EXPECT_THAT(indices(options), ElementsAre(0));
    options = tests();
    options.suites = {"str*"};
    EXPECT_TRUE(look(options).rows.empty());
    options = tests();
    options.results = {"good"};
    EXPECT_FALSE(collect(viewer_, options));
}

TEST_F(PavstatViews, FormatsAsSqueueHasThem) {
    const Collected collected = look(tests());
    const auto lines = test_lines(collected, clock_.now());
    Layout layout{*columns_of_format("%.6i|%3T"), false, "", false};
    EXPECT_THAT(lay_out(layout, lines), testing::StartsWith(" JOBID|STA\n     7|COM\n"));
    layout.columns = *columns_of_format("[%i|%3T]");
    EXPECT_THAT(lay_out(layout, lines), HasSubstr("\n[7    |COM]\n"));
    layout.columns = *columns_of_names("jobid:4,RESULT:.6,exitcode");
    EXPECT_THAT(lay_out(layout, lines), HasSubstr("7      PASS"));
    layout.columns = *columns_of_names("testid,nodelist");
    layout.delimiter = "|";
    layout.no_header = true;
    EXPECT_EQ(lay_out(layout, lines), "7.0|n1\n7.1|n[1-2]\n7.2|n2\n7.3|n2\n");
    for (const char* wrong : {"", "none", "%Y", "%.99999i"}) {
        EXPECT_FALSE(columns_of_format(wrong)) << wrong;
    }
    EXPECT_THAT(columns_of_names("jobd").error().hint, HasSubstr("jobid"));
    EXPECT_FALSE(columns_of_names("jobid:x"));
}

TEST_F(PavstatViews, Sorts) {
    const Collected collected = look(tests());
    auto lines = test_lines(collected, clock_.now());
    ASSERT_TRUE(sort_lines(lines, "v,-x"));
    std::vector<std::uint32_t> order;
    for (const Subject& line : lines) {
        order.push_back(line.test->view.index);
    }
    EXPECT_THAT(order, ElementsAre(3, 2, 1, 0));
    EXPECT_FALSE(sort_lines(lines, "nonsense"));
}

TEST_F(PavstatViews, YamlSaysWhatJsonSays) {
    const std::string yaml = yaml_text(sessions_json(look(tests())));
    EXPECT_THAT(yaml, HasSubstr("sessions:\n  - id: \"1hf7yat00abc\"\n    job_id: 7\n"));
    EXPECT_THAT(yaml, HasSubstr("    tests:\n      - index: 0\n"));
}

TEST_F(PavstatViews, JsonHasNoControlCharacters) {
    const std::string text = json_text({{"note", "\x1b[2J \x7f \xc2\x9b \xc3\xbc \xff"}});
    EXPECT_EQ(text, "{\n  \"note\": \"\\u001b[2J \\u007f \\u009b \xc3\xbc \xef\xbf\xbd\"\n}\n");
    EXPECT_EQ(nlohmann::json::parse(text)["note"], "\x1b[2J \x7f \xc2\x9b \xc3\xbc \xef\xbf\xbd");
}

TEST_F(PavstatViews, SessionsOfTheUsersThatWereNamed) {
    PavstatOptions options;
    options.users = {"root"};
    EXPECT_TRUE(look(options).rows.empty());
    options.all_users = true;
    EXPECT_EQ(look(options).rows.size(), 1U);
}

TEST_F(PavstatViews, SummaryAndNodes) {
    const Collected collected = look(tests());
    EXPECT_THAT(summary_table(collected, true),
                testing::MatchesRegex("suite  hpl  +4  1  2  1  0\nstate  COMPLETE  4  1  2  1  0\n"
                                      "node   n1 +2  1  1  0  0\nnode   n2 +3  0  2  1  0\n"));
    const std::string n2 = *node_records_table(collected, "n2", true);
    EXPECT_THAT(n2, testing::StartsWith("n2  0  2  1"));
    EXPECT_THAT(n2, Not(HasSubstr("n1")));
}

TEST_F(PavstatViews, SuspectsAreWhatFailuresHaveInCommon) {
    EXPECT_THAT(suspicions(look(tests())),
                ElementsAre("3 of 3 failures on n2, which passed nothing in all that is shown",
                            "suspects: n2"));
}

TEST_F(PavstatViews, WaitSaysHowItEnded) {
    PavstatOptions options = tests();
    options.wishes = {*parse_wish("7")};
    look(options);
    EXPECT_EQ(*wait_for_end(viewer_, options, std::nullopt), 1);
    EXPECT_TRUE(slurm_.asked.empty());
    const auto live = make_session(1, "1hf7yat00abd");
    write(live, {8, 0}, "n1", {one(Role::runner, 0, "RUNNING")});
    options.wishes = {*parse_wish("8")};
    options.offline = true;
    const auto late = wait_for_end(viewer_, options, std::chrono::seconds(0));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind, ErrorKind::infrastructure);
}

TEST_F(PavstatViews, LogsAndResults) {
    const std::string place = session_path() + "/jobs/7.0/tests/0001";
    std::filesystem::create_directories(place);
    std::ofstream(place + "/run.log") << "one\n\x1b[31mred\x1b[0m\ttwo";
    std::ofstream(place + "/results.json") << R"({"result": "FAIL"})";
    PavstatOptions options = tests();
    options.wishes = {*parse_wish("7.1")};
    std::string text;
    const auto shown = show_logs(look(options),
                                 [&](const std::string& piece) {
                                     text += piece;
                                     return true;
                                 },
                                 {});
    ASSERT_TRUE(shown) << shown.error().what;
    EXPECT_EQ(text, "one\n\\x1b[31mred\\x1b[0m\ttwo");
    EXPECT_THAT(*results_json(look(options)), HasSubstr("\"result\": \"FAIL\""));
    options.wishes = {*parse_wish("7.2")};
    EXPECT_FALSE(show_logs(look(options), [](const std::string&) { return true; }, {}));
}

}  // namespace
}  // namespace pavtest::cmd
