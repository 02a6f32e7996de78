#include "run/helper_protocol.h"

#include <gmock/gmock.h>

namespace pavtest::run {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::string without_newline(std::string line) {
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    line.pop_back();
    return line;
}

TEST(HelperProtocol, AnOrderArrivesAsItWasSent) {
    HelperOrder order;
    order.kind = HelperOrder::Kind::start;
    order.node = "n2";
    order.script = 17;
    order.arguments = {"/bin/bash", "a \"quoted\" path\nwith a newline"};
    order.environment = {{"PAVTEST_TEST", "3"}};
    order.directory = "/d";
    order.log = "/d/run.log";
    order.timeout = 0.5;
    order.timeout_file = "progress";
    order.scratch = "/scratch/1";
    order.mark = {{"PAVTEST_JOB", "7.0"}};
    order.cpus = {0, 3};
    order.grace = std::chrono::milliseconds(300);
    const auto back = decode_order(without_newline(encode(order)));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->kind, order.kind);
    EXPECT_EQ(back->node, "n2");
    EXPECT_EQ(back->script, 17U);
    EXPECT_EQ(back->arguments, order.arguments);
    EXPECT_EQ(back->environment, order.environment);
    EXPECT_EQ(back->directory, "/d");
    EXPECT_EQ(back->log, "/d/run.log");
    EXPECT_EQ(back->timeout, 0.5);
    EXPECT_FALSE(back->limit);
    EXPECT_EQ(back->timeout_file, "progress");
    EXPECT_EQ(back->scratch, "/scratch/1");
    EXPECT_EQ(back->mark, order.mark);
    EXPECT_THAT(back->cpus, ElementsAre(0, 3));
    EXPECT_EQ(back->grace.count(), 300);
}

TEST(HelperProtocol, AReportArrivesAsItWasSentAndStaysShort) {
    HelperReport report;
    report.kind = HelperReport::Kind::ended;
    report.node = "n3";
    report.script = 5;
    report.end.return_value = -9;
    report.end.signal = 9;
    report.end.timed_out = true;
    report.end.over_limit = true;
    report.end.duration = 1.25;
    report.end.not_started = std::string(5000, 'x');
    report.end.immortal = {4711, 4712};
    const std::string line = without_newline(encode(report));
    EXPECT_LT(line.size(), 1000U);
    const auto back = decode_report(line);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->kind, HelperReport::Kind::ended);
    EXPECT_EQ(back->node, "n3");
    EXPECT_EQ(back->script, 5U);
    EXPECT_EQ(back->end.return_value, -9);
    EXPECT_EQ(back->end.signal, 9);
    EXPECT_TRUE(back->end.timed_out);
    EXPECT_TRUE(back->end.over_limit);
    EXPECT_FALSE(back->end.out_of_memory);
    EXPECT_DOUBLE_EQ(back->end.duration, 1.25);
    EXPECT_THAT(back->end.immortal, SizeIs(2));
}

TEST(HelperProtocol, WhatIsNotOursIsNothing) {
    for (const char* line : {"", "slurmstepd: error: x", "{}", "[1]", R"({"say":"ended"})",
                             R"({"do":"start","node":1})", R"({"say":"dance","node":"n1"})"}) {
        EXPECT_FALSE(decode_order(line)) << line;
        EXPECT_FALSE(decode_report(line)) << line;
    }
}

TEST(LineBuffer, GivesWholeLines) {
    LineBuffer lines;
    lines.add("one\ntw");
    EXPECT_EQ(lines.take(), "one");
    EXPECT_EQ(lines.take(), std::nullopt);
    lines.add("o\n\nthree\n");
    EXPECT_EQ(lines.take(), "two");
    EXPECT_EQ(lines.take(), "");
    EXPECT_EQ(lines.take(), "three");
    EXPECT_EQ(lines.take(), std::nullopt);
}

TEST(NodesLostIn, SrunsWords) {
    EXPECT_THAT(nodes_lost_in("srun: error: Node failure on n3"), ElementsAre("n3"));
    EXPECT_THAT(nodes_lost_in("srun: error: n[2-3]: tasks 0-1: Killed"), ElementsAre("n2", "n3"));
    EXPECT_THAT(nodes_lost_in("srun: error: n2: task 0: Exited with exit code 3"),
                ElementsAre("n2"));
    EXPECT_THAT(nodes_lost_in("srun: error: Unable to create step"), IsEmpty());
    EXPECT_THAT(nodes_lost_in("a test's own words: task 0"), IsEmpty());
}

}  // namespace
}  // namespace pavtest::run
