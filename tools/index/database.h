// SQLite as values: a connection and its statements. Internal to this module, and the one
// place where errors are exceptions: the faces of the module turn them into results.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace pavtest::index {

struct DatabaseError {
    int code = 0;
    std::string what;
};

class Database;

class Statement {
  public:
    Statement(const Database& database, std::string_view sql);

    Statement& bind(int place, std::int64_t value);
    Statement& bind(int place, double value);
    Statement& bind(int place, std::string_view text);  // must outlive the next step
    Statement& bind_null(int place);
    Statement& bind(int place, const std::optional<Timestamp>& when);
    template <class Number>
    Statement& bind_or_null(int place, const std::optional<Number>& value) {
        return value ? bind(place, static_cast<std::int64_t>(*value)) : bind_null(place);
    }
    /// Whether there is a row.
    bool step();
    /// Runs it to its end and makes it ready for the next values.
    void run();
    void reset();

    [[nodiscard]] std::int64_t integer(int column) const {
        return sqlite3_column_int64(statement_.get(), column);
    }
    [[nodiscard]] double real(int column) const {
        return sqlite3_column_double(statement_.get(), column);
    }
    [[nodiscard]] std::string text(int column) const;
    [[nodiscard]] bool null(int column) const {
        return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
    }
    [[nodiscard]] std::optional<Timestamp> time(int column) const;

  private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    void check(int code) const;
    sqlite3* connection_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
  public:
    /// ":memory:", or a file that is made if it is missing.
    explicit Database(const std::string& path);
    void execute(const char* sql) const;
    [[nodiscard]] std::int64_t number(std::string_view sql) const;
    [[nodiscard]] sqlite3* connection() const { return connection_.get(); }

  private:
    struct Close {
        void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
    };
    std::unique_ptr<sqlite3, Close> connection_;
};

/// Everything or nothing; rolled back unless committed.
class Transaction {
  public:
    explicit Transaction(const Database& database) : database_(&database) {
        database.execute("BEGIN IMMEDIATE");
    }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction() {
        if (database_ != nullptr) {
            sqlite3_exec(database_->connection(), "ROLLBACK", nullptr, nullptr, nullptr);
        }
    }
    void commit() {
        database_->execute("COMMIT");
        database_ = nullptr;
    }

  private:
    const Database* database_;
};

}  // namespace pavtest::index
