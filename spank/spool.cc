// Every step by openat from "/", no link followed, each directory looked at: what
// root writes here is found nowhere that a user could have put it.
#include "spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <ctime>

#include "checks.h"

namespace pavtest::spank {

namespace {

constexpr int most_names = 4 * spool_limit;
constexpr int directory_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

bool is_ours(const struct stat& status) {
    return status.st_uid == 0 || status.st_uid == ::geteuid();
}

bool others_may_write(const struct stat& status) {
    return (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

enum class Trust { own, sticky_too };

bool is_trusted(int fd, Trust trust) {
    struct stat status {};
    if (::fstat(fd, &status) != 0 || !is_ours(status)) {
        return false;
    }
    // In a sticky directory (/tmp) nobody can move what is ours.
    return !others_may_write(status) ||
           (trust == Trust::sticky_too && (status.st_mode & S_ISVTX) != 0);
}

Descriptor enter(const Descriptor& parent, const char* name, Spool::Missing missing) {
    Descriptor found(::openat(parent.get(), name, directory_flags));
    if (!found.valid() && errno == ENOENT && missing == Spool::Missing::create &&
        is_trusted(parent.get(), Trust::own) &&
        (::mkdirat(parent.get(), name, 0700) == 0 || errno == EEXIST)) {
        found.reset(::openat(parent.get(), name, directory_flags));
    }
    return found;
}

// The directory at an absolute path; only its last level is ever made.
Descriptor enter_path(std::string_view path, Spool::Missing missing, const char*& problem) {
    Descriptor here(::open("/", directory_flags));
    while (here.valid() && !path.empty()) {
        if (!is_trusted(here.get(), Trust::sticky_too)) {
            problem = "a directory above it is not root's alone";
            return {};
        }
        while (begins_with(path, "/")) {
            path.remove_prefix(1);
        }
        const std::size_t slash = path.find('/');
        const std::size_t length = slash == std::string_view::npos ? path.size() : slash;
        Text<255> name;
        if (length == 0 || !name.append({path.data(), length})) {
            break;
        }
        path.remove_prefix(length);
        here = enter(here, name.c_str(), path.empty() ? missing : Spool::Missing::leave);
    }
    return here;
}

// Not "." and "..", and not what is unfinished or a note: those start with a dot.
bool is_record_file(const char* name) {
    return is_name(name);
}

template <typename Take>
bool for_each_name(int directory, Take take) {
    const int again = ::openat(directory, ".", directory_flags);
    DIR* stream = again >= 0 ? ::fdopendir(again) : nullptr;
    if (stream == nullptr) {
        return false;
    }
    while (const dirent* entry = ::readdir(stream)) {
        take(static_cast<const char*>(&entry->d_name[0]));
    }
    ::closedir(stream);
    return true;
}

int count_records(int directory) {
    int count = 0;
    const bool counted =
        for_each_name(directory, [&](const char* name) { count += is_record_file(name) ? 1 : 0; });
    return counted ? count : spool_limit;
}

int count_names(int directory) {
    int count = 0;
    return for_each_name(directory, [&](const char*) { ++count; }) ? count : most_names;
}

bool write_all(int fd, std::string_view bytes) {
    return ::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
}

// Copies one file if it is what root would have written.
bool copy_record(int directory, const char* name, int into) {
    const Descriptor file(
        ::openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status {};
    if (!file.valid() || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
        !is_ours(status)) {
        return false;
    }
    char bytes[4096];
    const ssize_t size = ::read(file.get(), &bytes[0], sizeof bytes);
    return size > 1 && bytes[size - 1] == '\n' &&
           write_all(into, {&bytes[0], static_cast<std::size_t>(size)});
}

Text<64> note_name(const Job& job) {
    Text<64> name;
    name.append(".restart.");
    name.append_number(job.id);
    return name;
}

void append_time(Record& record, const timespec& now) {
    tm utc{};
    char text[64];
    if (::gmtime_r(&now.tv_sec, &utc) != nullptr) {
        record.append({&text[0], std::strftime(&text[0], sizeof text, "%FT%T.", &utc)});
        std::snprintf(&text[0], sizeof text, "%06ld+00:00", now.tv_nsec / 1000);
        record.append(&text[0]);
    }
}

}  // namespace

void compose_record(Record& record, Hook hook, const Job& job, std::string_view problem,
                    const timespec& now) {
    record.append("{\"v\":1,\"seq\":");
    record.append_number(static_cast<unsigned>(hook_sequence(hook)));
    record.append(",\"when\":\"");
    append_time(record, now);
    record.append("\",\"role\":\"");
    record.append(hook_name(hook));
    record.append("\",\"host\":\"");
    record.append(job.node);
    record.append("\",\"restart\":");
    record.append(job.restart);
    record.append(",\"job\":");
    record.append_number(job.id);
    record.append(hook == Hook::prolog ? ",\"node\":\"joined\"" : ",\"node\":\"left\"");
    record.append(",\"note\":\"");
    record.append(problem);
    record.append("\",\"key\":\"");
    record.append(job.session);
    record.append('/');
    record.append_number(job.id);
    record.append('/');
    record.append(job.restart);
    record.append('/');
    record.append(job.node);
    record.append('/');
    record.append_number(static_cast<unsigned>(hook_sequence(hook)));
    record.append("\",\"data\":{\"session\":\"");
    record.append(job.session);
    record.append("\",\"store\":\"");
    record.append(job.store);
    record.append("\",\"exit_code\":");
    record.append(job.exit_code.empty() ? "null" : job.exit_code);
    record.append("}}\n");
}

Spool::Spool(const char* path, const Job& job, Missing missing) {
    Text<255> node;
    Text<20> user;
    node.append(job.node);
    user.append_number(job.uid);
    Descriptor top = enter_path(path, missing, problem_);
    if (top.valid() && !is_trusted(top.get(), Trust::own)) {
        problem_ = "it is not root's alone";
        return;
    }
    const Descriptor of_node = enter(top, node.c_str(), missing);
    Descriptor of_user = enter(of_node, user.c_str(), missing);
    if (!of_user.valid() || !is_trusted(of_user.get(), Trust::own)) {
        problem_ = problem_ != nullptr ? problem_ : "its directories cannot be opened or made";
        return;
    }
    directory_ = static_cast<Descriptor&&>(of_user);
}

// No fsync: root waits for no disk here. A record that a crash of the node loses is
// one of a node that is seen to have died anyway.
bool Spool::write(Hook hook, const Job& job, const Record& record) {
    if (record.overflowed() || count_records(directory_.get()) >= spool_limit) {
        problem_ = "too many records of this user wait in it";
        return false;
    }
    Name name;
    name.append_number(job.id);
    name.append('.');
    name.append(job.restart);
    name.append('.');
    name.append(hook_name(hook));
    Name unfinished;
    unfinished.append(".new.");
    unfinished.append_number(static_cast<unsigned>(::getpid()));
    ::unlinkat(directory_.get(), unfinished.c_str(), 0);
    const Descriptor file(::openat(directory_.get(), unfinished.c_str(),
                                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.valid() || !write_all(file.get(), record.view()) ||
        ::renameat(directory_.get(), unfinished.c_str(), directory_.get(), name.c_str()) != 0) {
        ::unlinkat(directory_.get(), unfinished.c_str(), 0);
        problem_ = "a file in it could not be written";
        return false;
    }
    return true;
}

Descriptor Spool::collect() {
    Descriptor all = memory_file("pavtest-spool");
    for_each_name(directory_.get(), [&](const char* name) {
        if (collected_count_ < spool_limit && is_record_file(name) &&
            copy_record(directory_.get(), name, all.get()) &&
            collected_[collected_count_].append(name)) {
            ++collected_count_;
        }
    });
    ::lseek(all.get(), 0, SEEK_SET);
    return collected_count_ > 0 ? static_cast<Descriptor&&>(all) : Descriptor();
}

void Spool::remove_collected() {
    for (int i = 0; i < collected_count_; ++i) {
        ::unlinkat(directory_.get(), collected_[i].c_str(), 0);
    }
    collected_count_ = 0;
}

void Spool::note_restart(const Job& job) {
    if (count_names(directory_.get()) >= most_names) {
        return;
    }
    forget_restart(job);
    const Descriptor file(::openat(directory_.get(), note_name(job).c_str(),
                                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (file.valid()) {
        write_all(file.get(), job.restart);
    }
}

Text<20> Spool::noted_restart(const Job& job) const {
    Text<20> restart;
    const Descriptor file(::openat(directory_.get(), note_name(job).c_str(),
                                   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    char bytes[21];
    const ssize_t size = file.valid() ? ::read(file.get(), &bytes[0], sizeof bytes) : -1;
    if (size > 0 && is_number({&bytes[0], static_cast<std::size_t>(size)})) {
        restart.append({&bytes[0], static_cast<std::size_t>(size)});
    }
    return restart;
}

void Spool::forget_restart(const Job& job) {
    ::unlinkat(directory_.get(), note_name(job).c_str(), 0);
}

}  // namespace pavtest::spank
