// Settings: two YAML files, the site's and the user's, checked against one list of keys.
#include "base/settings.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <functional>
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
    [[nodiscard]] Result<std::vector<std::string>> paths() const {
        std::vector<std::string> values;
        if (node.is_list()) {
            for (const yaml::Node* item : node.items) {
                auto value = Reader{document, *item, key}.path();
                if (!value) {
                    return tl::make_unexpected(value.error());
                }
                values.push_back(std::move(*value));
            }
            return values;
        }
        auto value = path();
        if (!value) {
            return tl::make_unexpected(value.error());
        }
        values.push_back(std::move(*value));
        return values;
    }
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
        seconds_key("hook_deadline", false, &Settings::hook_deadline, 1, 60),
        seconds_key("default_test_time", true, &Settings::default_test_time, 1, 86400),
        seconds_key("job_margin", true, &Settings::job_margin, 0, 86400),
        {"source_limit", false,
         [](const Reader& reader, Settings& settings) {
             constexpr std::int64_t most = 1 << 20;
             return store_into(reader.number(0, most), [&](std::int64_t value) {
                 settings.source_limit = static_cast<std::uint64_t>(value) << 20;
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

// A file that others may write could send every user's sessions elsewhere.
Result<> check_writers(const std::string& path, uid_t reader) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        return fail_errno("stat", path, errno);
    }
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0 || (info.st_uid != 0 && info.st_uid != reader)) {
        return fail(ErrorKind::config,
                    fmt::format("'{}' is not used: others than root and you may write it", path),
                    fmt::format("chown root '{0}' && chmod go-w '{0}'", path));
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
    if (auto safe = check_writers(path, reader); !safe) {
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
        settings.store = *store;
        settings.store_templates.insert(settings.store_templates.begin(), *store);
    }
    if (settings.config_dirs.empty()) {
        settings.config_dirs.emplace_back(PAVTEST_SYSCONFDIR);
    }
    settings.store = for_account(settings.store, account);
    settings.node_dir = for_account(settings.node_dir, account);
    for (std::string& path : settings.config_dirs) {
        path = for_account(path, account);
    }
    return settings;
}

}  // namespace pavtest
