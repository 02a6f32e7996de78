// Which columns, how wide: -o, -O, -P and the variables that stand for them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cmd/pavstat/fields.h"

namespace pavtest::cmd {

struct Column {
    const Field* field = nullptr;
    std::optional<std::size_t> width;  // none: as wide as what is in it
    bool to_the_right = false;
    std::string suffix = "  ";  // between it and the next, or behind the last
    std::string prefix;         // before it, if it is the first
};

struct Layout {
    std::vector<Column> columns;
    bool no_header = false;
    std::string delimiter;  // if any: parsable, nothing is padded or cut
    bool delimiter_at_end = false;
};

/// "%.18i %9P %j"
Result<std::vector<Column>> columns_of_format(const std::string& format);
/// "jobid:10,state:.12,nodelist"; sacct's "jobid%10" and "state%-12" as well.
Result<std::vector<Column>> columns_of_names(const std::string& names);
std::vector<Column> session_columns(bool more = false);
std::vector<Column> test_columns(bool more = false);

std::string lay_out(const Layout& layout, const std::vector<Subject>& lines);

/// Sorts by "-V,i" or "-submittime,jobid": letters or names, `-` for the other way round.
Result<> sort_lines(std::vector<Subject>& lines, const std::string& keys);

}  // namespace pavtest::cmd
