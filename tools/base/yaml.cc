// The tree is built from libyaml's events. Aliases share the nodes that they stand for,
// so a small file can describe a huge tree: what is counted is the expanded size.
#include "base/yaml.h"

#include <fmt/format.h>
#include <yaml.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/file.h"
#include "base/text.h"

namespace pavtest::yaml {

const Entry* Node::find_entry(std::string_view key) const {
    for (const Entry& entry : entries) {
        if (entry.key->text == key && entry.key->is_scalar()) {
            return &entry;
        }
    }
    return nullptr;
}

const Node* Node::find(std::string_view key) const {
    const Entry* entry = find_entry(key);
    return entry == nullptr ? nullptr : entry->value;
}

namespace {

// The length of the line break at `at`, as libyaml sees them, or 0.
std::size_t break_length(std::string_view text, std::size_t at) {
    const std::string_view rest = text.substr(at, 3);
    if (rest.starts_with("\r\n")) {
        return 2;
    }
    if (rest.starts_with('\n') || rest.starts_with('\r')) {
        return 1;
    }
    if (rest.starts_with("\xC2\x85")) {
        return 2;
    }
    return rest == "\xE2\x80\xA8" || rest == "\xE2\x80\xA9" ? 3 : 0;
}

std::vector<std::size_t> line_starts(std::string_view text) {
    std::vector<std::size_t> starts{0};
    for (std::size_t at = text.find_first_of("\r\n\xC2\xE2"); at != std::string_view::npos;
         at = text.find_first_of("\r\n\xC2\xE2", at)) {
        const std::size_t length = break_length(text, at);
        at += std::max<std::size_t>(length, 1);
        if (length > 0) {
            starts.push_back(at);
        }
    }
    return starts;
}

bool continues_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

std::size_t skip_characters(std::string_view text, std::size_t at, std::size_t count) {
    while (count > 0 && at < text.size()) {
        ++at;
        while (at < text.size() && continues_character(text[at])) {
            ++at;
        }
        --count;
    }
    return at;
}

}  // namespace

std::size_t Document::offset_of(Position position) const {
    const Source& source = *source_;
    if (position.line == 0 || position.line > source.lines.size()) {
        return 0;
    }
    return skip_characters(source.text, source.lines[position.line - 1],
                           position.column > 0 ? position.column - 1 : 0);
}

Place Document::place_at(std::size_t offset) const {
    const Source& source = *source_;
    const auto after = std::upper_bound(source.lines.begin(), source.lines.end(), offset);
    const auto line = static_cast<std::size_t>(after - source.lines.begin());
    const std::size_t start = source.lines[line - 1];
    const std::size_t end = after == source.lines.end() ? source.text.size() : *after;
    std::string text = source.text.substr(start, end - start);
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) {
        text.pop_back();
    }
    return Place{source.file, static_cast<int>(line), static_cast<int>(offset - start) + 1,
                 std::move(text)};
}

Place Document::place(Position position) const {
    if (position.line == 0) {
        return Place{source_->file, 0, 0, {}};
    }
    return place_at(offset_of(position));
}

Place Document::place(const Node& scalar, std::size_t offset) const {
    if (scalar.position.line == 0 || scalar.type != Type::text) {
        return place(scalar.position);
    }
    const std::string& source = source_->text;
    std::size_t at = offset_of(scalar.position);
    const auto blank = [&](std::size_t i) {
        return i < source.size() && (source[i] == ' ' || source[i] == '\n' || source[i] == '\r');
    };
    if (scalar.quoted()) {
        ++at;
    } else if (scalar.style == Style::literal || scalar.style == Style::folded) {
        while (at < source.size() && source[at] != '\n') {
            ++at;
        }
    }
    // Source and text are the same characters but for white space, which folding changes,
    // and escapes.
    for (std::size_t i = 0; i < offset && i < scalar.text.size() && at < source.size(); ++i) {
        const char c = scalar.text[i];
        const bool block = scalar.style == Style::literal || scalar.style == Style::folded;
        if (block && i == 0) {
            while (blank(at)) {
                ++at;
            }
        }
        if (scalar.style == Style::single_quoted && source[at] == '\'' && c == '\'') {
            at += 2;
        } else if (scalar.style == Style::double_quoted && source[at] == '\\' &&
                   at + 1 < source.size() && (c != '\\' || source[at + 1] == '\\')) {
            constexpr std::string_view coded = "xuU";
            constexpr std::size_t lengths[] = {4, 6, 10};
            const std::size_t which = coded.find(source[at + 1]);
            at += which == std::string_view::npos ? 2 : lengths[which];
            while (i + 1 < scalar.text.size() && continues_character(scalar.text[i + 1])) {
                ++i;
            }
        } else if (c == '\n' || (c == ' ' && source[at] != ' ')) {
            while (blank(at)) {
                ++at;
            }
        } else {
            ++at;
        }
    }
    if (offset == 0 && (scalar.style == Style::literal || scalar.style == Style::folded)) {
        while (blank(at)) {
            ++at;
        }
    }
    return place_at(std::min(at, source.size()));
}

namespace {

// What may follow a backslash in double quotes; before anything else the backslash stays.
constexpr std::string_view kEscapes = "0abt\tnvfre \"\\N_LPxuU\r\n";

bool known_escape(std::string_view text, std::size_t backslash) {
    if (backslash + 1 >= text.size()) {
        return true;
    }
    return kEscapes.find(text[backslash + 1]) != std::string_view::npos ||
           break_length(text, backslash + 1) > 0;
}

/// libyaml refuses unknown escapes, so it is given a private character in place of their
/// backslash, which is put back in the values. One character for one: no column moves.
class EscapeShield {
  public:
    /// The text for libyaml. Empty on failure: every private character is taken.
    static std::optional<EscapeShield> over(const std::string& text) {
        EscapeShield shield;
        std::vector<std::size_t> backslashes;
        for (std::size_t at = text.find('\\'); at != std::string::npos; at = text.find('\\', at)) {
            if (known_escape(text, at)) {
                at += 2;
            } else {
                backslashes.push_back(at++);
            }
        }
        if (backslashes.empty()) {
            return shield;
        }
        for (char last = '\x80'; last < '\xBF'; ++last) {
            shield.placeholder_ = std::string("\xEE\x80") + last;
            if (text.find(shield.placeholder_) == std::string::npos) {
                shield.apply(text, backslashes);
                return shield;
            }
        }
        return std::nullopt;
    }

    [[nodiscard]] const std::string& text(const std::string& original) const {
        return placeholder_.empty() ? original : text_;
    }
    void restore(std::string& value) const {
        if (placeholder_.empty()) {
            return;
        }
        for (std::size_t at = value.find(placeholder_); at != std::string::npos;
             at = value.find(placeholder_, at)) {
            value.replace(at, placeholder_.size(), "\\");
            ++at;
        }
    }

  private:
    void apply(const std::string& original, const std::vector<std::size_t>& backslashes) {
        std::size_t done = 0;
        for (const std::size_t at : backslashes) {
            text_.append(original, done, at - done);
            text_ += placeholder_;
            done = at + 1;
        }
        text_.append(original, done);
    }

    std::string placeholder_;
    std::string text_;
};

std::string hint_for(std::string_view problem) {
    if (problem.find("cannot start any token") != std::string_view::npos) {
        return "indent with spaces, and put quotes around a value that begins with a special "
               "character";
    }
    if (problem.find("mapping values are not allowed") != std::string_view::npos) {
        return "put quotes around a value that holds ': ', or check the indentation";
    }
    if (problem.find("did not find expected") != std::string_view::npos ||
        problem.find("unexpected end of stream") != std::string_view::npos) {
        return "check the indentation, and that brackets and quotes are closed";
    }
    return {};
}

}  // namespace

class Builder {
  public:
    Builder(std::string text, std::string file, const Limits& limits) : limits_(limits) {
        document_.source_ = std::make_shared<Document::Source>();
        document_.nodes_ = std::make_shared<std::deque<Node>>();
        document_.source_->file = std::move(file);
        document_.source_->text = std::move(text);
    }
    ~Builder() {
        if (initialized_) {
            yaml_parser_delete(&parser_);
        }
    }
    Builder(const Builder&) = delete;
    Builder& operator=(const Builder&) = delete;

    Result<Document> build() {
        Document::Source& source = *document_.source_;
        if (source.text.size() > limits_.bytes) {
            return fail(ErrorKind::config,
                        fmt::format("the file has {} bytes, more than the {} that are accepted",
                                    source.text.size(), limits_.bytes),
                        {}, Place{source.file, 0, 0, {}});
        }
        source.lines = line_starts(source.text);
        auto shield = EscapeShield::over(source.text);
        if (!shield || yaml_parser_initialize(&parser_) == 0) {
            return fail(ErrorKind::config, "the file cannot be read as YAML", {},
                        Place{source.file, 0, 0, {}});
        }
        initialized_ = true;
        shield_ = std::move(*shield);
        const std::string& input = shield_.text(source.text);
        yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(input.data()),
                                     input.size());
        if (auto done = read_document(); !done) {
            return tl::make_unexpected(std::move(done.error()));
        }
        return document_;
    }

  private:
    /// libyaml's event, freed at the end of its scope.
    struct Event {
        Event() = default;
        ~Event() { yaml_event_delete(&value); }
        Event(const Event&) = delete;
        Event& operator=(const Event&) = delete;
        yaml_event_t value{};
    };
    struct Anchor {
        const Node* node = nullptr;
        std::size_t weight = 0;
        bool complete = false;
    };

    static Position position_of(const yaml_mark_t& mark) {
        return {static_cast<std::uint32_t>(mark.line) + 1,
                static_cast<std::uint32_t>(mark.column) + 1};
    }
    tl::unexpected<Error> error_at(Position position, std::string what, std::string hint = {}) {
        return fail(ErrorKind::config, std::move(what), std::move(hint), document_.place(position));
    }

    Result<> next(Event& event) {
        if (yaml_parser_parse(&parser_, &event.value) == 0) {
            return parser_error();
        }
        return {};
    }

    tl::unexpected<Error> parser_error() {
        const std::string problem = parser_.problem == nullptr ? "no memory" : parser_.problem;
        if (parser_.error == YAML_READER_ERROR) {
            const std::string& text = shield_.text(document_.source_->text);
            const std::size_t at = std::min(parser_.problem_offset, text.size());
            const auto line = std::count(text.begin(), text.begin() + static_cast<long>(at), '\n');
            return error_at({static_cast<std::uint32_t>(line) + 1, 1}, problem,
                            "the file must be UTF-8 text without control characters");
        }
        const std::string context =
            parser_.context == nullptr ? "" : fmt::format(" ({})", parser_.context);
        // What is missing at the end of the file was begun somewhere.
        Position at = position_of(parser_.problem_mark);
        if (parser_.context != nullptr && document_.place(at).line_text.empty()) {
            at = position_of(parser_.context_mark);
        }
        return error_at(at, problem + context, hint_for(problem));
    }

    Result<> read_document() {
        while (true) {
            Event event;
            if (auto read = next(event); !read) {
                return read;
            }
            switch (event.value.type) {
                case YAML_STREAM_START_EVENT:
                case YAML_DOCUMENT_END_EVENT:
                    break;
                case YAML_DOCUMENT_START_EVENT:
                    if (document_.root_ != nullptr) {
                        return error_at(position_of(event.value.start_mark),
                                        "a second document begins here, and only one is accepted",
                                        "remove the '---', or put the rest in a file of its own");
                    }
                    break;
                case YAML_STREAM_END_EVENT:
                    if (document_.root_ == nullptr) {
                        document_.root_ = &add(event.value);
                    }
                    return {};
                default: {
                    auto root = read_node(event, 0);
                    if (!root) {
                        return tl::make_unexpected(std::move(root.error()));
                    }
                    document_.root_ = *root;
                }
            }
        }
    }

    Node& add(const yaml_event_t& event) {
        Node& node = document_.nodes_->emplace_back();
        node.position = position_of(event.start_mark);
        ++weight_;
        return node;
    }

    Result<const Node*> read_node(const Event& event, std::size_t depth) {
        const Position at = position_of(event.value.start_mark);
        if (depth > limits_.depth) {
            return error_at(at, fmt::format("nested deeper than {} levels", limits_.depth),
                            "no configuration needs that; is a bracket left open?");
        }
        if (weight_ > limits_.nodes) {
            return error_at(at, fmt::format("more than {} values", limits_.nodes),
                            "aliases count each time that they are used");
        }
        switch (event.value.type) {
            case YAML_ALIAS_EVENT:
                return read_alias(event);
            case YAML_SCALAR_EVENT:
                return read_scalar(event);
            case YAML_SEQUENCE_START_EVENT:
                return read_list(event, depth);
            case YAML_MAPPING_START_EVENT:
                return read_map(event, depth);
            default:
                return error_at(at, "a value was expected here");
        }
    }

    static std::string text_of(const yaml_char_t* text) {
        return text == nullptr ? std::string{} : reinterpret_cast<const char*>(text);
    }

    Result<const Node*> read_alias(const Event& event) {
        const std::string name = text_of(event.value.data.alias.anchor);
        const Position at = position_of(event.value.start_mark);
        const auto anchor = anchors_.find(name);
        if (anchor == anchors_.end()) {
            std::vector<std::string> known;
            for (const auto& [other, _] : anchors_) {
                known.push_back(other);
            }
            const std::string near = did_you_mean(name, known);
            return error_at(at, fmt::format("there is no anchor '&{}' above this alias", name),
                            near.empty() ? "put quotes around a text that begins with '*'" : near);
        }
        if (!anchor->second.complete) {
            return error_at(at, fmt::format("the alias '*{}' lies inside what it stands for", name),
                            "an alias stands behind the end of its anchor's value");
        }
        weight_ += anchor->second.weight;
        return anchor->second.node;
    }

    void set_anchor(const yaml_char_t* name, const Node& node, std::size_t weight, bool complete) {
        if (name != nullptr) {
            anchors_[text_of(name)] = Anchor{&node, weight, complete};
        }
    }

    Result<const Node*> read_scalar(const Event& event) {
        const auto& scalar = event.value.data.scalar;
        Node& node = add(event.value);
        const std::string tag = text_of(scalar.tag);
        std::string raw(reinterpret_cast<const char*>(scalar.value), scalar.length);
        shield_.restore(raw);
        switch (scalar.style) {
            case YAML_SINGLE_QUOTED_SCALAR_STYLE:
                node.style = Style::single_quoted;
                break;
            case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
                node.style = Style::double_quoted;
                break;
            case YAML_LITERAL_SCALAR_STYLE:
                node.style = Style::literal;
                break;
            case YAML_FOLDED_SCALAR_STYLE:
                node.style = Style::folded;
                break;
            default:
                node.style = Style::plain;
        }
        node.kind = Kind::scalar;
        bool null = false;
        if (tag.empty() || tag == "!") {
            if (node.style == Style::plain) {
                node.type = resolve_plain(raw, node.text, null);
            } else {
                node.text = std::move(raw);
            }
        } else if (tag == YAML_STR_TAG) {
            node.text = std::move(raw);
        } else if (auto typed = apply_tag(node, tag, raw, null); !typed) {
            return tl::make_unexpected(std::move(typed.error()));
        }
        if (null) {
            node.kind = Kind::null;
        }
        set_anchor(scalar.anchor, node, 1, true);
        return &node;
    }

    Result<> apply_tag(Node& node, const std::string& tag, const std::string& raw, bool& null) {
        node.type = resolve_plain(raw, node.text, null);
        if (tag == YAML_NULL_TAG) {
            null = true;
            return {};
        }
        if (tag == YAML_FLOAT_TAG && node.type == Type::integer) {
            node.type = resolve_plain(node.text + ".", node.text, null);
        }
        const bool fits = (tag == YAML_BOOL_TAG && node.type == Type::boolean) ||
                          (tag == YAML_INT_TAG && node.type == Type::integer) ||
                          (tag == YAML_FLOAT_TAG && node.type == Type::real) ||
                          (tag == YAML_TIMESTAMP_TAG && node.type == Type::timestamp);
        if (!fits) {
            return error_at(node.position,
                            fmt::format("the tag '{}' is not accepted for '{}'", tag, raw),
                            "leave it out: all values are texts in the end");
        }
        return {};
    }

    Result<const Node*> read_list(const Event& event, std::size_t depth) {
        const auto& start = event.value.data.sequence_start;
        const std::size_t weight_before = weight_;
        Node& node = add(event.value);
        node.kind = Kind::list;
        node.style = start.style == YAML_FLOW_SEQUENCE_STYLE ? Style::flow : Style::block;
        if (auto known = check_tag(node, start.tag, YAML_SEQ_TAG); !known) {
            return tl::make_unexpected(std::move(known.error()));
        }
        set_anchor(start.anchor, node, 0, false);
        while (true) {
            Event item;
            if (auto read = next(item); !read) {
                return tl::make_unexpected(std::move(read.error()));
            }
            if (item.value.type == YAML_SEQUENCE_END_EVENT) {
                break;
            }
            auto child = read_node(item, depth + 1);
            if (!child) {
                return child;
            }
            node.items.push_back(*child);
        }
        set_anchor(start.anchor, node, weight_ - weight_before, true);
        return &node;
    }

    Result<> check_tag(const Node& node, const yaml_char_t* given, std::string_view expected) {
        const std::string tag = text_of(given);
        if (!tag.empty() && tag != "!" && tag != expected) {
            return error_at(node.position, fmt::format("the tag '{}' is not accepted here", tag));
        }
        return {};
    }

    Result<const Node*> read_map(const Event& event, std::size_t depth) {
        const auto& start = event.value.data.mapping_start;
        const std::size_t weight_before = weight_;
        Node& node = add(event.value);
        node.kind = Kind::map;
        node.style = start.style == YAML_FLOW_MAPPING_STYLE ? Style::flow : Style::block;
        if (auto known = check_tag(node, start.tag, YAML_MAP_TAG); !known) {
            return tl::make_unexpected(std::move(known.error()));
        }
        set_anchor(start.anchor, node, 0, false);
        std::vector<Entry> merged;
        std::set<std::string_view> seen;
        while (true) {
            Event key_event;
            if (auto read = next(key_event); !read) {
                return tl::make_unexpected(std::move(read.error()));
            }
            if (key_event.value.type == YAML_MAPPING_END_EVENT) {
                break;
            }
            auto key = read_node(key_event, depth + 1);
            if (!key) {
                return key;
            }
            if ((*key)->is_list() || (*key)->is_map()) {
                return error_at((*key)->position, "a list or mapping cannot be a key",
                                "put quotes around a value that begins with '{' or '['");
            }
            Event value_event;
            if (auto read = next(value_event); !read) {
                return tl::make_unexpected(std::move(read.error()));
            }
            auto value = read_node(value_event, depth + 1);
            if (!value) {
                return value;
            }
            if ((*key)->text == "<<" && (*key)->style == Style::plain) {
                if (auto done = merge(**value, merged); !done) {
                    return tl::make_unexpected(std::move(done.error()));
                }
                continue;
            }
            if (!seen.insert((*key)->text).second) {
                return duplicate(node, **key);
            }
            node.entries.push_back({*key, *value});
        }
        put_before(node, merged, seen);
        set_anchor(start.anchor, node, weight_ - weight_before, true);
        return &node;
    }

    tl::unexpected<Error> duplicate(const Node& map, const Node& key) {
        const Entry* first = map.find_entry(key.text);
        return error_at(key.position, fmt::format("the key '{}' is here twice", key.text),
                        first == nullptr
                            ? std::string{}
                            : fmt::format("the first is on line {}", first->key->position.line));
    }

    // `<<: *anchor` or `<<: [*a, *b]`, where a comes before b.
    Result<> merge(const Node& value, std::vector<Entry>& merged) {
        if (value.is_map()) {
            merged.insert(merged.end(), value.entries.begin(), value.entries.end());
            weight_ += value.entries.size();
            return {};
        }
        const bool maps = std::all_of(value.items.begin(), value.items.end(),
                                      [](const Node* item) { return item->is_map(); });
        if (!value.is_list() || !maps) {
            return error_at(value.position, "'<<' takes a mapping or a list of mappings");
        }
        for (const Node* item : value.items) {
            merged.insert(merged.end(), item->entries.begin(), item->entries.end());
            weight_ += item->entries.size();
        }
        return {};
    }

    // Merged entries come first; the map's own win, and of the merged the first.
    static void put_before(Node& map, const std::vector<Entry>& merged,
                           std::set<std::string_view>& seen) {
        std::vector<Entry> front;
        for (const Entry& entry : merged) {
            if (seen.insert(entry.key->text).second) {
                front.push_back(entry);
            }
        }
        map.entries.insert(map.entries.begin(), front.begin(), front.end());
    }

    Limits limits_;
    Document document_;
    yaml_parser_t parser_{};
    bool initialized_ = false;
    EscapeShield shield_;
    std::map<std::string, Anchor> anchors_;
    std::size_t weight_ = 0;
};

Result<Document> parse(std::string text, std::string file, const Limits& limits) {
    return Builder(std::move(text), std::move(file), limits).build();
}

Result<Document> load(const std::string& path, const Limits& limits) {
    auto text = read_file(path, limits.bytes);
    if (!text) {
        return tl::make_unexpected(std::move(text.error()));
    }
    return parse(std::move(*text), path, limits);
}

}  // namespace pavtest::yaml
