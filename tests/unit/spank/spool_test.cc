#include "spool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "scratch.h"

namespace pavtest::spank {
namespace {

namespace fs = std::filesystem;

constexpr Job job{77, 1234, 1234, "1m7zyw8s72b3", "/scratch/it's/{user}", "n1", "2", "256"};

Record record_of(const Job& of, Hook hook = Hook::epilog) {
    Record record;
    compose_record(record, hook, of, "the agent failed", {1700000000, 1234567});
    return record;
}

std::string read_all(const Descriptor& file) {
    std::string text(1 << 21, '\0');
    const ssize_t size = ::read(file.get(), text.data(), text.size());
    text.resize(static_cast<std::size_t>(size < 0 ? 0 : size));
    return text;
}

class SpoolTest : public testing::Test {
  protected:
    SpoolTest() {
        fs::create_directory(parent_);
        fs::permissions(parent_, fs::perms::owner_all);
    }
    Spool open(Spool::Missing missing = Spool::Missing::create) {
        return {path_.c_str(), job, missing};
    }
    bool write(const Job& of) {
        Spool spool(path_.c_str(), of, Spool::Missing::create);
        return spool.valid() && spool.write(Hook::epilog, of, record_of(of));
    }

    Scratch scratch_;
    std::string parent_ = scratch_.path("parent");
    std::string path_ = parent_ + "/pavtest";
};

TEST(ComposeRecord, IsOneLineOfJson) {
    const Record record = record_of(job);
    ASSERT_FALSE(record.overflowed());
    const std::string line(record.view());
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    const auto json = nlohmann::json::parse(line);
    EXPECT_EQ(json, nlohmann::json::parse(R"({"v":1, "seq":1, "role":"epilog", "host":"n1",
        "when":"2023-11-14T22:13:20.001234+00:00", "restart":2, "job":77, "node":"left",
        "note":"the agent failed", "key":"1m7zyw8s72b3/77/2/n1/1",
        "data":{"session":"1m7zyw8s72b3", "store":"/scratch/it's/{user}", "exit_code":256}})"));
}

TEST(ComposeRecord, FitsWithTheLongestValues) {
    const std::string store(1024, 's');
    const std::string node(255, 'n');
    const std::string digits(20, '9');
    const Job longest{4294967295U, 1, 1, "1m7zyw8s72b3", store, node, digits, digits};
    EXPECT_FALSE(record_of(longest).overflowed());
    Job without = job;
    without.exit_code = "";
    EXPECT_TRUE(nlohmann::json::parse(record_of(without, Hook::prolog).view())["data"]["exit_code"]
                    .is_null());
}

TEST_F(SpoolTest, KeepsRecordsPrivateInTheirPlace) {
    ASSERT_TRUE(write(job));
    const std::string file = path_ + "/n1/1234/77.2.epilog";
    ASSERT_TRUE(fs::exists(file));
    EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    for (const std::string& directory : {path_, path_ + "/n1", path_ + "/n1/1234"}) {
        EXPECT_EQ(fs::status(directory).permissions(), fs::perms::owner_all) << directory;
    }
    EXPECT_EQ(scratch_.read("parent/pavtest/n1/1234/77.2.epilog"), record_of(job).view());
}

TEST_F(SpoolTest, ASecondRunOfAHookReplacesItsRecord) {
    ASSERT_TRUE(write(job));
    ASSERT_TRUE(write(job));
    EXPECT_EQ(std::distance(fs::directory_iterator(path_ + "/n1/1234"), fs::directory_iterator()),
              1);
}

TEST_F(SpoolTest, WhatWaitsIsCollectedAndRemoved) {
    EXPECT_FALSE(open(Spool::Missing::leave).valid());
    EXPECT_FALSE(fs::exists(path_));
    ASSERT_TRUE(write(job));
    Job other = job;
    other.id = 78;
    ASSERT_TRUE(write(other));
    other.uid = 4321;
    ASSERT_TRUE(write(other));
    Spool spool = open(Spool::Missing::leave);
    ASSERT_TRUE(spool.valid());
    const std::string lines = read_all(spool.collect());
    EXPECT_EQ(lines.size(), record_of(job).size() * 2);
    EXPECT_THAT(lines, testing::HasSubstr(std::string(record_of(job).view())));
    spool.remove_collected();
    EXPECT_TRUE(fs::is_empty(path_ + "/n1/1234"));
    EXPECT_FALSE(fs::is_empty(path_ + "/n1/4321"));
    EXPECT_FALSE(open(Spool::Missing::leave).collect().valid());
}

TEST_F(SpoolTest, CollectsNothingThatRootDidNotWrite) {
    ASSERT_TRUE(write(job));
    const std::string directory = path_ + "/n1/1234/";
    fs::create_symlink("/etc/passwd", directory + "1.0.prolog");
    fs::create_directory(directory + "2.0.prolog");
    ASSERT_EQ(::mkfifo((directory + "3.0.prolog").c_str(), 0600), 0);
    scratch_.file("parent/pavtest/n1/1234/4.0.prolog", "no end of line");
    scratch_.file("parent/pavtest/n1/1234/.new.12", "unfinished\n");
    Spool spool = open();
    EXPECT_EQ(read_all(spool.collect()), record_of(job).view());
}

TEST_F(SpoolTest, HasAnEndForEachUser) {
    Job many = job;
    for (int i = 0; i < spool_limit; ++i) {
        many.id = static_cast<std::uint32_t>(i);
        ASSERT_TRUE(write(many));
    }
    many.id = 1000;
    EXPECT_FALSE(write(many));
    many.uid = 4321;
    EXPECT_TRUE(write(many));
}

TEST_F(SpoolTest, FollowsNoLinks) {
    fs::create_directory(scratch_.path("victim"));
    fs::create_directory_symlink(scratch_.path("victim"), path_);
    EXPECT_FALSE(write(job));
    fs::remove(path_);
    fs::create_directory(path_);
    fs::permissions(path_, fs::perms::owner_all);
    fs::create_directory_symlink(scratch_.path("victim"), path_ + "/n1");
    EXPECT_FALSE(write(job));
    fs::remove(path_ + "/n1");
    fs::create_directory(path_ + "/n1");
    fs::permissions(path_ + "/n1", fs::perms::owner_all);
    fs::create_directory_symlink(scratch_.path("victim"), path_ + "/n1/1234");
    EXPECT_FALSE(write(job));
    EXPECT_TRUE(fs::is_empty(scratch_.path("victim")));
}

TEST_F(SpoolTest, TrustsNoDirectoryThatOthersMayWrite) {
    fs::create_directory(path_);
    fs::permissions(path_, fs::perms::owner_all | fs::perms::group_all);
    Spool spool = open();
    EXPECT_FALSE(spool.valid());
    EXPECT_STREQ(spool.problem(), "it is not root's alone");
    fs::permissions(path_, fs::perms::owner_all);
    fs::permissions(parent_, fs::perms::all);
    EXPECT_FALSE(open().valid());
    fs::permissions(parent_, fs::perms::owner_all);
    EXPECT_TRUE(open().valid());
}

TEST_F(SpoolTest, IsNotMadeWhereOthersMayWrite) {
    const std::string in_sticky = scratch_.path("pavtest");
    EXPECT_FALSE(Spool(in_sticky.c_str(), job, Spool::Missing::create).valid());
    EXPECT_FALSE(fs::exists(in_sticky));
    const std::string deep = parent_ + "/missing/pavtest";
    EXPECT_FALSE(Spool(deep.c_str(), job, Spool::Missing::create).valid());
    EXPECT_FALSE(fs::exists(parent_ + "/missing"));
}

TEST_F(SpoolTest, TrustsNoDirectoryOfAUsers) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "only root can give a directory away";
    }
    fs::create_directory(path_);
    fs::permissions(path_, fs::perms::owner_all);
    ASSERT_EQ(::chown(path_.c_str(), 1234, 1234), 0);
    EXPECT_FALSE(open().valid());
}

}  // namespace
}  // namespace pavtest::spank
