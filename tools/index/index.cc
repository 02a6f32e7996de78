// Opening, and errors as results.
#include "index/index.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.h"
#include "index/schema.h"
#include "index/tables.h"

namespace pavtest::index {

namespace {

template <class Value, class Body>
Result<Value> guarded(std::string_view what, const Body& body) {
    try {
        return body();
    } catch (const DatabaseError& error) {
        return fail(ErrorKind::infrastructure, fmt::format("cannot {}: {}", what, error.what));
    }
}

// Foreign files are neither trusted nor touched; our own ones that are damaged are replaced.
Result<> safe_file(const std::string& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) {
        return errno == ENOENT ? Result<>{} : fail_errno("look at", path, errno);
    }
    if (!S_ISREG(info.st_mode) || info.st_uid != ::geteuid() || (info.st_mode & 022) != 0) {
        return fail(ErrorKind::infrastructure,
                    fmt::format("'{}' is no file that only you may write", path));
    }
    return {};
}

void remove_files(const std::string& path) {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
        ::unlink((path + suffix).c_str());
    }
}

// Which store it is: another one at the same path must not be taken for it.
std::string store_identity(const std::string& store) {
    struct stat info {};
    if (::stat((store + "/sessions").c_str(), &info) != 0) {
        return store;
    }
    return fmt::format("{} {}", store, info.st_ino);
}

// Whether the tables are there and of this store.
bool ours(const Database& database, const std::string& identity) {
    if (database.number("PRAGMA application_id") != kApplication ||
        database.number("PRAGMA user_version") != kVersion) {
        return false;
    }
    Statement store(database, "SELECT value FROM meta WHERE key = 'store'");
    return store.step() && store.text(0) == identity;
}

void create(const Database& database, const std::string& identity) {
    Transaction transaction(database);
    if (database.number("SELECT count(*) FROM sqlite_master") != 0) {
        throw DatabaseError{SQLITE_NOTADB, "the file holds something else"};
    }
    database.execute(kSchema);
    Statement(database, "INSERT INTO meta VALUES('store', ?)").bind(1, identity).run();
    database.execute(fmt::format("PRAGMA application_id = {}", kApplication).c_str());
    database.execute(fmt::format("PRAGMA user_version = {}", kVersion).c_str());
    transaction.commit();
}

void configure(const Database& database) {
    // A lost index costs a reading, so it need not survive a power cut; a damaged one must not
    // come of it.
    database.execute(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;"
        "PRAGMA mmap_size = 1073741824; PRAGMA wal_autocheckpoint = 4000;"
        "PRAGMA cache_size = -65536");
}

}  // namespace

Index::Index(std::unique_ptr<Body> body) : body_(std::move(body)) {}
Index::Index(Index&&) noexcept = default;
Index& Index::operator=(Index&&) noexcept = default;
Index::~Index() = default;

Result<Index> Index::open(const std::string& path, const std::string& store) {
    if (auto safe = safe_file(path); !safe) {
        return tl::make_unexpected(safe.error());
    }
    const std::string identity = store_identity(store);
    for (const bool again : {false, true}) {
        try {
            Database database(path);
            ::chmod(path.c_str(), S_IRUSR | S_IWUSR);
            configure(database);
            if (database.number("PRAGMA user_version") == 0) {
                create(database, identity);
            }
            if (ours(database, identity)) {
                return Index(std::make_unique<Body>(std::move(database)));
            }
        } catch (const DatabaseError& error) {
            const bool damaged = error.code == SQLITE_CORRUPT || error.code == SQLITE_NOTADB ||
                                 error.code == SQLITE_ERROR;
            if (again || !damaged) {
                return fail(ErrorKind::infrastructure,
                            fmt::format("cannot use the index '{}': {}", path, error.what));
            }
        }
        remove_files(path);
    }
    return fail(ErrorKind::infrastructure, fmt::format("cannot make the index '{}' anew", path));
}

Result<Index> Index::in_memory() {
    return guarded<Index>("make an index in memory", [] {
        Database database(":memory:");
        create(database, "");
        return Index(std::make_unique<Body>(std::move(database)));
    });
}

Result<> Index::put(const std::vector<Reading>& readings) {
    return guarded<void>("write the index", [&] {
        body_->put(readings);
        return Result<>{};
    });
}

Result<> Index::remove(const std::vector<std::string>& ids) {
    return guarded<void>("write the index", [&] {
        Transaction transaction(body_->database());
        for (const std::string& id : ids) {
            body_->erase(number_of(id));
            body_->forget_journals(number_of(id));
        }
        transaction.commit();
        return Result<>{};
    });
}

Result<> Index::set_month(const Month& month) {
    return guarded<void>("write the index", [&] {
        Statement(body_->database(), "INSERT OR REPLACE INTO months VALUES(?,?,?)")
            .bind(1, month.name)
            .bind(2, month.modified)
            .bind(3, month.since.microseconds)
            .run();
        return Result<>{};
    });
}

Result<std::vector<Month>> Index::months() const {
    return guarded<std::vector<Month>>("read the index", [&] {
        std::vector<Month> found;
        Statement rows(body_->database(), "SELECT name, modified, since FROM months");
        while (rows.step()) {
            found.push_back({rows.text(0), rows.integer(1), {rows.integer(2)}});
        }
        return found;
    });
}

Result<std::vector<Known>> Index::known(std::string_view from, std::string_view to,
                                        bool open_only) const {
    return guarded<std::vector<Known>>("read the index", [&] {
        std::vector<Known> found;
        Statement rows(body_->database(),
                       fmt::format("SELECT id, fingerprint FROM sessions WHERE id >= ?1 AND"
                                   " id < ?2 {} ORDER BY id",
                                   open_only ? "AND closed = 0" : ""));
        rows.bind(1, number_of(from)).bind(2, number_of(to));
        while (rows.step()) {
            found.push_back({id_of(rows.integer(0)), rows.text(1)});
        }
        return found;
    });
}

Result<session::RememberedJournals> Index::journals(const std::string& id) const {
    return guarded<session::RememberedJournals>("read the index",
                                                [&] { return body_->journals(id); });
}

Result<std::vector<std::string>> Index::broken(Timestamp since) const {
    return guarded<std::vector<std::string>>("read the index", [&] {
        std::vector<std::string> found;
        Statement rows(body_->database(),
                       "SELECT broken FROM sessions WHERE closed = 0 AND id >= ? AND"
                       " broken IS NOT NULL ORDER BY id");
        rows.bind(1, number_at(since));
        while (rows.step()) {
            found.push_back(rows.text(0));
        }
        return found;
    });
}

Result<std::vector<JobRow>> Index::jobs(const JobFilter& filter) const {
    return guarded<std::vector<JobRow>>("read the index", [&] { return body_->jobs(filter); });
}

Result<std::vector<std::string>> Index::sessions_to_settle(const JobFilter& filter) const {
    return guarded<std::vector<std::string>>("read the index", [&] {
        std::string sql =
            "SELECT id FROM sessions WHERE settled = 0 AND broken IS NULL AND id >= ?1 AND"
            " uid = ?2";
        if (!filter.sessions.empty()) {
            std::vector<std::string> ids;
            for (const std::string& id : filter.sessions) {
                ids.push_back(fmt::format("{}", number_of(id)));
            }
            sql += fmt::format(" AND id IN ({})", join(ids, ","));
        }
        Statement rows(body_->database(), sql + " ORDER BY id");
        rows.bind(1, number_at(filter.since)).bind(2, std::int64_t{filter.uid.value_or(0)});
        std::vector<std::string> found;
        while (rows.step()) {
            found.push_back(id_of(rows.integer(0)));
        }
        return found;
    });
}

Result<std::vector<TestRow>> Index::tests(const std::vector<JobRow>& jobs,
                                          const TestFilter& filter) const {
    return guarded<std::vector<TestRow>>("read the index",
                                         [&] { return body_->tests(jobs, filter); });
}

Result<std::vector<NodeRow>> Index::nodes(const std::vector<JobRow>& jobs) const {
    return guarded<std::vector<NodeRow>>("read the index", [&] { return body_->nodes(jobs); });
}

Result<> Index::check() const {
    return guarded<void>("check the index", [&]() -> Result<> {
        Statement rows(body_->database(), "PRAGMA quick_check(1)");
        if (rows.step() && rows.text(0) != "ok") {
            return fail(ErrorKind::infrastructure, "the index is damaged: " + rows.text(0));
        }
        return {};
    });
}

}  // namespace pavtest::index
