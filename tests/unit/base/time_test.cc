#include "base/time.h"

#include <gtest/gtest.h>

namespace pavtest {
namespace {

TEST(Time, Rfc3339RoundTrips) {
    const Timestamp when{1'700'000'000'123'456};
    EXPECT_EQ(from_rfc3339(to_rfc3339(when)), when);
    EXPECT_EQ(from_rfc3339("2023-11-14T22:13:20.123456Z"), when);
    EXPECT_EQ(from_rfc3339("2023-11-14T23:13:20.123456+01:00"), when);
    EXPECT_FALSE(from_rfc3339("2023-11-14T22:13:20"));
    EXPECT_FALSE(from_rfc3339("2023-13-14T22:13:20Z"));
}

TEST(Time, StatusStampsOfBothForms) {
    const Timestamp when{1'700'000'000'123'456};
    EXPECT_EQ(to_status_stamp(when).size(), 26U);
    EXPECT_EQ(from_status_stamp(to_status_stamp(when)), when);
    EXPECT_EQ(from_status_stamp("1700000000.123456"), when);
    EXPECT_FALSE(from_status_stamp("yesterday"));
    EXPECT_FALSE(from_status_stamp(""));
    EXPECT_FALSE(from_status_stamp("1700000000.12x"));
}

TEST(Time, SlurmDurations) {
    EXPECT_EQ(to_slurm_duration(59), "0:59");
    EXPECT_EQ(to_slurm_duration(3661), "1:01:01");
    EXPECT_EQ(to_slurm_duration(90061), "1-01:01:01");
    EXPECT_EQ(from_slurm_duration("90"), 5400);
    EXPECT_EQ(from_slurm_duration("1:30"), 90);
    EXPECT_EQ(from_slurm_duration("1:00:00"), 3600);
    EXPECT_EQ(from_slurm_duration("2-12"), 216000);
    EXPECT_FALSE(from_slurm_duration("UNLIMITED"));
    EXPECT_FALSE(from_slurm_duration("1:2:3:4"));
}

}  // namespace
}  // namespace pavtest
