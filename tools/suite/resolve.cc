// The order of things: requests, suites, layers, permutations, strings, conditions.
#include "suite/resolve.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/file.h"
#include "base/text.h"
#include "suite/conditions.h"
#include "suite/facts.h"
#include "suite/functions.h"
#include "suite/permute.h"
#include "suite/request.h"
#include "suite/resolved_variables.h"
#include "suite/result_check.h"
#include "suite/site_functions.h"
#include "suite/strings.h"
#include "suite/suite_loader.h"
#include "suite/template_files.h"
#include "suite/to_json.h"
#include "suite/trace_data.h"

namespace pavtest::suite {

namespace {

/// Which host and operating system it is for: asked for, or the facts' answer.
std::string default_host(const VariableProvider& facts) {
    const auto name = facts.get("sys_name");
    return name && *name != nullptr && !(*name)->items.empty()
               ? (*name)->items.front().front().value.text()
               : std::string{};
}

std::string default_os(const VariableProvider& facts) {
    const auto os = facts.get("sys_os");
    std::string name;
    std::string version;
    if (os && *os != nullptr && !(*os)->items.empty()) {
        for (const VariableCell& cell : (*os)->items.front()) {
            (cell.key == "version" ? version : name) = cell.value.text();
        }
    }
    return fmt::format("{}-{}", name, version);
}

class Resolver {
  public:
    Resolver(const World& world, const Selection& selection, bool merged_only,
             TestSink sink = nullptr)
        : world_(world),
          selection_(selection),
          merged_only_(merged_only),
          sink_(std::move(sink)),
          system_(system_facts(world, false)),
          loader_(world, selection, selection.host.value_or(default_host(*system_)),
                  selection.os.value_or(default_os(*system_))),
          functions_(site_functions(world)),
          shared_{loader_.arena(),
                  cache_,
                  *functions_,
                  system_,
                  run_facts(world),
                  world.scheduler != nullptr ? world.scheduler : slurm_facts(world.environment)},
          template_files_(world.directories, cache_) {}

    Resolution resolve() {
        for (const Error& error : loader_.errors()) {
            resolution_.errors.push_back(error);
        }
        if (resolution_.errors.empty()) {
            for (const Request& request : requests()) {
                resolve_request(request);
            }
            repeat();
        }
        resolution_.warnings = std::move(loader_.warnings());
        drop_repeated(resolution_.warnings);
        if (selection_.all_errors) {
            drop_repeated(resolution_.errors);
        }
        return std::move(resolution_);
    }

  private:
    std::vector<Request> requests() {
        std::vector<std::string> texts = selection_.requests;
        for (const std::string& file : selection_.request_files) {
            auto lines = requests_in_file(file);
            if (!lines) {
                resolution_.errors.push_back(lines.error());
                continue;
            }
            texts.insert(texts.end(), lines->begin(), lines->end());
        }
        std::vector<Request> requests;
        for (const std::string& text : texts) {
            auto request = parse_request(text);
            if (request) {
                requests.push_back(std::move(*request));
            } else {
                resolution_.errors.push_back(request.error());
            }
        }
        return requests;
    }

    // One request a line; '#' begins a comment. A bare name is looked for among the
    // collections of the configuration directories too.
    Result<std::vector<std::string>> requests_in_file(const std::string& name) {
        std::vector<std::string> places = {name};
        if (name.find('/') == std::string::npos) {
            for (const ConfigDirectory& directory : world_.directories) {
                places.push_back(directory.path + "/collections/" + name);
            }
        }
        Result<std::string> text = fail(ErrorKind::not_found, "no place to look");
        for (const std::string& place : places) {
            text = read_file(place);
            if (text) {
                break;
            }
        }
        if (!text) {
            return fail(ErrorKind::not_found,
                        fmt::format("there is no file of requests '{}'", name),
                        fmt::format("looked for {}", join(places, ", ")));
        }
        std::vector<std::string> lines;
        for (const std::string& line : split(*text, '\n')) {
            const std::string_view request = trim(std::string_view(line).substr(0, line.find('#')));
            if (!request.empty()) {
                lines.emplace_back(request);
            }
        }
        return lines;
    }

    void add_errors(const std::vector<Error>& errors) {
        resolution_.errors.insert(resolution_.errors.end(), errors.begin(), errors.end());
    }

    void resolve_request(const Request& request) {
        const LoadedSuite& suite = loader_.suite(request.suite);
        if (!suite.errors.empty()) {
            add_errors(suite.errors);
            return;
        }
        std::vector<const TestConfig*> chosen;
        std::vector<std::string> names;
        for (const TestConfig& test : suite.tests) {
            names.push_back(test.name);
            if (request.matches_test(test.name)) {
                chosen.push_back(&test);
            }
        }
        if (chosen.empty()) {
            std::string hint = request.test ? did_you_mean(*request.test, names) : "";
            if (hint.empty()) {
                hint = fmt::format("its tests are {}", join(names, ", "));
            }
            resolution_.errors.push_back(Error{
                ErrorKind::nothing_selected,
                request.test ? fmt::format("suite '{}' has no test '{}'", suite.name, *request.test)
                             : fmt::format("suite '{}' has no tests but hidden ones", suite.name),
                std::move(hint), std::nullopt});
            return;
        }
        // All are merged before any is permuted: an incomplete one ends the whole request.
        std::vector<TestConfig> ready;
        for (const TestConfig* test : chosen) {
            Problems layers(selection_.all_errors);
            TestConfig config = loader_.layered(suite, *test, layers);
            if (layers.any()) {
                add_errors(layers.errors());
                continue;
            }
            Problems structure(selection_.all_errors);
            loader_.complete(suite, config, structure);
            if (structure.any()) {
                add_errors(structure.errors());
                if (selection_.all_errors) {
                    continue;
                }
                return;
            }
            Problems variables(selection_.all_errors);
            config.variables.check(variables, config.name);
            if (variables.any()) {
                add_errors(variables.errors());
            } else if (merged_only_) {
                add_merged(suite, config);
            } else {
                ready.push_back(std::move(config));
            }
        }
        RequestState state;
        for (const TestConfig& config : ready) {
            resolve_test(suite, request, config, state);
        }
        if (request.subtitle && !state.matched && !state.failed && !ready.empty()) {
            no_such_permutation(request, state.seen);
        }
    }

    struct RequestState {
        bool matched = false;
        bool failed = false;
        std::set<std::string> seen;
    };

    void no_such_permutation(const Request& request, const std::set<std::string>& seen) {
        const std::vector<std::string> names(seen.begin(), seen.end());
        std::string hint = did_you_mean(*request.subtitle, names);
        if (hint.empty()) {
            hint = names.empty() ? "that test is not permuted: permute_on is not set"
                                 : fmt::format("there are {}", join(names, ", "));
        }
        resolution_.errors.push_back(
            Error{ErrorKind::nothing_selected,
                  fmt::format("'{}' names the permutation '{}', and there is none like it",
                              request.text, *request.subtitle),
                  std::move(hint), std::nullopt});
    }

    void add_merged(const LoadedSuite& suite, const TestConfig& config) {
        ResolvedTest test = described(suite, config);
        test.full_name = fmt::format("{}.{}", suite.name, config.name);
        test.config = config_json(*config.tree, variables_json(config.variables));
        test.trace = make_trace(loader_.shared_arena(), *config.tree,
                                std::make_shared<const VariableSection>(config.variables));
        hand_over(std::move(test));
    }

    // As Pavilion has it, what is wanted several times comes in rounds: all of it once more,
    // behind everything that was requested.
    void repeat() {
        while (!repeated_.empty()) {
            std::vector<Repeated> left;
            for (Repeated& repeated : repeated_) {
                if (--repeated.times > 0) {
                    left.push_back(repeated);
                }
                hand_over(std::move(repeated.test));
            }
            repeated_ = std::move(left);
        }
    }

    void hand_over(ResolvedTest test) {
        if (sink_) {
            sink_(std::move(test));
        } else {
            resolution_.tests.push_back(std::move(test));
        }
    }

    static ResolvedTest described(const LoadedSuite& suite, const TestConfig& config) {
        ResolvedTest test;
        test.suite = suite.name;
        test.test = config.name;
        test.suite_path = suite.found.path;
        test.suite_directory = suite.found.directory;
        test.config_path = suite.found.config_path;
        return test;
    }

    void resolve_test(const LoadedSuite& suite, const Request& request, const TestConfig& config,
                      RequestState& state) {
        Problems problems(selection_.all_errors);
        const VariableManager base = initial_variables(config, shared_, problems);
        StringResolver strings(shared_.arena, cache_);
        Permuter permuter(config, shared_, strings, problems);
        std::vector<VariableManager> managers;
        if (!problems.any()) {
            managers = permuter.permutations(base);
        }
        if (problems.any()) {
            state.failed = true;
            add_errors(problems.errors());
            return;
        }
        const Value* tree = config.tree;
        if (&permuter.subtitle() != tree->get("subtitle")) {
            tree = &with(shared_.arena, *tree, "subtitle", permuter.subtitle());
        }
        ResolvedVariables variables(config.variables, strings);
        Permuted permuted{config, *tree, strings, variables, {}, nullptr};
        permuted.section = std::make_shared<const VariableSection>(config.variables);
        for (const VariableManager& manager : managers) {
            Problems own(selection_.all_errors);
            std::optional<ResolvedTest> test =
                permutation(suite, request, permuted, permuter, manager, own, state);
            if (own.any()) {
                state.failed = true;
                for (Error error : own.errors()) {
                    if (!error.place) {
                        // In what stands in no file: the subtitle that permutations get.
                        error.place = config.tree->get("permute_on")->origin.place();
                    }
                    resolution_.errors.push_back(std::move(error));
                }
            } else if (test) {
                if (request.count > 1) {
                    repeated_.push_back({*test, request.count - 1});
                }
                hand_over(std::move(*test));
            }
        }
    }

    /// What the permutations of a test have in common.
    struct Permuted {
        const TestConfig& config;
        const Value& tree;
        StringResolver& strings;
        ResolvedVariables& variables;
        CheckedResults checked;
        std::shared_ptr<const VariableSection> section;
    };

    std::optional<ResolvedTest> permutation(const LoadedSuite& suite, const Request& request,
                                            Permuted& permuted, const Permuter& permuter,
                                            const VariableManager& manager, Problems& problems,
                                            RequestState& state) {
        const TestConfig& config = permuted.config;
        ResolvedTest test = described(suite, config);
        const Value& resolved = permuted.strings.config(permuted.tree, manager, shared_.functions,
                                                        problems, test.deferred);
        const auto own_value = [&](std::string_view name) {
            return selection_.for_a_run ? chosen(permuter, manager, name) : std::nullopt;
        };
        Json variables = permuted.variables.json(manager, shared_.functions, problems,
                                                 test.deferred, selection_.contents, own_value);
        if (problems.any()) {
            return std::nullopt;
        }
        const Value* subtitle = resolved.get("subtitle");
        if (subtitle != nullptr && subtitle->is_text()) {
            test.subtitle = std::string(subtitle->text);
            state.seen.insert(*test.subtitle);
        }
        if (!request.matches_subtitle(test.subtitle)) {
            return std::nullopt;
        }
        state.matched = true;
        permuted.checked.check(resolved, problems);
        test.skip_reasons = skip_reasons(resolved, problems);
        if (!problems.any() && test.skip_reasons.empty()) {
            test.template_files =
                template_files_.resolve(resolved, test.suite_directory, manager, shared_.functions,
                                        problems, test.deferred);
        }
        if (problems.any()) {
            return std::nullopt;
        }
        test.full_name = test.subtitle && !test.subtitle->empty()
                             ? fmt::format("{}.{}.{}", suite.name, config.name, *test.subtitle)
                             : fmt::format("{}.{}", suite.name, config.name);
        if (!selection_.contents) {
            return test;
        }
        test.config = config_json(resolved, std::move(variables));
        for (const Permuter::Over& over : permuter.over()) {
            const auto value = manager.find(over.set, over.name);
            if (value && *value != nullptr && !(*value)->items.empty()) {
                test.permute_vars[over.written] = variable_json(**value).front();
            }
        }
        if (test.deferred) {
            test.variables = deferred_variables(manager);
        }
        test.trace = make_trace(loader_.shared_arena(), resolved, permuted.section);
        return test;
    }

    // What a permutation has of a variable that it permutes.
    static std::optional<Json> chosen(const Permuter& permuter, const VariableManager& manager,
                                      std::string_view name) {
        for (const Permuter::Over& over : permuter.over()) {
            if (over.set == VariableSet::var && over.name == name) {
                const auto value = manager.find(over.set, over.name);
                return value && *value != nullptr ? std::optional(variable_json(**value))
                                                  : std::nullopt;
            }
        }
        return std::nullopt;
    }

    // What strings that wait for the node may refer to there. Deferred facts are asked for
    // again on the node; all others keep the values that they had here.
    Json deferred_variables(const VariableManager& manager) {
        Json out = Json::object();
        Json& user = out["var"] = Json::object();
        for (const VariableManager::UserVariable& variable : manager.user_variables()) {
            user[std::string(variable.name)] = variable_json(*variable.value);
        }
        for (const VariableSet set : {VariableSet::sys, VariableSet::pav}) {
            Json& known = out[std::string(name_of(set))] = Json::object();
            const VariableProvider& provider =
                set == VariableSet::sys ? *shared_.system : *shared_.run;
            for (const std::string& name : provider.names()) {
                const auto value = provider.get(name);
                if (value && *value != nullptr && !(*value)->deferred) {
                    known[name] = variable_json(**value);
                }
            }
        }
        Json& directories = out["directories"] = Json::array();
        for (const ConfigDirectory& directory : world_.directories) {
            directories.push_back({{"label", directory.label}, {"path", directory.path}});
        }
        return out;
    }

    static void drop_repeated(std::vector<Error>& errors) {
        std::set<std::string> seen;
        std::vector<Error> kept;
        for (Error& error : errors) {
            if (seen.insert(describe(error)).second) {
                kept.push_back(std::move(error));
            }
        }
        errors = std::move(kept);
    }

    const World& world_;
    const Selection& selection_;
    bool merged_only_;
    TestSink sink_;
    std::shared_ptr<const VariableProvider> system_;
    SuiteLoader loader_;
    TemplateCache cache_;
    std::shared_ptr<const Functions> functions_;
    struct Repeated {
        ResolvedTest test;
        std::uint32_t times;
    };

    Shared shared_;
    std::vector<Repeated> repeated_;
    TemplateFiles template_files_;
    Resolution resolution_;
};

}  // namespace

Resolution resolve(const World& world, const Selection& selection) {
    return Resolver(world, selection, false).resolve();
}

Resolution resolve(const World& world, const Selection& selection, const TestSink& sink) {
    return Resolver(world, selection, false, sink).resolve();
}

Resolution resolve_merged(const World& world, const Selection& selection) {
    return Resolver(world, selection, true).resolve();
}

}  // namespace pavtest::suite
