// Keys are read, their files found, each file is read for all keys that want it, and what
// they found is stored key by key.
#include "run/parsers/parsing.h"

#include <fmt/format.h>

#include <deque>
#include <map>
#include <nlohmann/json.hpp>

#include "base/process.h"
#include "base/text.h"
#include "run/parsers/actions.h"
#include "run/parsers/base_keys.h"
#include "run/parsers/key_parser.h"
#include "run/parsers/per_file.h"

namespace pavtest::parsers {

namespace {

using nlohmann::json;

// A key at work. It never moves, since the parser refers to the options.
struct Key {
    ParserOptions options;
    std::optional<KeyParser> parser;
    std::vector<std::string> paths;      // in order, each once
    std::vector<std::string> not_found;  // globs
    std::map<std::string, FileResult> results;
};

Error plain(std::string what) {
    return {ErrorKind::config, std::move(what), {}, std::nullopt};
}

class Parsing {
  public:
    Parsing(const json& section, const ResultInputs& inputs)
        : section_(section), inputs_(inputs), deadline_(inputs.limits.time) {}

    Parsed run() {
        read_keys();
        std::map<std::string, std::vector<Key*>> by_path;
        std::vector<std::string> order;
        for (Key& key : keys_) {
            find(key);
            for (const std::string& path : key.paths) {
                if (by_path[path].empty()) {
                    order.push_back(path);
                }
                by_path[path].push_back(&key);
            }
        }
        for (const std::string& path : order) {
            read(path, by_path[path]);
        }
        for (Key& key : keys_) {
            finish(key);
        }
        return std::move(out_);
    }

  private:
    void read_keys() {
        if (!section_.is_object()) {
            return;
        }
        for (const auto& [parser, entries] : section_.items()) {
            if (!entries.is_object()) {
                continue;
            }
            const auto defaults = entries.find(std::string(defaults_key));
            for (const auto& [name, given] : entries.items()) {
                if (name != defaults_key) {
                    read_key(parser, name, given, defaults == entries.end() ? json() : *defaults);
                }
            }
        }
    }

    void read_key(const std::string& parser, const std::string& name, const json& given,
                  const json& defaults) {
        auto options = read_options(parser, name, given, defaults);
        if (!options) {
            refuse(name, options.error());
            return;
        }
        if (options->per_file != PerFile::name) {
            for (const std::string& part : split_key(name)) {
                if (is_reserved(part)) {
                    refuse(name,
                           plain(fmt::format("{} parser: the key '{}' is reserved", parser, part)));
                    return;
                }
            }
        }
        Key& key = keys_.emplace_back();
        key.options = std::move(*options);
        auto made = KeyParser::make(key.options, deadline_);
        if (!made) {
            refuse(name, made.error().within(fmt::format("{} parser, key '{}'", parser, name)));
            keys_.pop_back();
            return;
        }
        key.parser.emplace(std::move(*made));
    }

    // A key that cannot be parsed for is null.
    void refuse(const std::string& name, const Error& error) {
        fail_key(name, error);
        for (const std::string& part : split_key(name)) {
            if (!part.empty() && part != "_" && !is_reserved(part)) {
                set(out_.values, part, Value());
            }
        }
    }

    void fail_key(const std::string& name, const Error& error) {
        std::string text = error.what;
        if (!error.hint.empty()) {
            text += fmt::format(" ({})", error.hint);
        }
        out_.errors.push_back(std::move(text));
        out_.gave_up |= error.kind == ErrorKind::infrastructure;
        for (std::string& part : split_key(name)) {
            out_.failed.insert(std::move(part));
        }
    }

    static std::string where(const Key& key, const std::string& path) {
        return fmt::format("{} parser, key '{}', {}", key.options.kind->name, key.options.key,
                           base_name(path));
    }

    // Whether there is nothing to look for in files.
    static bool ignores_content(const Key& key) {
        const std::string_view parser = key.options.kind->name;
        return key.options.every_line() &&
               (parser == "constant" || parser == "command" || parser == "filecheck");
    }

    void find(Key& key) {
        if (ignores_content(key) && key.options.kind->name != "filecheck") {
            return;
        }
        for (const std::string& glob : key.options.files) {
            const std::vector<std::string> found = find_files(glob, inputs_.places);
            if (found.empty()) {
                key.not_found.push_back(glob);
            }
            for (const std::string& path : found) {
                if (key.results.try_emplace(path).second) {
                    key.paths.push_back(path);
                }
            }
        }
    }

    void read(const std::string& path, const std::vector<Key*>& keys) {
        std::vector<KeyParser*> parsers;
        for (Key* key : keys) {
            if (!ignores_content(*key)) {
                parsers.push_back(&*key->parser);
            }
        }
        if (!parsers.empty()) {
            scan(path, parsers, deadline_, inputs_.limits.line_bytes);
        }
        for (Key* key : keys) {
            FileResult& result = key->results[path];
            if (ignores_content(*key)) {
                result.path = path;
                result.matched = true;
                result.stored = applied(*key, Value(true));
            } else {
                result = key->parser->finish();
            }
        }
    }

    static Value applied(const Key& key, Value found) {
        return apply(key.options.action, key.options.is_verdict(), std::move(found));
    }

    void finish(Key& key) {
        std::vector<FileResult> files;
        for (const std::string& path : key.paths) {
            files.push_back(std::move(key.results[path]));
            if (const auto& error = files.back().error) {
                fail_key(key.options.key, error->within(where(key, path)));
            }
        }
        const std::string_view parser = key.options.kind->name;
        if (parser == "constant") {
            files = {{{}, applied(key, Value(key.options.text("const"))), true, {}}};
        } else if (parser == "command") {
            files = {run_command(key, files)};
        } else if (parser == "filecheck") {
            note_absent(key, files);
        } else {
            note_missing(key, !files.empty());
        }
        store_files(out_.values, key.options, std::move(files), key.not_found.empty(), out_.errors);
    }

    // That a file is not there is what filecheck is asked.
    static void note_absent(const Key& key, std::vector<FileResult>& files) {
        const PerFile per_file = key.options.per_file;
        if (per_file == PerFile::name || per_file == PerFile::name_list) {
            return;
        }
        for (const std::string& glob : key.not_found) {
            files.push_back({glob, applied(key, Value(false)), false, {}});
        }
    }

    // Without a file there is no answer; with fewer than wanted, none to "it is not there".
    void note_missing(const Key& key, bool any_file) {
        for (const std::string& glob : key.not_found) {
            const std::string text = fmt::format("{} parser, key '{}': there is no file '{}'",
                                                 key.options.kind->name, key.options.key, glob);
            if (any_file && key.options.action != Action::store_false) {
                out_.errors.push_back(text);
            } else {
                fail_key(key.options.key, plain(text));
            }
        }
    }

    FileResult run_command(const Key& key, const std::vector<FileResult>& looked_at) {
        FileResult result;
        const bool wanted =
            key.options.every_line() || (!looked_at.empty() && looked_at.front().matched);
        if (!wanted) {
            result.stored = applied(key, Value());
            return result;
        }
        const bool output = key.options.text("output_type") == "stdout";
        const bool quiet = key.options.text("stderr_dest") == "null";
        Command command;
        command.arguments = {
            "/bin/sh", "-c",
            (quiet ? "exec 2>/dev/null\n" : "exec 2>&1\n") + key.options.text("command")};
        command.environment = inputs_.environment;
        command.directory = inputs_.places.build_directory;
        command.deadline = inputs_.limits.command_time;
        auto done = pavtest::run(command);
        std::string problem = !done ? done.error().what : "";
        if (done && done->timed_out) {
            problem = fmt::format("it took more than {} s", inputs_.limits.command_time.count());
        }
        if (!problem.empty()) {
            fail_key(key.options.key,
                     plain(fmt::format("command parser, key '{}': {}", key.options.key, problem)));
            return result;
        }
        result.matched = true;
        Value found;
        if (output) {
            std::string text = to_utf8(done->output);
            text.erase(text.find_last_not_of('\n') + 1);
            found = Value(std::move(text));
        } else {
            found = Value::integer(done->signal != 0 ? -done->signal : done->exit_status);
        }
        result.stored = applied(key, std::move(found));
        return result;
    }

    const json& section_;
    const ResultInputs& inputs_;
    Deadline deadline_;
    std::deque<Key> keys_;
    Parsed out_;
};

}  // namespace

Parsed parse_all(const json& section, const ResultInputs& inputs) {
    return Parsing(section, inputs).run();
}

}  // namespace pavtest::parsers
