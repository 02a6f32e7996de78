// One key of the configuration at work on one file after the other.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "run/parsers/line_parser.h"
#include "run/parsers/line_window.h"

namespace pavtest::parsers {

/// What a key got out of one file.
struct FileResult {
    std::string path;
    Value stored;  // null if it failed
    bool matched = false;
    std::optional<Error> error;  // ErrorKind::infrastructure: it was given up
};

class KeyParser {
  public:
    /// `options` and `deadline` must outlive it. An error if an expression is no good.
    static Result<KeyParser> make(const ParserOptions& options, const Deadline& deadline);

    void begin(const std::string& path);
    /// A line or piece of one.
    void feed(const Line& line);
    /// Whether it needs no more lines.
    [[nodiscard]] bool done() const { return done_; }
    [[nodiscard]] bool wants_rest() const { return parser_->wants_rest(); }
    /// The file cannot be read (any further).
    void fail_with(const Error& error);
    FileResult finish();

  private:
    KeyParser(LineWindow window, std::unique_ptr<LineParser> parser,
              std::unique_ptr<Matches> matches, const Deadline& deadline)
        : window_(std::move(window)),
          parser_(std::move(parser)),
          matches_(std::move(matches)),
          deadline_(&deadline) {}

    LineWindow window_;
    std::unique_ptr<LineParser> parser_;
    std::unique_ptr<Matches> matches_;
    const Deadline* deadline_;
    FileResult result_;
    bool done_ = false;
    std::size_t line_number_ = 0;
    std::size_t cut_line_ = 0;  // the first that was not looked at whole
};

/// Reads a file once for all keys that want it. What goes wrong is in their results.
void scan(const std::string& path, const std::vector<KeyParser*>& keys, const Deadline& deadline,
          std::size_t line_limit = LineReader::default_line_limit);

}  // namespace pavtest::parsers
