#include "status/record.h"

#include <gtest/gtest.h>

namespace pavtest::status {
namespace {

TEST(Record, RoundTripsEverything) {
    Record record;
    record.seq = 17;
    record.when = {1'700'000'000'123'456};
    record.role = Role::settle;
    record.host = "n1";
    record.restart = 2;
    record.job = 4711;
    record.test = 3;
    record.attempt = 2;
    record.state = "RUNNING";
    record.note = "tab\t \"quoted\" back\\slash\nline \x01 größe";
    record.end = true;
    record.again = true;
    record.result = Verdict::fail;
    record.cause = Cause::time_limit;
    record.return_value = -3;
    record.signal = 9;
    record.duration = 12.5;
    record.nodes = "n[1-3]";
    record.node = "left";
    record.key = "a/b/c";
    record.data = R"({"exit_code":"0:9","more":[1,{"x":null}]})";
    const std::string line = encode(record);
    ASSERT_EQ(line.back(), '\n');
    const auto read = decode(std::string_view(line).substr(0, line.size() - 1));
    ASSERT_TRUE(read) << read.error().what << line;
    EXPECT_EQ(read->seq, record.seq);
    EXPECT_EQ(read->when, record.when);
    EXPECT_EQ(read->role, record.role);
    EXPECT_EQ(read->host, record.host);
    EXPECT_EQ(read->restart, record.restart);
    EXPECT_EQ(read->job, record.job);
    EXPECT_EQ(read->test, record.test);
    EXPECT_EQ(read->attempt, record.attempt);
    EXPECT_EQ(read->state, record.state);
    EXPECT_EQ(read->note, record.note);
    EXPECT_TRUE(read->end);
    EXPECT_TRUE(read->again);
    EXPECT_EQ(read->result, record.result);
    EXPECT_EQ(read->cause, record.cause);
    EXPECT_EQ(read->return_value, record.return_value);
    EXPECT_EQ(read->signal, record.signal);
    EXPECT_EQ(read->duration, record.duration);
    EXPECT_EQ(read->nodes, record.nodes);
    EXPECT_EQ(read->node, record.node);
    EXPECT_EQ(read->key, record.key);
    EXPECT_EQ(read->data, record.data);
}

}  // namespace
}  // namespace pavtest::status
