// The tables. Another version is not converted: the index is made anew. Internal.
#pragma once

namespace pavtest::index {

inline constexpr int kApplication = 0x70617674;  // "pavt"
inline constexpr int kVersion = 2;

// A session's id is its number in base 32, so that keys sort by time. Texts that come again
// and again (names, states, node lists) stand once in `words`.
inline constexpr const char* kSchema = R"(
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE words(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE months(name TEXT PRIMARY KEY, modified INTEGER, since INTEGER) WITHOUT ROWID;
CREATE TABLE sessions(
  id INTEGER PRIMARY KEY, fingerprint TEXT, closed INTEGER, settled INTEGER, broken TEXT, uid INTEGER,
  user INTEGER, cluster INTEGER, request INTEGER, suites INTEGER, partition INTEGER,
  account INTEGER, host INTEGER, directory INTEGER, flaws INTEGER, flaw TEXT);
CREATE INDEX sessions_open ON sessions(id) WHERE closed = 0;
CREATE TABLE jobs(
  session INTEGER, place INTEGER, job INTEGER, restarts INTEGER, state INTEGER, note TEXT,
  ended INTEGER, cause INTEGER, source INTEGER, at INTEGER, submitted INTEGER,
  started INTEGER, ended_at INTEGER, nodes INTEGER, settled INTEGER, total INTEGER,
  pass INTEGER, fail INTEGER, error INTEGER, skipped INTEGER, unfinished INTEGER,
  PRIMARY KEY(session, place)) WITHOUT ROWID;
CREATE INDEX jobs_by_number ON jobs(job);
CREATE INDEX sessions_unsettled ON sessions(id) WHERE settled = 0;
CREATE TABLE tests(
  session INTEGER, place INTEGER, number INTEGER, name INTEGER, state INTEGER,
  result INTEGER, cause INTEGER, source INTEGER, note TEXT, nodes INTEGER, at INTEGER,
  started INTEGER, ended INTEGER, return_value INTEGER, signal INTEGER, duration REAL,
  attempt INTEGER, over INTEGER, had INTEGER,
  PRIMARY KEY(session, place, number)) WITHOUT ROWID;
CREATE TABLE journals(
  session INTEGER, file TEXT, inode INTEGER, start INTEGER, text BLOB,
  PRIMARY KEY(session, file, start)) WITHOUT ROWID;
CREATE TABLE nodes(
  session INTEGER, place INTEGER, name INTEGER, restart INTEGER, joined INTEGER,
  gone INTEGER, joined_by INTEGER, gone_by INTEGER, data TEXT,
  PRIMARY KEY(session, place, name)) WITHOUT ROWID;
)";

}  // namespace pavtest::index
