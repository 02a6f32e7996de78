// Shared pieces of the commands' main().
#include "cmd/command.h"

#include <fmt/format.h>

#include <exception>
#include <set>

#include "base/text.h"

namespace pavtest::cmd {

Result<Process> this_process() {
    Process process;
    process.environment = Environment::of_process();
    auto account = Account::of_process(process.environment);
    if (!account) {
        return tl::make_unexpected(account.error());
    }
    process.account = std::move(*account);
    auto settings = load_settings(process.environment, process.account);
    if (!settings) {
        return tl::make_unexpected(settings.error());
    }
    process.settings = std::move(*settings);
    return process;
}

int report(const Error& error) {
    fmt::print(stderr, "{}", describe(error));
    return static_cast<int>(exit_code(error.kind));
}

int report(const std::vector<Error>& errors) {
    // Tests that share a line of a file share its mistakes.
    std::set<std::string> said;
    for (const Error& error : errors) {
        std::string text = describe(error);
        if (said.insert(text).second) {
            fmt::print(stderr, "{}", text);
        }
    }
    return errors.empty() ? 0 : static_cast<int>(exit_code(errors.front().kind));
}

void warn(const std::vector<Error>& warnings) {
    for (const Error& warning : warnings) {
        fmt::print(stderr, "{}", describe(warning, "warning"));
    }
}

int guarded(const char* program, const std::function<int()>& body) {
    try {
        return body();
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}: internal error: {}\n", program, printable(error.what()));
    } catch (...) {
        fmt::print(stderr, "{}: internal error\n", program);
    }
    return static_cast<int>(ExitCode::infrastructure);
}

}  // namespace pavtest::cmd
