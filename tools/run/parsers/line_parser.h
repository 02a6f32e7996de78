// What the parsers that read files have in common: lines in, matches out, in one pass.
#pragma once

#include <memory>

#include "base/error.h"
#include "run/parsers/deadline.h"
#include "run/parsers/line_reader.h"
#include "run/parsers/matches.h"
#include "run/parsers/options.h"

namespace pavtest::parsers {

class LineParser {
  public:
    virtual ~LineParser() = default;

    /// Forgets what it was in the middle of.
    virtual void clear() {}
    /// Whether it reads lines of any length; otherwise only the first piece counts.
    [[nodiscard]] virtual bool wants_rest() const { return false; }
    /// Every line of the file, or piece of one; `selected` are those to look at.
    virtual Result<> line(const Line& line, bool selected, Matches& matches) = 0;
    /// The end of the file.
    virtual Result<> end(Matches& /*matches*/) { return {}; }
};

/// The parser that the options name. An error if an expression of its own is no good.
Result<std::unique_ptr<LineParser>> make_line_parser(const ParserOptions& options,
                                                     const Deadline& deadline);

Result<std::unique_ptr<LineParser>> make_regex_parser(const ParserOptions& options,
                                                      const Deadline& deadline);
Result<std::unique_ptr<LineParser>> make_split_parser(const ParserOptions& options);
Result<std::unique_ptr<LineParser>> make_table_parser(const ParserOptions& options,
                                                      const Deadline& deadline);
Result<std::unique_ptr<LineParser>> make_json_parser(const ParserOptions& options,
                                                     const Deadline& deadline);

}  // namespace pavtest::parsers
