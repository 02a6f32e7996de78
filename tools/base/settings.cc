// Settings: two YAML files, the site's and the user's, checked against one list of keys.
#include "base/settings.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>

#include "base/build_info.h"
#include "base/file.h"
#include "base/text.h"
#include "base/yaml.h"

namespace pavtest {

namespace {

Result<Account> account_of(uid_t uid) {
    std::array<char, 16384> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    const int error = ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
    if (found == nullptr) {
        return fail(ErrorKind::infrastructure,
                    error == 0 ? fmt::format("user id {} has no name on this host", uid)
                               : fmt::format("cannot look up user id {}", uid));
    }
    return Account{uid, entry.pw_name, entry.pw_dir};
}

// One problem with a value, at its place.
tl::unexpected<Error> bad_value(const yaml::Document& document, const yaml::Node& node,
                                std::string what, std::string hint) {
    return fail(ErrorKind::config, std::move(what), std::move(hint), document.place(node));
}

struct Reader {
    const yaml::Document& document;
    const yaml::Node& node;
    std::string_view key;

    [[nodiscard]] Result<std::string> text() const {
        if (!node.is_scalar()) {
            return bad_value(document, node, fmt::format("'{}' takes one value", key), "");
        }
        return node.text;
    }
    [[nodiscard]] Result<std::string> path() const {
        auto value = text();
        if (value && (value->empty() || (value->front() != '/' && !value->starts_with("{home}")))) {
            return bad_value(document, node, fmt::format("'{}' takes an absolute path", key),
                             "begin it with / or {home}");
        }
        return value;
    }
    // One value or a list of them, each read by `one`.
    [[nodiscard]] Result<std::vector<std::string>> each(Result<std::string> (Reader::*one)()
                                                            const) const {
        std::vector<std::string> values;
        const std::vector<const yaml::Node*> alone{&node};
        for (const yaml::Node* item : node.is_list() ? node.items : alone) {
            auto value = (Reader{document, *item, key}.*one)();
            if (!value) {
                return tl::make_unexpected(value.error());
            }
            values.push_back(std::move(*value));
        }
        return values;
    }
    [[nodiscard]] Result<std::vector<std::string>> paths() const { return each(&Reader::path); }
    [[nodiscard]] Result<std::vector<std::string>> texts() const { return each(&Reader::text); }
    [[nodiscard]] Result<std::int64_t> number(std::int64_t least, std::int64_t most) const {
        auto value = text();
        if (!value) {
            return tl::make_unexpected(value.error());
        }
        std::int64_t parsed = 0;
        const auto [end, error] =
            std::from_chars(value->data(), value->data() + value->size(), parsed);
        if (error != std::errc{} || end != value->data() + value->size() || parsed < least ||
            parsed > most) {
            return bad_value(document, node, fmt::format("'{}' is '{}'", key, *value),
                             fmt::format("a whole number from {} to {}", least, most));
        }
        return parsed;
    }
};

struct Key {
    std::string_view name;
    bool user_may_set;
    std::function<Result<>(const Reader&, Settings&)> apply;
};

template <class T, class Into>
Result<> store_into(Result<T> value, Into into) {
    if (!value) {
        return tl::make_unexpected(value.error());
    }
    into(std::move(*value));
    return {};
}

Key seconds_key(std::string_view name, bool user, std::chrono::seconds Settings::*member,
                std::int64_t least, std::int64_t most) {
    return {name, user, [=](const Reader& reader, Settings& settings) {
                return store_into(reader.number(least, most), [&](std::int64_t value) {
                    settings.*member = std::chrono::seconds(value);
                });
            }};
}

using Names = std::optional<std::vector<std::string>>;

Key names_key(std::string_view name, Names SitePolicy::*member) {
    return {name, false, [=](const Reader& reader, Settings& settings) {
                return store_into(reader.texts(), [&](std::vector<std::string> values) {
                    settings.policy.*member = std::move(values);
                });
            }};
}

// What a user or a variable may set as long as the site does not pin it.
const std::vector<std::string>& pinnable() {
    static const std::vector<std::string> names{"store", "config_dirs", "default_test_time",
                                                "job_margin"};
    return names;
}

Result<> apply_pinned(const Reader& reader, Settings& settings) {
    const auto names = reader.texts();
    if (!names) {
        return tl::make_unexpected(names.error());
    }
    for (const std::string& name : *names) {
        if (std::find(pinnable().begin(), pinnable().end(), name) == pinnable().end()) {
            const std::string near = did_you_mean(name, pinnable());
            return bad_value(
                reader.document, reader.node, fmt::format("'{}' cannot be pinned", name),
                near.empty() ? "settings that a user may set: " + join(pinnable(), ", ") : near);
        }
        settings.policy.pinned.insert(name);
    }
    return {};
}

const std::vector<Key>& keys() {
    static const std::vector<Key> all{
        {"store", true,
         [](const Reader& reader, Settings& settings) {
             return store_into(reader.path(), [&](std::string value) {
                 settings.store_templates.insert(settings.store_templates.begin(), value);
                 settings.store = std::move(value);
             });
         }},
        {"also_read", false,
         [](const Reader& reader, Settings& settings) {
             return store_into(reader.paths(), [&](std::vector<std::string> values) {
                 settings.store_templates.insert(settings.store_templates.end(), values.begin(),
                                                 values.end());
             });
         }},
        {"store_group", false,
         [](const Reader& reader, Settings& settings) {
             return store_into(reader.text(),
                               [&](std::string value) { settings.store_group = std::move(value); });
         }},
        {"config_dirs", true,
         [](const Reader& reader, Settings& settings) {
             return store_into(reader.paths(), [&](std::vector<std::string> values) {
                 settings.config_dirs.insert(settings.config_dirs.end(), values.begin(),
                                             values.end());
             });
         }},
        {"node_dir", false,
         [](const Reader& reader, Settings& settings) {
             return store_into(reader.path(),
                               [&](std::string value) { settings.node_dir = std::move(value); });
         }},
        {"index_dir", false,
         [](const Reader& reader, Settings& settings) {
             return store_into(reader.path(),
                               [&](std::string value) { settings.index_dir = std::move(value); });
         }},
        {"retention", false,
         [](const Reader& reader, Settings& settings) {
             constexpr std::int64_t most = 36500;
             return store_into(reader.number(1, most),
                               [&](std::int64_t value) { settings.retention_days = value; });
         }},
        seconds_key("hook_deadline", false, &Settings::hook_deadline, 1, 60),
        seconds_key("default_test_time", true, &Settings::default_test_time, 1, 86400),
        seconds_key("job_margin", true, &Settings::job_margin, 0, 86400),
        {"build_area", false,
         [](const Reader& reader, Settings& settings) {
             return store_into(reader.path(),
                               [&](std::string value) { settings.build_area = std::move(value); });
         }},
        {"build_group", false,
         [](const Reader& reader, Settings& settings) {
             return store_into(reader.text(),
                               [&](std::string value) { settings.build_group = std::move(value); });
         }},
        {"archive_limit", false,
         [](const Reader& reader, Settings& settings) {
             constexpr std::int64_t most = 1 << 24;
             return store_into(reader.number(1, most), [&](std::int64_t value) {
                 settings.archive_limit = static_cast<std::uint64_t>(value) << 20;
             });
         }},
        {"archive_entries", false,
         [](const Reader& reader, Settings& settings) {
             constexpr std::int64_t most = 100'000'000;
             return store_into(reader.number(1, most), [&](std::int64_t value) {
                 settings.archive_entries = static_cast<std::uint64_t>(value);
             });
         }},
        {"source_limit", false,
         [](const Reader& reader, Settings& settings) {
             constexpr std::int64_t most = 1 << 20;
             return store_into(reader.number(0, most), [&](std::int64_t value) {
                 settings.source_limit = static_cast<std::uint64_t>(value) << 20;
             });
         }},
        {"pinned", false, apply_pinned},
        names_key("allow_users", &SitePolicy::allow_users),
        names_key("allow_groups", &SitePolicy::allow_groups),
        names_key("allowed_modes", &SitePolicy::allowed_modes),
        {"max_tests", false,
         [](const Reader& reader, Settings& settings) {
             return store_into(reader.number(1, 10'000'000), [&](std::int64_t value) {
                 settings.policy.max_tests = static_cast<std::uint64_t>(value);
             });
         }},
        {"max_job_time", false,
         [](const Reader& reader, Settings& settings) {
             return store_into(reader.number(1, 525600), [&](std::int64_t value) {
                 settings.policy.max_job_time = std::chrono::minutes(value);
             });
         }},
    };
    return all;
}

Result<> apply(const yaml::Document& document, bool by_user, Settings& settings) {
    const yaml::Node& root = document.root();
    if (root.is_null()) {
        return {};
    }
    if (!root.is_map()) {
        return bad_value(document, root, "settings are 'key: value' lines", "");
    }
    std::vector<std::string> names;
    for (const Key& key : keys()) {
        names.emplace_back(key.name);
    }
    for (const yaml::Entry& entry : root.entries) {
        const Key* known = nullptr;
        for (const Key& key : keys()) {
            if (key.name == entry.key->text) {
                known = &key;
            }
        }
        if (known == nullptr) {
            return bad_value(document, *entry.key,
                             fmt::format("unknown setting '{}'", entry.key->text),
                             did_you_mean(entry.key->text, names));
        }
        if (by_user && !known->user_may_set) {
            return bad_value(document, *entry.key,
                             fmt::format("'{}' is for the site to set", known->name), "");
        }
        if (by_user && settings.policy.pinned.count(entry.key->text) != 0) {
            return bad_value(
                document, *entry.key,
                fmt::format("'{}' is pinned by the site, in {}", known->name, settings.site_file),
                "remove this line");
        }
        if (entry.value->is_null()) {
            continue;
        }
        if (auto applied = known->apply({document, *entry.value, known->name}, settings);
            !applied) {
            return applied;
        }
    }
    return {};
}

// What is wrong with the owner and mode of a file, or of a directory above one.
const char* unsafe(const struct stat& info, uid_t reader) {
    if (info.st_uid != 0 && info.st_uid != reader) {
        return "belongs to neither root nor you";
    }
    // In a directory with the sticky bit others may only add.
    const bool only_adding = S_ISDIR(info.st_mode) && (info.st_mode & S_ISVTX) != 0;
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0 && !only_adding) {
        return "others may write it";
    }
    if (!S_ISDIR(info.st_mode) && (info.st_mode & (S_ISUID | S_ISGID)) != 0) {
        return "has a setuid or setgid bit";
    }
    return nullptr;
}

Result<> check_one(const std::string& file, const std::string& path, uid_t reader) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        return fail_errno("stat", path, errno);
    }
    const char* problem = unsafe(info, reader);
    if (problem == nullptr) {
        return {};
    }
    const std::string subject = path == file ? "it" : fmt::format("'{}'", path);
    return fail(ErrorKind::config, fmt::format("'{}' is not used: {} {}", file, subject, problem),
                fmt::format("chown root '{0}' && chmod go-w,ug-s '{0}'", path));
}

// A file that others may write could send every user's sessions elsewhere, and so could who may
// put another in its place: also each directory on the way is looked at, as the path is
// written and where its links lead.
Result<> check_writers(const std::string& file, uid_t reader, bool with_directories) {
    if (auto safe = check_one(file, file, reader); !safe || !with_directories) {
        return safe;
    }
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(file.c_str(), nullptr),
                                                           &std::free);
    for (std::string path : {file, std::string(real ? real.get() : file.c_str())}) {
        for (std::size_t slash = path.rfind('/'); slash != std::string::npos && slash > 0;
             slash = path.rfind('/')) {
            path.resize(slash);
            if (auto safe = check_one(file, path, reader); !safe) {
                return safe;
            }
        }
    }
    return {};
}

Result<bool> apply_file(const std::string& path, uid_t reader, bool by_user, Settings& settings) {
    auto text = read_file(path, 1U << 20);
    if (!text) {
        if (text.error().kind == ErrorKind::not_found) {
            return false;
        }
        return tl::make_unexpected(text.error());
    }
    if (auto safe = check_writers(path, reader, !by_user); !safe) {
        return tl::make_unexpected(safe.error());
    }
    auto document = yaml::parse(std::move(*text), path);
    if (!document) {
        return tl::make_unexpected(document.error());
    }
    if (auto applied = apply(*document, by_user, settings); !applied) {
        return tl::make_unexpected(applied.error());
    }
    return true;
}

std::string replaced(std::string text, std::string_view what, const std::string& with) {
    for (std::size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + with.size())) {
        text.replace(at, what.size(), with);
    }
    return text;
}

std::string for_account(const std::string& path, const Account& account) {
    return replaced(
        replaced(replaced(path, "{user}", account.name), "{uid}", fmt::format("{}", account.uid)),
        "{home}", account.home);
}

}  // namespace

Result<Account> Account::of_uid(uid_t uid) {
    return account_of(uid);
}

Result<Account> Account::of_process(const Environment& environment) {
    auto account = account_of(::getuid());
    if (!account) {
        return account;
    }
    // A user may move HOME (tests and containers do); for root it decides nothing.
    if (account->uid != 0) {
        account->home = environment.get_or("HOME", account->home);
    }
    return account;
}

Result<Settings> load_settings(const Environment& environment, const Account& account) {
    Settings settings;
    settings.store_templates = {"{home}/.pavtest"};
    settings.store = settings.store_templates.front();
    settings.node_dir = "/tmp/pavtest-{uid}";

    const std::string site =
        environment.get_or("PAVTEST_CONFIG", PAVTEST_SYSCONFDIR "/pavtest.yaml");
    auto found = apply_file(site, account.uid, false, settings);
    if (!found) {
        return tl::make_unexpected(found.error());
    }
    if (*found) {
        settings.site_file = site;
    } else if (environment.get("PAVTEST_CONFIG")) {
        return fail(ErrorKind::config,
                    fmt::format("PAVTEST_CONFIG names '{}', which is not there", site));
    }
    const std::string own =
        environment.get_or("XDG_CONFIG_HOME", account.home + "/.config") + "/pavtest/pavtest.yaml";
    if (found = apply_file(own, account.uid, true, settings); !found) {
        return tl::make_unexpected(found.error());
    }
    if (const auto store = environment.get("PAVTEST_STORE_DIR"); store && !store->empty()) {
        if (store->front() != '/') {
            return fail(ErrorKind::usage,
                        fmt::format("PAVTEST_STORE_DIR is '{}', no absolute path", *store));
        }
        if (settings.policy.pinned.count("store") != 0) {
            return fail(ErrorKind::config,
                        fmt::format("PAVTEST_STORE_DIR is set, and 'store' is pinned by the site, "
                                    "in {}",
                                    settings.site_file),
                        "unset PAVTEST_STORE_DIR");
        }
        settings.store = *store;
        settings.store_templates = {*store};
    }
    if (settings.config_dirs.empty()) {
        settings.config_dirs.emplace_back(PAVTEST_SYSCONFDIR);
    }
    settings.store = for_account(settings.store, account);
    settings.node_dir = for_account(settings.node_dir, account);
    settings.index_dir = for_account(settings.index_dir, account);
    for (std::string& path : settings.config_dirs) {
        path = for_account(path, account);
    }
    return settings;
}

Result<> check_user(const Settings& settings, const Account& account) {
    const SitePolicy& policy = settings.policy;
    const auto matches = [](const Names& patterns, const std::string& name) {
        return patterns && std::any_of(patterns->begin(), patterns->end(),
                                       [&](const auto& each) { return glob_match(each, name); });
    };
    if ((!policy.allow_users && !policy.allow_groups) ||
        matches(policy.allow_users, account.name)) {
        return {};
    }
    if (policy.allow_groups) {
        const passwd* entry = ::getpwnam(account.name.c_str());
        std::vector<gid_t> groups(4096);
        int count = static_cast<int>(groups.size());
        if (entry != nullptr &&
            ::getgrouplist(account.name.c_str(), entry->pw_gid, groups.data(), &count) >= 0) {
            groups.resize(static_cast<std::size_t>(count));
            for (const gid_t id : groups) {
                const group* found = ::getgrgid(id);
                if (found != nullptr && matches(policy.allow_groups, found->gr_name)) {
                    return {};
                }
            }
        }
    }
    return fail(
        ErrorKind::config,
        fmt::format("{} is not among those who may use pavtest here", account.name),
        fmt::format("ask who looks after {}: allow_users, allow_groups", settings.site_file));
}

}  // namespace pavtest
