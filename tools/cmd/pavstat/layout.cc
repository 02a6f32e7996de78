// Formats read, lines written.
#include "cmd/pavstat/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <string_view>

#include "base/text.h"

namespace pavtest::cmd {

namespace {

constexpr std::size_t kWidest = 4096;

bool digit(char c) {
    return c >= '0' && c <= '9';
}

Column column_of(const Field& field) {
    return {&field, std::nullopt, field.heading.front() == '>', "  ", ""};
}

std::vector<Column> columns_named(const std::string& letters) {
    std::vector<Column> columns;
    for (const char letter : letters) {
        columns.push_back(column_of(*field_by_letter(letter)));
    }
    columns.back().suffix.clear();
    return columns;
}

std::string_view heading_of(const Field& field) {
    return field.heading.substr(field.heading.front() == '>' ? 1 : 0);
}

std::optional<std::size_t> width_of(std::string_view text) {
    std::size_t width = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), width);
    if (error != std::errc{} || end != text.data() + text.size() || width > kWidest) {
        return std::nullopt;
    }
    return width;
}

// The first columns of a printable text.
std::string cut(const std::string& text, std::size_t width) {
    std::size_t at = 0;
    for (std::size_t shown = 0; at < text.size(); ++shown) {
        if (shown == width) {
            break;
        }
        ++at;
        while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) {
            ++at;
        }
    }
    return text.substr(0, at);
}

tl::unexpected<Error> unknown_field(std::string_view name) {
    std::vector<std::string> names;
    for (const Field& field : known_fields()) {
        names.emplace_back(field.name);
    }
    const std::string near = did_you_mean(name, names);
    return fail(ErrorKind::usage, fmt::format("there is no field '{}'", name),
                near.empty() ? "'pavstat --helpformat' lists them" : near);
}

void add_cell(std::string& out, const Column& column, const std::string& cell, std::size_t width,
              bool last) {
    const std::size_t shown = std::min(display_width(cell), width);
    const std::string padding(width - shown, ' ');
    const std::string text = display_width(cell) > width ? cut(cell, width) : cell;
    const bool end = last && !column.width && column.suffix.empty();
    out += column.to_the_right ? padding + text : text + (end ? "" : padding);
}

}  // namespace

Result<std::vector<Column>> columns_of_format(const std::string& format) {
    std::vector<Column> columns;
    std::size_t at = format.find('%');
    while (at < format.size()) {
        Column column;
        ++at;
        if (at < format.size() && format[at] == '.') {
            column.to_the_right = true;
            ++at;
        }
        const std::size_t first = at;
        while (at < format.size() && digit(format[at])) {
            ++at;
        }
        if (at > first) {
            column.width = width_of(std::string_view(format).substr(first, at - first));
        }
        const char letter = at < format.size() ? format[at++] : '\0';
        column.field = field_by_letter(letter);
        if (column.field == nullptr || (at - 1 > first && !column.width)) {
            return unknown_field(std::string("%") + letter);
        }
        const std::size_t next = format.find('%', at);
        column.prefix = columns.empty() ? format.substr(0, format.find('%')) : "";
        column.suffix = format.substr(at, next - at);
        columns.push_back(std::move(column));
        at = next;
    }
    if (columns.empty()) {
        return fail(ErrorKind::usage, fmt::format("the format '{}' names no field", format),
                    "as in -o '%.18i %T %R'; 'pavstat --helpformat' lists the fields");
    }
    return columns;
}

Result<std::vector<Column>> columns_of_names(const std::string& names) {
    std::vector<Column> columns;
    for (const std::string& each : split(names, ',')) {
        const std::size_t end = std::min(each.find_first_of(":%"), each.size());
        const Field* const field = field_by_name(trim(std::string_view(each).substr(0, end)));
        if (field == nullptr) {
            return unknown_field(each.substr(0, end));
        }
        Column column = column_of(*field);
        if (end < each.size()) {
            std::string_view rest = std::string_view(each).substr(end + 1);
            // squeue's dot and sacct's lack of a minus both mean: to the right.
            column.to_the_right = each[end] == ':' ? rest.starts_with('.') : !rest.starts_with('-');
            rest.remove_prefix(rest.starts_with('.') || rest.starts_with('-') ? 1 : 0);
            column.width = width_of(rest);
            column.suffix = " ";
            if (!column.width) {
                return fail(ErrorKind::usage, fmt::format("'{}' has no width", each),
                            "as in jobid:10 or jobid:.10");
            }
        }
        columns.push_back(std::move(column));
    }
    columns.back().suffix.clear();
    return columns;
}

std::vector<Column> session_columns(bool more) {
    return columns_named(more ? "iIjcPuTpfEslVSeMbWRk" : "iIjuTpfEslVMR");
}

std::vector<Column> test_columns(bool more) {
    return columns_named(more ? "iIxJATvXgSedWNk" : "ixJTvMNk");
}

std::string lay_out(const Layout& layout, const std::vector<Subject>& lines) {
    const std::vector<Column>& columns = layout.columns;
    const bool parsable = !layout.delimiter.empty();
    std::vector<std::vector<std::string>> cells;
    if (!layout.no_header) {
        std::vector<std::string>& head = cells.emplace_back();
        for (const Column& column : columns) {
            head.emplace_back(heading_of(*column.field));
        }
    }
    std::string out;
    std::vector<std::size_t> widths(columns.size(), 0);
    const bool measured =
        !parsable && std::any_of(columns.begin(), columns.end(),
                                 [](const Column& column) { return !column.width; });
    const auto write = [&](const std::vector<std::string>& line) {
        for (std::size_t i = 0; i < columns.size(); ++i) {
            const bool last = i + 1 == columns.size();
            if (parsable) {
                out += line[i];
                out += last && !layout.delimiter_at_end ? "" : layout.delimiter;
            } else {
                out += columns[i].prefix;
                add_cell(out, columns[i], line[i], widths[i], last);
                out += columns[i].suffix;
            }
        }
        out += '\n';
    };
    for (std::size_t i = 0; i < columns.size(); ++i) {
        widths[i] = columns[i].width.value_or(0);
    }
    std::vector<std::string> line(columns.size());
    for (const Subject& subject : lines) {
        for (std::size_t i = 0; i < columns.size(); ++i) {
            line[i] = printable(columns[i].field->text(subject));
        }
        if (measured) {
            cells.push_back(line);
        } else {
            if (!cells.empty()) {
                write(cells.front());
                cells.clear();
            }
            write(line);
        }
    }
    for (const auto& each : cells) {
        for (std::size_t i = 0; i < columns.size(); ++i) {
            if (!columns[i].width) {
                widths[i] = std::max(widths[i], display_width(each[i]));
            }
        }
    }
    for (const auto& each : cells) {
        write(each);
    }
    return out;
}

Result<> sort_lines(std::vector<Subject>& lines, const std::string& keys) {
    const std::vector<std::string> all = split(keys, ',');
    std::vector<std::size_t> order(lines.size());
    std::iota(order.begin(), order.end(), 0U);
    for (auto key = all.rbegin(); key != all.rend(); ++key) {
        const bool down = key->starts_with('-');
        const std::string name = key->substr(down || key->starts_with('+') ? 1 : 0);
        const Field* const field =
            name.size() == 1 ? field_by_letter(name.front()) : field_by_name(name);
        if (field == nullptr) {
            return unknown_field(name);
        }
        // Numbers are right-aligned; they sort as numbers, and everything else as text.
        const bool number = field->heading.front() == '>';
        std::vector<std::string> texts;
        texts.reserve(lines.size());
        for (const Subject& line : lines) {
            texts.push_back(field->text(line));
        }
        const auto before = [&](std::size_t a, std::size_t b) {
            const std::string& first = texts[down ? b : a];
            const std::string& second = texts[down ? a : b];
            return number && first.size() != second.size() ? first.size() < second.size()
                                                           : first < second;
        };
        std::stable_sort(order.begin(), order.end(), before);
    }
    std::vector<Subject> sorted;
    sorted.reserve(lines.size());
    for (const std::size_t place : order) {
        sorted.push_back(lines[place]);
    }
    lines.swap(sorted);
    return {};
}

}  // namespace pavtest::cmd
