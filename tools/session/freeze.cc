// From resolved tests to a session directory.
#include "session/freeze.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <system_error>

#include "base/digest.h"
#include "base/text.h"
#include "session/sizing.h"
#include "status/states.h"

namespace pavtest::session {

namespace {

namespace fs = std::filesystem;

constexpr const char* kSubmitJournal = "submit.jsonl";

// The bytes of a file or tree; links count as nothing. An error when it can't be read.
Result<std::uint64_t> size_of(const fs::path& path, std::uint64_t limit) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
        const std::uintmax_t size = fs::file_size(path, error);
        if (error) {
            return fail_errno("read", path.string(), error.value());
        }
        return static_cast<std::uint64_t>(size);
    }
    std::uint64_t total = 0;
    for (auto entry = fs::recursive_directory_iterator(path, error);
         !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
        if (entry->is_regular_file(error) && !entry->is_symlink(error)) {
            total += entry->file_size(error);
        }
        if (total > limit) {
            break;
        }
    }
    if (error) {
        return fail_errno("read", path.string(), error.value());
    }
    return total;
}

Result<> copy_source(const fs::path& from, const fs::path& to) {
    std::error_code error;
    // A link that was named stands for what it leads to; links inside stay links.
    const fs::path real = fs::canonical(from, error);
    fs::copy(real, to, fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
    if (error) {
        return fail_errno("copy", from.string(), error.value());
    }
    return {};
}

void name_copy(std::string& path, std::map<std::string, std::string>& copies) {
    if (path.empty() || path.front() != '/') {
        return;
    }
    const auto [found, added] = copies.emplace(path, "");
    if (added) {
        found->second =
            fmt::format("sources/{:04}/{}", copies.size() - 1, fs::path(path).filename().string());
    }
    path = found->second;
}

// Of the copies: what is edited meanwhile is not what was frozen.
Result<> note_digests(Plan& plan, const std::string& session) {
    Digests digests;
    std::map<std::string, std::string> known;
    const auto note = [&](const std::string& path, std::string& digest) -> Result<> {
        auto found = known.find(path);
        if (found == known.end()) {
            auto made = digests.of(session + "/" + path);
            if (!made) {
                return tl::make_unexpected(made.error());
            }
            found = known.emplace(path, std::move(*made)).first;
        }
        digest = found->second;
        return {};
    };
    for (PlannedTest& test : plan.tests) {
        if (test.source) {
            if (auto noted = note(*test.source, test.source_digest); !noted) {
                return noted;
            }
        }
        for (FrozenFile& file : test.extra_files) {
            if (auto noted = note(file.path, file.digest); !noted) {
                return noted;
            }
        }
    }
    return {};
}

// Copies each distinct source once, and makes the tests name the copies.
Plan with_sources_named(const Plan& plan, std::map<std::string, std::string>& copies) {
    Plan named = plan;
    for (PlannedTest& test : named.tests) {
        if (test.source) {
            name_copy(*test.source, copies);
        }
        for (FrozenFile& file : test.extra_files) {
            name_copy(file.path, copies);
        }
    }
    return named;
}

Result<> check_sizes(const std::map<std::string, std::string>& copies, std::uint64_t limit) {
    std::uint64_t total = 0;
    for (const auto& [from, to] : copies) {
        auto size = size_of(from, limit);
        if (!size) {
            return tl::make_unexpected(size.error());
        }
        total += *size;
        if (total > limit) {
            return fail(ErrorKind::config,
                        fmt::format("the sources of the builds have more than {} MiB "
                                    "(the last one counted: '{}')",
                                    limit >> 20, from),
                        "they are frozen with the session; raise 'source_limit' in pavtest.yaml, "
                        "or keep large data outside and refer to it by path");
        }
    }
    return {};
}

status::Record submit_record(std::string_view state, std::string note) {
    status::Record record;
    record.role = status::Role::submit;
    record.state = state;
    record.note = std::move(note);
    return record;
}

Result<> copy_sources(const std::map<std::string, std::string>& copies,
                      const SessionDirectory& session) {
    for (const auto& [from, to] : copies) {
        const std::string parent = fs::path(to).parent_path().string();
        auto made = session.directory().create_below(parent, session.directory_mode());
        if (!made) {
            return tl::make_unexpected(made.error());
        }
        if (auto copied = copy_source(from, session.directory().path() + "/" + to); !copied) {
            return copied;
        }
    }
    return {};
}

Result<> write_first_records(const Header& header, const SessionDirectory& session,
                             const Clock& clock, const std::string& host) {
    auto journal =
        Journal::open(session.directory(), kSubmitJournal, host, clock, session.file_mode());
    if (!journal) {
        return tl::make_unexpected(journal.error());
    }
    status::Record created =
        submit_record(status::state::created,
                      fmt::format("session {} made by {} on {}", header.id, header.user, host));
    status::Record scheduled =
        submit_record(status::state::scheduled,
                      fmt::format("handed to Slurm with {} tests{}{}", header.tests,
                                  header.without.empty() ? "" : "; no plugin, so without ",
                                  join(header.without, " and ")));
    for (status::Record* record : {&created, &scheduled}) {
        record->tests = "*";
        if (auto written = journal->append(*record); !written) {
            return written;
        }
    }
    return {};
}

// The suite's own directory, then test_src/ of the configuration directories.
Result<std::string> find_file(const suite::ResolvedTest& test,
                              const std::vector<suite::ConfigDirectory>& directories,
                              const std::string& key, const std::string& source) {
    std::vector<std::string> places;
    if (source.front() == '/') {
        places.push_back(source);
    } else {
        if (!test.suite_directory.empty()) {
            places.push_back(test.suite_directory + "/" + source);
        }
        for (const suite::ConfigDirectory& directory : directories) {
            places.push_back(directory.path + "/test_src/" + source);
        }
    }
    for (const std::string& place : places) {
        struct stat info {};
        if (::stat(place.c_str(), &info) == 0) {
            return place;
        }
    }
    return fail(ErrorKind::config,
                fmt::format("{}: {} '{}' is not there", test.full_name, key, source),
                fmt::format("looked for {}", join(places, ", ")));
}

// Submitting reaches for no network: what `source_url` names has to be there, and as new as it
// has to be.
Result<> check_url(const suite::ResolvedTest& test, bool is_there) {
    const std::string url = config_text(test.config, "build.source_url");
    const std::string when = config_text(test.config, "build.source_download");
    if (url.empty() || when == "never" || (is_there && when != "latest")) {
        return {};
    }
    return fail(
        ErrorKind::config,
        fmt::format("{}: build.source_url '{}': sources are not fetched here", test.full_name, url),
        is_there
            ? "build.source_download is 'latest'; with 'missing' the one that is there is taken"
            : "fetch it by hand to where build.source_path looks for it: test_src/, or the "
              "suite's directory");
}

Result<> find_inputs(const suite::ResolvedTest& test,
                     const std::vector<suite::ConfigDirectory>& directories, PlannedTest& planned) {
    const std::string source = config_text(test.config, "build.source_path");
    Result<std::string> found = source.empty()
                                    ? fail(ErrorKind::not_found, "none is named")
                                    : find_file(test, directories, "build.source_path", source);
    if (auto checked = check_url(test, found.has_value()); !checked) {
        return checked;
    }
    if (found) {
        planned.source = std::move(*found);
    } else if (!source.empty()) {
        return tl::make_unexpected(found.error());
    }
    const auto build = test.config.find("build");
    if (build == test.config.end() || !build->is_object() || !build->contains("extra_files")) {
        return {};
    }
    for (const auto& extra : (*build)["extra_files"]) {
        const std::string name = extra.is_string() ? extra.get<std::string>() : std::string();
        if (name.empty()) {
            continue;
        }
        auto file = find_file(test, directories, "build.extra_files", name);
        if (!file) {
            return tl::make_unexpected(file.error());
        }
        std::string target = fs::path(*file).filename().string();
        planned.extra_files.push_back({std::move(*file), std::move(target), ""});
    }
    return {};
}

}  // namespace

std::string to_json(const Bundle& bundle) {
    return fmt::format(R"({{"session":{},"plan":{},"store":{}}})", to_json(bundle.header),
                       to_json(bundle.plan), nlohmann::json(bundle.store).dump());
}

Result<Bundle> bundle_from_json(std::string_view text) {
    const nlohmann::json parsed = nlohmann::json::parse(text, nullptr, false);
    if (!parsed.is_object() || !parsed.contains("session") || !parsed.contains("plan") ||
        !parsed.contains("store") || !parsed["store"].is_string()) {
        return fail(ErrorKind::infrastructure, "what was handed over is no session bundle");
    }
    auto header = header_from_json(parsed["session"].dump());
    if (!header) {
        return tl::make_unexpected(header.error());
    }
    auto plan = plan_from_json(parsed["plan"].dump());
    if (!plan) {
        return tl::make_unexpected(plan.error());
    }
    return Bundle{std::move(*header), std::move(*plan), parsed["store"].get<std::string>()};
}

Result<Plan> plan_of(const suite::Resolution& resolution,
                     const std::vector<suite::ConfigDirectory>& directories,
                     const std::string& id) {
    Plan plan;
    plan.id = id;
    for (const suite::ResolvedTest& test : resolution.tests) {
        PlannedTest planned;
        planned.index = static_cast<std::uint32_t>(plan.tests.size());
        planned.name = test.full_name;
        planned.suite = test.suite;
        planned.test = test.test;
        planned.subtitle = test.subtitle;
        planned.skip_reasons = test.skip_reasons;
        planned.deferred = test.deferred;
        planned.config = test.config;
        // Written as the files are that the suite holds itself.
        for (const auto& [section, files] : test.template_files.items()) {
            nlohmann::json& created = planned.config[section]["create_files"];
            if (!created.is_object()) {
                created = nlohmann::json::object();
            }
            for (const auto& [target, lines] : files.items()) {
                created[target] = lines;
            }
        }
        planned.variables = test.variables;
        planned.permute_vars = test.permute_vars;
        if (test.skip_reasons.empty()) {
            if (auto found = find_inputs(test, directories, planned); !found) {
                return tl::make_unexpected(found.error());
            }
        }
        plan.tests.push_back(std::move(planned));
    }
    return plan;
}

Result<SessionDirectory> freeze(const Bundle& bundle, const Settings& settings, const Clock& clock,
                                const std::string& host) {
    Settings own = settings;
    own.store = bundle.store;
    std::map<std::string, std::string> copies;
    Plan plan = with_sources_named(bundle.plan, copies);
    plan.builds = {settings.build_area, settings.build_group, settings.archive_limit,
                   settings.archive_entries};
    if (auto fits = check_sizes(copies, settings.source_limit); !fits) {
        return tl::make_unexpected(fits.error());
    }
    auto store = Store::create(own);
    if (!store) {
        return tl::make_unexpected(store.error());
    }
    // Inside before anybody sees the session: its sources, and its first records.
    return store->create_session(bundle.header, plan, [&](const SessionDirectory& unborn) {
        auto filled = copy_sources(copies, unborn);
        if (filled) {
            filled = note_digests(plan, unborn.directory().path());
        }
        return filled ? write_first_records(bundle.header, unborn, clock, host) : filled;
    });
}

Result<> record_submission(const SessionDirectory& session, int exit_status, const Clock& clock,
                           const std::string& host) {
    auto journal =
        Journal::open(session.directory(), kSubmitJournal, host, clock, session.file_mode());
    if (!journal) {
        return tl::make_unexpected(journal.error());
    }
    if (exit_status == 0) {
        return journal->append(submit_record(status::state::scheduled, "accepted by Slurm"));
    }
    status::Record refused = submit_record(
        status::state::sched_error,
        fmt::format("the submission was refused: sbatch ended with status {}", exit_status));
    refused.end = true;
    refused.cause = status::Cause::refused;
    if (auto written = journal->append(refused); !written) {
        return written;
    }
    refused.tests = "*";
    return journal->append(refused);
}

}  // namespace pavtest::session
