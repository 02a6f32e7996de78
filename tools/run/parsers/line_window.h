// Which lines to look at: those that for_lines_matching finds, right behind lines that
// preceded_by finds, one for each. After such a line the search begins anew.
#pragma once

#include <vector>

#include "base/error.h"
#include "run/parsers/deadline.h"
#include "run/parsers/line_reader.h"
#include "run/parsers/options.h"
#include "run/parsers/regex.h"

namespace pavtest::parsers {

class LineWindow {
  public:
    static Result<LineWindow> make(const ParserOptions& options);

    void clear();
    /// Whether the next line is one to look at.
    Result<bool> advance(const Line& line, const Deadline& deadline);

  private:
    std::vector<Regex> conditions_;  // the last is for_lines_matching
    std::vector<char> reached_;      // how many conditions the lines so far may have met
};

}  // namespace pavtest::parsers
