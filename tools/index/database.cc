// Calls into SQLite, each checked.
#include "index/database.h"

namespace pavtest::index {

namespace {

constexpr int kBusyMilliseconds = 5000;

[[noreturn]] void raise(sqlite3* connection, int code) {
    throw DatabaseError{code & 0xff,
                        connection != nullptr ? sqlite3_errmsg(connection) : sqlite3_errstr(code)};
}

}  // namespace

Statement::Statement(const Database& database, std::string_view sql)
    : connection_(database.connection()) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v2(connection_, sql.data(), static_cast<int>(sql.size()),
                                        &statement, nullptr);
    statement_.reset(statement);
    check(code);
}

void Statement::check(int code) const {
    if (code != SQLITE_OK) {
        raise(connection_, code);
    }
}

Statement& Statement::bind(int place, std::int64_t value) {
    check(sqlite3_bind_int64(statement_.get(), place, value));
    return *this;
}

Statement& Statement::bind(int place, double value) {
    check(sqlite3_bind_double(statement_.get(), place, value));
    return *this;
}

Statement& Statement::bind(int place, std::string_view text) {
    // A null pointer would be NULL, not an empty text.
    const char* const data = text.data() != nullptr ? text.data() : "";
    check(sqlite3_bind_text(statement_.get(), place, data, static_cast<int>(text.size()),
                            SQLITE_STATIC));
    return *this;
}

Statement& Statement::bind_null(int place) {
    check(sqlite3_bind_null(statement_.get(), place));
    return *this;
}

Statement& Statement::bind(int place, const std::optional<Timestamp>& when) {
    return when ? bind(place, when->microseconds) : bind_null(place);
}

bool Statement::step() {
    const int code = sqlite3_step(statement_.get());
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        raise(connection_, code);
    }
    return code == SQLITE_ROW;
}

void Statement::run() {
    while (step()) {
    }
    reset();
}

void Statement::reset() {
    check(sqlite3_reset(statement_.get()));
}

std::string Statement::text(int column) const {
    const auto* const data =
        reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
    const int size = sqlite3_column_bytes(statement_.get(), column);
    return data == nullptr ? std::string{} : std::string(data, static_cast<std::size_t>(size));
}

std::optional<Timestamp> Statement::time(int column) const {
    return null(column) ? std::nullopt : std::optional(Timestamp{integer(column)});
}

Database::Database(const std::string& path) {
    sqlite3* connection = nullptr;
    const int code = sqlite3_open_v2(
        path.c_str(), &connection,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW,
        nullptr);
    connection_.reset(connection);
    if (code != SQLITE_OK) {
        raise(connection, code);
    }
    sqlite3_busy_timeout(connection, kBusyMilliseconds);
}

void Database::execute(const char* sql) const {
    const int code = sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) {
        raise(connection_.get(), code);
    }
}

std::int64_t Database::number(std::string_view sql) const {
    Statement statement(*this, sql);
    return statement.step() ? statement.integer(0) : 0;
}

}  // namespace pavtest::index
