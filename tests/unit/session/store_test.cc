#include "session/store.h"

#include <gmock/gmock.h>
#include <grp.h>
#include <sys/stat.h>

#include "fixture.h"

namespace pavtest::session {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

mode_t mode_of(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 07777U;
}

class UserMask {
  public:
    explicit UserMask(mode_t mask) : before_(::umask(mask)) {}
    ~UserMask() { ::umask(before_); }
    UserMask(const UserMask&) = delete;
    UserMask& operator=(const UserMask&) = delete;

  private:
    mode_t before_;
};

TEST_F(StoreTest, APrivateStoreIsPrivateWhateverTheUmask) {
    const UserMask open(0);
    const auto session = make_session(1);
    write(session, {7, 0}, "n1", {one(status::Role::runner, 0, "RUNNING")});
    ASSERT_TRUE(SessionDirectory::make_test_directory(*session.job_directory({7, 0}), 0,
                                                      session.directory_mode()));
    EXPECT_EQ(mode_of(settings_.store), 0700U);
    EXPECT_EQ(mode_of(session_path()), 0700U);
    EXPECT_EQ(mode_of(session_path() + "/session.json"), 0600U);
    EXPECT_EQ(mode_of(session_path() + "/plan.json"), 0600U);
    EXPECT_EQ(mode_of(session_path() + "/jobs/7.0/tests/0000"), 0700U);
    EXPECT_EQ(session.file_mode(), 0600U);
}

TEST_F(StoreTest, AGroupsStoreIsReadableByItWhateverTheUmask) {
    const UserMask closed(077);
    const group* const own = ::getgrgid(::getegid());
    ASSERT_NE(own, nullptr);
    settings_.store_group = own->gr_name;
    const auto session = make_session(1);
    EXPECT_EQ(mode_of(settings_.store), 02750U);
    EXPECT_EQ(mode_of(session_path()), 02750U);
    EXPECT_EQ(mode_of(session_path() + "/session.json"), 0640U);
    ASSERT_TRUE(session.make_job_directory({7, 0}));
    EXPECT_EQ(mode_of(session_path() + "/jobs/7.0"), 02750U);
    EXPECT_EQ(session.file_mode(), 0640U);
}

TEST_F(StoreTest, AnUnknownGroupIsAConfigurationError) {
    settings_.store_group = "no-such-group";
    const auto store = Store::create(settings_);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().kind, ErrorKind::config);
}

TEST_F(StoreTest, OpensWhatIsThere) {
    EXPECT_EQ(Store::open(settings_.store).error().kind, ErrorKind::not_found);
    make_session(2);
    const auto store = Store::open(settings_.store);
    ASSERT_TRUE(store);
    const auto session = store->open_session(kId);
    ASSERT_TRUE(session);
    EXPECT_EQ(session->header()->request, std::vector<std::string>{"hpl"});
    EXPECT_EQ(session->plan()->tests.size(), 2U);
    EXPECT_TRUE(session->jobs()->empty());
    EXPECT_EQ(store->open_session("1hf7yat00zzz").error().kind, ErrorKind::not_found);
    EXPECT_EQ(store->open_session("../../etc").error().kind, ErrorKind::not_found);
}

TEST_F(StoreTest, ASessionIsWholeOrAbsent) {
    const auto store = Store::create(settings_);
    ASSERT_TRUE(store);
    const auto failed =
        store->create_session(header(1), plan(1), [&](const SessionDirectory& unborn) {
            EXPECT_FALSE(store->open_session(kId));
            EXPECT_TRUE(unborn.directory().has("session.json"));
            EXPECT_FALSE(unborn.directory().has("plan.json")) << "it may tell of what is filled in";
            return Result<>(fail(ErrorKind::infrastructure, "disk full"));
        });
    EXPECT_FALSE(failed);
    EXPECT_TRUE(std::filesystem::is_empty(settings_.store + "/sessions/2023-11"));
    ASSERT_TRUE(store->create_session(header(1), plan(1)));
    EXPECT_FALSE(store->create_session(header(1), plan(1))) << "it exists";
    EXPECT_FALSE(store->create_session(header(1), plan(1, "1hf7yat00zzz"))) << "two ids";
}

TEST_F(StoreTest, ListsNewestFirstAndPassesOverWhatIsNoSession) {
    for (const char* id : {"1hf7yat00abc", "1hf7yat00abd", "1m8mmrh00000"}) {
        make_session(1, id);
    }
    std::filesystem::create_directories(settings_.store + "/sessions/2023-11/.1hf7yat00xyz.new");
    std::filesystem::create_directories(settings_.store + "/sessions/lost+found/x");
    std::vector<std::string> ids;
    const auto store = Store::open(settings_.store);
    ASSERT_TRUE(store->each_session([&](const std::string& id) {
        ids.push_back(id);
        return true;
    }));
    EXPECT_THAT(ids, ElementsAre("1m8mmrh00000", "1hf7yat00abd", "1hf7yat00abc"));
    ids.clear();
    ASSERT_TRUE(store->each_session([&](const std::string& id) {
        ids.push_back(id);
        return false;
    }));
    EXPECT_EQ(ids.size(), 1U);
}

TEST_F(StoreTest, FindsTheSessionsOfAJob) {
    ASSERT_TRUE(make_session(1).make_job_directory({7, 0}));
    ASSERT_TRUE(make_session(1, "1hf7yat00abd").make_job_directory({7, 0}));
    ASSERT_TRUE(make_session(1, "1hf7yat00abe").make_job_directory({8, 2}));
    const auto store = Store::open(settings_.store);
    EXPECT_THAT(*store->sessions_of_job(7, 9), ElementsAre("1hf7yat00abd", "1hf7yat00abc"));
    EXPECT_THAT(*store->sessions_of_job(7, 1), ElementsAre("1hf7yat00abd"));
    EXPECT_THAT(*store->sessions_of_job(8, 9), ElementsAre("1hf7yat00abe"));
    EXPECT_TRUE(store->sessions_of_job(9, 9)->empty());
}

TEST_F(StoreTest, JobDirectoriesAreSortedByNumber) {
    const auto session = make_session(1);
    for (const JobKey key : {JobKey{10, 0}, JobKey{9, 1}, JobKey{9, 0}}) {
        ASSERT_TRUE(session.make_job_directory(key));
        ASSERT_TRUE(session.make_job_directory(key)) << "again";
    }
    std::filesystem::create_directory(session_path() + "/jobs/x.y");
    EXPECT_THAT(*session.jobs(), ElementsAre(JobKey{9, 0}, JobKey{9, 1}, JobKey{10, 0}));
    EXPECT_FALSE(JobKey::from("7"));
    EXPECT_FALSE(JobKey::from("7."));
    EXPECT_FALSE(JobKey::from("7.0.0"));
}

TEST(RecordHost, IsTheNodeOrTheHostAndAPlainName) {
    Environment environment;
    environment.set("SLURMD_NODENAME", "n17");
    EXPECT_EQ(record_host(environment), "n17");
    environment.set("SLURMD_NODENAME", "../x");
    EXPECT_EQ(record_host(environment), ".._x");
    EXPECT_EQ(record_host(Environment()).find('.'), std::string::npos);
}

TEST(PlanJson, RoundTrips) {
    Header header;
    header.id = "1hf7yat00abc";
    header.created = {1'700'000'000'123'456};
    header.user = "alice";
    header.uid = 4'000'000'000U;
    header.request = {"hpl", "a b"};
    header.wanted.nodes = "2-4";
    header.wanted.time_limit_minutes = 30;
    header.wanted.extra = {"--exclusive"};
    header.skipped = {3, 7};
    header.tests = 9;
    const auto read = header_from_json(to_json(header));
    ASSERT_TRUE(read) << read.error().what;
    EXPECT_EQ(read->created, header.created);
    EXPECT_EQ(read->uid, header.uid);
    EXPECT_EQ(read->request, header.request);
    EXPECT_EQ(read->wanted.nodes, "2-4");
    EXPECT_FALSE(read->wanted.partition);
    EXPECT_EQ(read->wanted.extra, header.wanted.extra);
    EXPECT_EQ(read->skipped, header.skipped);
    EXPECT_FALSE(read->cluster);

    Plan plan;
    plan.id = header.id;
    PlannedTest& test = plan.tests.emplace_back();
    test.name = "hpl.run.4";
    test.subtitle = "4";
    test.config = {{"run", {{"cmds", {"true"}}}}};
    const auto planned = plan_from_json(to_json(plan));
    ASSERT_TRUE(planned) << planned.error().what;
    EXPECT_EQ(planned->tests.at(0).subtitle, "4");
    EXPECT_EQ(planned->tests[0].config, test.config);
    EXPECT_TRUE(planned->tests[0].variables.is_null());
}

TEST(PlanJson, RefusesNewerFormatsAndWhatIsNone) {
    for (const char* text :
         {"", "[]", "{}", "{\"format\":\"1\"}", "{\"format\":0}", "{\"format\":1}",
          R"({"format":1,"id":"x","tests":{}})", R"({"format":1,"id":"x","tests":[1]})",
          R"({"format":1,"id":"x","tests":[{"index":1,"name":"a"}]})",
          R"({"format":1,"id":7,"tests":[]})"}) {
        EXPECT_FALSE(plan_from_json(text)) << text;
        EXPECT_FALSE(header_from_json(text)) << text;
    }
    const auto newer = plan_from_json(R"({"format":2,"id":"x","tests":[]})");
    ASSERT_FALSE(newer);
    EXPECT_THAT(newer.error().what, HasSubstr("newer pavtest"));
    // Numbers where we write text, and keys of a later release.
    const auto header = header_from_json(
        R"({"format":1,"id":"x","created":"2023-11-14T22:13:20Z","user":"a","uid":1,"tests":1,)"
        R"("wanted":{"nodes":2},"later":[]})");
    ASSERT_TRUE(header) << header.error().what;
    EXPECT_EQ(header->wanted.nodes, "2");
}

}  // namespace
}  // namespace pavtest::session
