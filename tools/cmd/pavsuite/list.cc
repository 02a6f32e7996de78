// pavsuite list: suites and tests, and everything else that a suite can name.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "base/text.h"
#include "cmd/pavsuite/json_output.h"
#include "cmd/pavsuite/list_keys.h"
#include "cmd/pavsuite/paint.h"
#include "cmd/pavsuite/selection.h"
#include "cmd/pavsuite/subcommands.h"
#include "suite/catalog.h"

namespace pavtest::cmd {

namespace {

using suite::Json;

struct ListArguments {
    std::vector<std::string> words;  // [WHAT] [PATTERN]
    bool all = false;
    bool details = false;
    bool json = false;
};

constexpr std::array<std::string_view, 10> kKinds{"tests",       "suites", "hosts", "os",
                                                  "modes",       "facts",  "sched", "functions",
                                                  "collections", "keys"};

/// One line of a list, and what is said of it with --long.
struct Row {
    std::string name;
    std::string summary;
    std::vector<std::string> details;
};

class Lister {
  public:
    Lister(suite::World world, const ListArguments& arguments, std::string pattern)
        : world_(std::move(world)), arguments_(arguments), pattern_(std::move(pattern)) {}

    int list(std::string_view kind) {
        Json found = Json::array();
        if (kind == "tests" || kind == "suites") {
            found = kind == "tests" ? tests() : suites();
        } else if (kind == "hosts" || kind == "os" || kind == "modes") {
            found = configs(kind);
        } else if (kind == "facts") {
            found = facts();
        } else if (kind == "sched") {
            found = variables("sched", suite::list_sched_variables());
        } else if (kind == "functions") {
            found = functions();
        } else if (kind == "collections") {
            found = collections();
        } else {
            found = keys();
        }
        if (arguments_.json) {
            Json out = Json::object();
            out[std::string(kind)] = std::move(found);
            out["errors"] = errors_json(errors_);
            print_json(out);
        } else {
            print_rows();
            report(errors_);
        }
        if (!errors_.empty()) {
            return static_cast<int>(ExitCode::usage);
        }
        return rows_.empty() ? nothing(kind) : 0;
    }

  private:
    Json tests() {
        Json out = Json::array();
        for (const suite::SuiteEntry& suite : suite::list_suites(world_, pattern_)) {
            errors_.insert(errors_.end(), suite.errors.begin(), suite.errors.end());
            for (const suite::TestEntry& test : suite.tests) {
                if (!test.hidden || arguments_.all) {
                    out.push_back(add_test(suite, test));
                }
            }
        }
        return out;
    }

    Json add_test(const suite::SuiteEntry& suite, const suite::TestEntry& test) {
        Json one = Json::object();
        Row row{fmt::format("{}.{}", suite.name, test.name), test.summary, {}};
        one["full_name"] = row.name;
        one["suite"] = suite.name;
        one["name"] = test.name;
        one["summary"] = test.summary;
        one["doc"] = test.doc;
        one["maintainer"] = test.maintainer;
        one["email"] = test.email;
        one["inherits_from"] = test.inherits_from;
        one["hidden"] = test.hidden;
        one["permuted"] = test.permuted;
        put_place(one, test.place);
        row.details.push_back(fmt::format("{}:{}", test.place.file, test.place.line));
        if (!test.maintainer.empty() || !test.email.empty()) {
            row.details.push_back(fmt::format("maintainer: {} {}", test.maintainer, test.email));
        }
        if (!test.inherits_from.empty()) {
            row.details.push_back("inherits from: " + test.inherits_from);
        }
        if (!test.doc.empty()) {
            const std::vector<std::string> lines = split(trim(test.doc), '\n');
            row.details.insert(row.details.end(), lines.begin(), lines.end());
        }
        rows_.push_back(std::move(row));
        return one;
    }

    Json suites() {
        Json out = Json::array();
        for (const suite::SuiteEntry& suite : suite::list_suites(world_, pattern_)) {
            errors_.insert(errors_.end(), suite.errors.begin(), suite.errors.end());
            const auto count = std::count_if(
                suite.tests.begin(), suite.tests.end(),
                [&](const suite::TestEntry& test) { return !test.hidden || arguments_.all; });
            Json one = Json::object();
            one["name"] = suite.name;
            one["label"] = suite.label;
            one["path"] = suite.path;
            one["directory"] = suite.directory.empty() ? Json(nullptr) : Json(suite.directory);
            one["deprecated"] = suite.deprecated;
            one["supersedes"] = suite.supersedes;
            one["tests"] = count;
            out.push_back(std::move(one));
            Row row{suite.name,
                    fmt::format("{:>3} test{}  {}", count, count == 1 ? " " : "s", suite.path),
                    {}};
            for (const std::string& path : suite.supersedes) {
                row.details.push_back("goes before " + path);
            }
            rows_.push_back(std::move(row));
        }
        return out;
    }

    Json configs(std::string_view kind) {
        const suite::CatalogKind which = kind == "hosts" ? suite::CatalogKind::hosts
                                         : kind == "os"  ? suite::CatalogKind::os
                                                         : suite::CatalogKind::modes;
        Json out = Json::array();
        for (const suite::ConfigEntry& entry : suite::list_configs(world_, which)) {
            if (!matches(entry.name)) {
                continue;
            }
            errors_.insert(errors_.end(), entry.errors.begin(), entry.errors.end());
            const std::string where =
                entry.suite.empty() ? std::string{} : fmt::format("suite {} only", entry.suite);
            Row row{entry.name, entry.summary, {entry.path}};
            row.summary += row.summary.empty() || where.empty() ? where : " (" + where + ")";
            rows_.push_back(std::move(row));
            Json one = Json::object();
            one["name"] = entry.name;
            one["label"] = entry.label;
            one["path"] = entry.path;
            one["suite"] = entry.suite.empty() ? Json(nullptr) : Json(entry.suite);
            one["summary"] = entry.summary;
            out.push_back(std::move(one));
        }
        return out;
    }

    Json facts() {
        Json out = variables("sys", suite::list_facts(world_));
        Json more = variables("pav", suite::list_pav_variables());
        out.insert(out.end(), more.begin(), more.end());
        return out;
    }

    Json variables(std::string_view set, const std::vector<suite::VariableEntryInfo>& all) {
        Json out = Json::array();
        for (const suite::VariableEntryInfo& info : all) {
            const std::string name = fmt::format("{}.{}", set, info.name);
            if (!matches(info.name) && !matches(name)) {
                continue;
            }
            Row row{name, info.summary + (info.deferred ? " (known on the nodes)" : ""), {}};
            if (!info.path.empty()) {
                row.details.push_back(info.path);
            }
            rows_.push_back(std::move(row));
            Json one = Json::object();
            one["name"] = name;
            one["summary"] = info.summary;
            one["path"] = info.path.empty() ? Json(nullptr) : Json(info.path);
            one["deferred"] = info.deferred;
            out.push_back(std::move(one));
        }
        return out;
    }

    Json functions() {
        Json out = Json::array();
        for (const suite::FunctionEntry& function : suite::list_functions(world_)) {
            if (!matches(function.name)) {
                continue;
            }
            Row row{function.signature.empty() ? function.name + "(…)" : function.signature,
                    function.summary,
                    {}};
            if (!function.path.empty()) {
                row.details.push_back(function.path);
            }
            rows_.push_back(std::move(row));
            Json one = Json::object();
            one["name"] = function.name;
            one["signature"] = function.signature;
            one["summary"] = function.summary;
            one["path"] = function.path.empty() ? Json(nullptr) : Json(function.path);
            out.push_back(std::move(one));
        }
        return out;
    }

    Json collections() {
        Json out = Json::array();
        for (const suite::CollectionEntry& collection : suite::list_collections(world_)) {
            if (matches(collection.name)) {
                rows_.push_back({collection.name, collection.path, {}});
                out.push_back({{"name", collection.name}, {"path", collection.path}});
            }
        }
        return out;
    }

    Json keys() {
        Json out = Json::array();
        for (const KeyEntry& entry : known_keys()) {
            if (!matches(entry.name)) {
                continue;
            }
            Row row{entry.name, entry.help, {}};
            row.details.push_back(entry.standing.empty()
                                      ? entry.kind
                                      : fmt::format("{}; default: {}", entry.kind, entry.standing));
            rows_.push_back(std::move(row));
            out.push_back({{"name", entry.name},
                           {"kind", entry.kind},
                           {"default", entry.standing},
                           {"help", entry.help}});
        }
        return out;
    }

    // A word without globs also stands for what begins with it and a dot.
    [[nodiscard]] bool matches(std::string_view name) const {
        return pattern_.empty() || glob_match(pattern_, name) ||
               (name.size() > pattern_.size() && name.starts_with(pattern_) &&
                name[pattern_.size()] == '.');
    }

    void print_rows() const {
        const Paint paint = Paint::of_output(world_.environment);
        constexpr std::size_t kWidest = 40;
        std::size_t width = 0;
        for (const Row& row : rows_) {
            const std::size_t own = display_width(printable(row.name));
            width = own <= kWidest ? std::max(width, own) : width;
        }
        std::string out;
        for (const Row& row : rows_) {
            const std::string name = printable(row.name);
            out += paint.bold(name);
            if (!row.summary.empty()) {
                const std::size_t own = display_width(name);
                out += std::string(own < width ? width - own + 2 : 2, ' ');
                out += printable(row.summary);
            }
            out += '\n';
            if (arguments_.details) {
                for (const std::string& line : row.details) {
                    out += "    " + paint.dim(printable(line)) + "\n";
                }
            }
        }
        fmt::print("{}", out);
    }

    [[nodiscard]] int nothing(std::string_view kind) const {
        if (arguments_.json) {
            return static_cast<int>(ExitCode::nothing_selected);
        }
        if (pattern_.empty()) {
            return report(Error{ErrorKind::nothing_selected, fmt::format("there are no {}", kind),
                                "looked in " + join(places(), ", "), std::nullopt});
        }
        return report(Error{ErrorKind::nothing_selected,
                            fmt::format("no {} match '{}'", kind, pattern_), hint(kind),
                            std::nullopt});
    }

    [[nodiscard]] std::string hint(std::string_view kind) const {
        std::vector<std::string> names(kKinds.begin(), kKinds.end());
        if (kind == "tests") {
            for (const suite::SuiteEntry& suite : suite::list_suites(world_)) {
                names.push_back(suite.name);
            }
        }
        const std::string meant = did_you_mean(pattern_, names);
        return meant.empty() ? fmt::format("'pavsuite list {}' shows them all", kind) : meant;
    }

    [[nodiscard]] std::vector<std::string> places() const {
        std::vector<std::string> out;
        for (const suite::ConfigDirectory& directory : world_.directories) {
            out.push_back(directory.path);
        }
        return out;
    }

    suite::World world_;
    const ListArguments& arguments_;
    std::string pattern_;
    std::vector<Row> rows_;
    std::vector<Error> errors_;
};

int list(const ListArguments& arguments) {
    const auto process = this_process();
    if (!process) {
        return report(process.error());
    }
    std::vector<std::string> words = arguments.words;
    std::string kind = "tests";
    if (!words.empty() && std::find(kKinds.begin(), kKinds.end(), words.front()) != kKinds.end()) {
        kind = words.front();
        words.erase(words.begin());
    }
    if (words.size() > 1) {
        return report(Error{ErrorKind::usage, fmt::format("'{}' is one word too many", words[1]),
                            fmt::format("it is 'pavsuite list [WHAT] [PATTERN]', WHAT being one of "
                                        "{}",
                                        fmt::join(kKinds, ", ")),
                            std::nullopt});
    }
    auto world = world_of(*process, {});
    if (!world) {
        return report(world.error());
    }
    return Lister(std::move(*world), arguments, words.empty() ? "" : words.front()).list(kind);
}

}  // namespace

Chosen add_list(CLI::App& app) {
    auto arguments = std::make_shared<ListArguments>();
    CLI::App* command =
        app.add_subcommand("list", "List tests, suites and all else that a suite can name");
    command
        ->add_option("words", arguments->words,
                     fmt::format("What to list ({}), then a pattern (globs) of names. Without "
                                 "either, all tests",
                                 fmt::join(kKinds, ", ")))
        ->type_name("[WHAT] [PATTERN]")
        ->expected(0, 2);
    command->add_flag("-a,--all", arguments->all, "Hidden tests too");
    command->add_flag("-l,--long", arguments->details, "Say more of each");
    command->add_flag("--json", arguments->json, "For programs");
    command->footer(
        "Examples:\n"
        "  pavsuite list                   all tests, with what each is for\n"
        "  pavsuite list -l health         one suite, with files and maintainers\n"
        "  pavsuite list '*.pass*'         tests of this name in any suite\n"
        "  pavsuite list suites            where each suite is\n"
        "  pavsuite list functions 're_*'  functions for expressions\n"
        "  pavsuite list keys schedule     what schedule: may hold");
    return [arguments] { return list(*arguments); };
}

}  // namespace pavtest::cmd
