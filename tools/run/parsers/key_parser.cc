// Lines go to every key until it has what it wants; when all have, reading stops.
#include "run/parsers/key_parser.h"

#include <fmt/format.h>

#include <algorithm>

namespace pavtest::parsers {

Result<KeyParser> KeyParser::make(const ParserOptions& options, const Deadline& deadline) {
    auto window = LineWindow::make(options);
    if (!window) {
        return tl::unexpected(window.error());
    }
    auto parser = make_line_parser(options, deadline);
    if (!parser) {
        return tl::unexpected(parser.error());
    }
    return KeyParser(std::move(*window), std::move(*parser), std::make_unique<Matches>(options),
                     deadline);
}

void KeyParser::begin(const std::string& path) {
    window_.clear();
    parser_->clear();
    matches_->clear();
    result_ = FileResult();
    result_.path = path;
    done_ = false;
    line_number_ = 0;
    cut_line_ = 0;
}

void KeyParser::feed(const Line& line) {
    bool selected = false;
    if (line.begins) {
        ++line_number_;
        if (!line.ends && cut_line_ == 0 && !parser_->wants_rest()) {
            cut_line_ = line_number_;
        }
        auto advanced = window_.advance(line, *deadline_);
        if (!advanced) {
            fail_with(advanced.error());
            return;
        }
        selected = *advanced;
    }
    if (auto taken = parser_->line(line, selected, *matches_); !taken) {
        fail_with(taken.error());
        return;
    }
    done_ = matches_->enough();
}

void KeyParser::fail_with(const Error& error) {
    done_ = true;
    if (!result_.error) {
        result_.error =
            line_number_ == 0 ? error : error.within(fmt::format("line {}", line_number_));
    }
}

FileResult KeyParser::finish() {
    if (!result_.error && !matches_->enough()) {
        if (auto ended = parser_->end(*matches_); !ended) {
            fail_with(ended.error());
        }
    }
    if (result_.error) {
        return std::move(result_);
    }
    Matches::Found found = matches_->take();
    result_.stored = std::move(found.stored);
    result_.matched = found.matched;
    if (cut_line_ > 0) {
        result_.error = Error{
            ErrorKind::config,
            fmt::format("line {} is so long that only its beginning was looked at", cut_line_),
            {},
            std::nullopt};
    }
    return std::move(result_);
}

void scan(const std::string& path, const std::vector<KeyParser*>& keys, const Deadline& deadline,
          std::size_t line_limit) {
    for (KeyParser* key : keys) {
        key->begin(path);
    }
    const auto fail_all = [](const std::vector<KeyParser*>& which, const Error& error) {
        for (KeyParser* key : which) {
            key->fail_with(error);
        }
    };
    auto reader = LineReader::open(path, line_limit);
    if (!reader) {
        fail_all(keys, reader.error());
        return;
    }
    std::vector<KeyParser*> active = keys;
    const auto wants_rest = [&] {
        return std::any_of(active.begin(), active.end(),
                           [](const KeyParser* key) { return key->wants_rest(); });
    };
    bool rest = wants_rest();
    // Looking at the clock costs a good part of what a line costs.
    constexpr std::size_t lines_between_looks = 64;
    std::size_t until_look = lines_between_looks;
    Line line;
    while (!active.empty()) {
        auto more = reader->next(line, rest);
        if (!more) {
            fail_all(active, more.error());
            return;
        }
        if (!*more) {
            return;
        }
        if (--until_look == 0) {
            until_look = lines_between_looks;
            if (deadline.over()) {
                fail_all(
                    active,
                    {ErrorKind::infrastructure, "the time for parsing was over", {}, std::nullopt});
                return;
            }
        }
        bool finished = false;
        for (KeyParser* key : active) {
            key->feed(line);
            finished |= key->done();
        }
        if (finished) {
            active.erase(std::remove_if(active.begin(), active.end(),
                                        [](const KeyParser* key) { return key->done(); }),
                         active.end());
            rest = wants_rest();
        }
    }
}

}  // namespace pavtest::parsers
