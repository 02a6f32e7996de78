// Asking squeue, sacct and scontrol, in forms made for machines.
#include "session/slurm_questions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/process.h"
#include "base/text.h"
#include "session/slurm_cluster.h"

namespace pavtest::session {

namespace {

// The comment comes last: it is free text and may hold the separator.
constexpr std::string_view kQueueFormat =
    "JobID:|,ArrayJobID:|,ArrayTaskID:|,State:|,Reason:|,exit_code:|,SubmitTime:|,StartTime:|,"
    "EndTime:|,NodeList:|,Cluster:|,RestartCnt:|,Name:|,Comment:|";
constexpr std::string_view kAccountingFormat =
    "JobIDRaw,JobID,State,Reason,ExitCode,Submit,Start,End,NodeList,Cluster,JobName,Comment";

std::optional<std::uint32_t> number(std::string_view text) {
    std::uint32_t value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || stop != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

// Seconds of the epoch, as SLURM_TIME_FORMAT below asks for; "N/A" and the like are none.
std::optional<Timestamp> moment(std::string_view text) {
    std::int64_t seconds = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc{} || stop != text.data() + text.size() || seconds <= 0) {
        return std::nullopt;
    }
    return Timestamp{seconds * 1'000'000};
}

// The first `count` fields; what is left of the line is the last of them.
std::vector<std::string> fields(std::string_view line, std::size_t count) {
    std::vector<std::string> all;
    while (all.size() + 1 < count) {
        const std::size_t end = line.find('|');
        if (end == std::string_view::npos) {
            return {};
        }
        all.emplace_back(line.substr(0, end));
        line.remove_prefix(end + 1);
    }
    all.emplace_back(line);
    return all;
}

std::string without(std::string text, std::string_view nothing) {
    return text == nothing ? std::string{} : text;
}

bool personal_setting(const std::string& name) {
    return name.starts_with("SQUEUE_") || name.starts_with("SACCT_") || name == "SLURM_CLUSTERS" ||
           name == "SLURM_BITSTR_LEN";
}

}  // namespace

bool same_cluster(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        const auto lower = [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        };
        return lower(x) == lower(y);
    });
}

std::vector<SlurmJob> parse_queue(std::string_view output) {
    std::vector<SlurmJob> jobs;
    for (const std::string& line : split(output, '\n')) {
        std::vector<std::string> column = fields(line, 14);
        const auto job = column.empty() ? std::nullopt : number(column[0]);
        if (!job) {
            continue;
        }
        SlurmJob one;
        one.job = *job;
        one.array_task = without(column[2], "N/A");
        one.array_job = one.array_task.empty() ? 0 : number(column[1]).value_or(0);
        one.state = column[3];
        one.reason = without(column[4], "None");
        one.exit_code = column[5];
        one.submitted = moment(column[6]);
        one.started = moment(column[7]);
        one.ended = moment(column[8]);
        one.nodes = column[9];
        one.cluster = column[10];
        one.restarts = number(column[11]);
        one.name = column[12];
        one.comment = column[13];
        if (one.comment.ends_with('|')) {
            one.comment.pop_back();
        }
        one.comment = without(one.comment, "(null)");
        jobs.push_back(std::move(one));
    }
    return jobs;
}

std::vector<SlurmJob> parse_accounting(std::string_view output) {
    std::vector<SlurmJob> jobs;
    for (const std::string& line : split(output, '\n')) {
        std::vector<std::string> column = fields(line, 12);
        const auto job = column.empty() ? std::nullopt : number(column[0]);
        if (!job) {
            continue;
        }
        SlurmJob one;
        one.job = *job;
        if (const std::size_t underline = column[1].find('_'); underline != std::string::npos) {
            one.array_job = number(std::string_view(column[1]).substr(0, underline)).value_or(0);
            one.array_task = column[1].substr(underline + 1);
        }
        one.state = column[2].substr(0, column[2].find(' '));  // "CANCELLED by 1000"
        one.reason = without(column[3], "None");
        one.exit_code = column[4];
        one.submitted = moment(column[5]);
        one.started = moment(column[6]);
        one.ended = moment(column[7]);
        one.nodes = without(column[8], "None assigned");
        one.cluster = column[9];
        one.name = column[10];
        one.comment = column[11];
        jobs.push_back(std::move(one));
    }
    return jobs;
}

Result<ClusterFacts> parse_facts(std::string_view output) {
    ClusterFacts facts;
    for (const std::string& line : split(output, '\n')) {
        const std::size_t equals = line.find('=');
        if (equals == std::string::npos) {
            continue;
        }
        const std::string_view key = trim(std::string_view(line).substr(0, equals));
        const std::string_view value = trim(std::string_view(line).substr(equals + 1));
        if (key == "ClusterName") {
            facts.name = value;
        } else if (key == "MinJobAge") {
            facts.min_job_age =
                std::chrono::seconds(number(value.substr(0, value.find(' '))).value_or(300));
        } else if (key == "AccountingStorageType") {
            facts.accounting = value == "accounting_storage/slurmdbd";
        } else if (key == "PrivateData") {
            const std::vector<std::string> kinds = split(value, ',');
            facts.private_jobs = std::find(kinds.begin(), kinds.end(), "jobs") != kinds.end();
        }
    }
    if (facts.name.empty()) {
        return fail(ErrorKind::infrastructure, "'scontrol show config' names no cluster");
    }
    return facts;
}

SlurmCommands::SlurmCommands(const Environment& environment, std::chrono::milliseconds deadline)
    : deadline_(deadline) {
    for (const auto& [name, value] : environment.values()) {
        if (!personal_setting(name)) {
            environment_.set(name, value);
        }
    }
    environment_.set("SLURM_TIME_FORMAT", "%s");
    environment_.set("LC_ALL", "C");
    local_cluster_ = local_cluster_name(environment_).value_or("");
}

Result<std::string> SlurmCommands::ask(std::vector<std::string> arguments,
                                       const std::string& cluster) const {
    // -M makes slurmdbd part of the answer, so it is left out where it changes nothing.
    if (!cluster.empty() && !local_cluster_.empty() && !same_cluster(cluster, local_cluster_)) {
        arguments.insert(arguments.begin() + 1, {"-M", cluster});
    }
    Command command;
    command.arguments = std::move(arguments);
    command.environment = environment_;
    command.deadline = deadline_;
    auto done = run(command);
    if (!done) {
        return tl::make_unexpected(done.error());
    }
    const std::string& program = command.arguments.front();
    if (done->timed_out) {
        return fail(ErrorKind::infrastructure,
                    fmt::format("{} did not answer within {} s", program,
                                std::chrono::duration<double>(deadline_).count()));
    }
    if (!done->ok()) {
        const std::string_view said = trim(done->errors);
        return fail(ErrorKind::infrastructure,
                    fmt::format("{} failed: {}", program,
                                said.empty() ? fmt::format("status {}", done->exit_status)
                                             : said.substr(0, said.find('\n'))));
    }
    return std::move(done->output);
}

Result<std::vector<SlurmJob>> SlurmCommands::queue(const std::string& cluster, uid_t user) {
    return ask({"squeue", "--noheader", "--states=all", fmt::format("--user={}", user),
                fmt::format("--Format={}", kQueueFormat)},
               cluster)
        .map([](const std::string& output) { return parse_queue(output); });
}

Result<std::vector<SlurmJob>> SlurmCommands::accounting(const std::string& cluster, uid_t user,
                                                        const std::vector<std::uint32_t>& jobs,
                                                        Timestamp since) {
    std::vector<std::string> arguments{"sacct", "--noheader", "--parsable2", "--allocations",
                                       "--duplicates", fmt::format("--user={}", user),
                                       // In the local time zone, which sacct shares with us.
                                       "--starttime=" + to_slurm_time(since),
                                       // A job counts from when it may start, which one that
                                       // was cancelled before may have in the future.
                                       "--endtime=now+3650days",
                                       fmt::format("--format={}", kAccountingFormat)};
    if (!jobs.empty()) {
        arguments.push_back(fmt::format("--jobs={}", fmt::join(jobs, ",")));
    }
    return ask(std::move(arguments), cluster).map([](const std::string& output) {
        return parse_accounting(output);
    });
}

Result<ClusterFacts> SlurmCommands::facts(const std::string& cluster) {
    const auto output = ask({"scontrol", "show", "config"}, cluster);
    if (!output) {
        return tl::make_unexpected(output.error());
    }
    return parse_facts(*output);
}

}  // namespace pavtest::session
