// Stores from the templates of the settings: "/scratch/pavtest/{user}".
#include "cmd/pavstat/stores.h"

#include <fmt/format.h>
#include <pwd.h>

#include <algorithm>
#include <array>

#include "base/file.h"
#include "base/text.h"

namespace pavtest::cmd {

namespace {

std::string replaced(std::string text, std::string_view what, std::string_view with) {
    for (std::size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + with.size())) {
        text.replace(at, what.size(), with);
    }
    return text;
}

std::string store_for(const std::string& pattern, const Account& account) {
    return replaced(replaced(replaced(pattern, "{user}", account.name), "{uid}",
                             fmt::format("{}", account.uid)),
                    "{home}", account.home);
}

Result<Account> account_named(const std::string& name) {
    std::array<char, 16384> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found == nullptr) {
        return fail(ErrorKind::usage, fmt::format("there is no user '{}'", name));
    }
    return Account{entry.pw_uid, entry.pw_name, entry.pw_dir};
}

void add(std::vector<std::string>& stores, std::string store) {
    if (std::find(stores.begin(), stores.end(), store) == stores.end()) {
        stores.push_back(std::move(store));
    }
}

void add_for(const Viewer& viewer, const Account& account, std::vector<std::string>& stores) {
    for (const std::string& pattern : viewer.settings.store_templates) {
        add(stores, store_for(pattern, account));
    }
}

// Everybody's stores below a template: its one component with a placeholder may be
// anything that is there.
void add_everybodys(const std::string& pattern, std::vector<std::string>& stores) {
    if (pattern.find("{home}") != std::string::npos) {
        // Homes are all over the place: those of everybody who is known here.
        ::setpwent();
        while (const passwd* entry = ::getpwent()) {
            add(stores, store_for(pattern, {entry->pw_uid, entry->pw_name, entry->pw_dir}));
        }
        ::endpwent();
        return;
    }
    const std::size_t placeholder = std::min(pattern.find("{user}"), pattern.find("{uid}"));
    if (placeholder == std::string::npos) {
        add(stores, pattern);
        return;
    }
    const std::size_t start = pattern.rfind('/', placeholder) + 1;
    const std::size_t end = std::min(pattern.find('/', start), pattern.size());
    const std::string glob =
        replaced(replaced(pattern.substr(start, end - start), "{user}", "*"), "{uid}", "*");
    const auto parent = Directory::open(pattern.substr(0, start));
    const auto names = parent ? parent->names() : tl::make_unexpected(parent.error());
    if (!names) {
        return;
    }
    for (const std::string& name : *names) {
        if (glob_match(glob, name)) {
            add(stores, pattern.substr(0, start) + name + pattern.substr(end));
        }
    }
}

}  // namespace

Result<std::vector<std::string>> stores_of(const Viewer& viewer, const PavstatOptions& options) {
    std::vector<std::string> stores;
    if (options.all_users) {
        add(stores, viewer.settings.store);
        for (const std::string& pattern : viewer.settings.store_templates) {
            add_everybodys(pattern, stores);
        }
        return stores;
    }
    for (const std::string& name : options.users) {
        const auto account = account_named(name);
        if (!account) {
            return tl::make_unexpected(account.error());
        }
        if (account->uid == viewer.account.uid) {
            add(stores, viewer.settings.store);
        }
        add_for(viewer, *account, stores);
    }
    if (options.users.empty()) {
        add(stores, viewer.settings.store);
        add_for(viewer, viewer.account, stores);
    }
    return stores;
}

}  // namespace pavtest::cmd
