// Words of a command line that no command takes.
#pragma once

#include <CLI/App.hpp>
#include <optional>

#include "base/error.h"

namespace pavtest::cmd {

/// The first word that `app` could not use, a subcommand or an option that it lacks, with what
/// was probably meant. None if `error` is about something else.
std::optional<Error> unknown_word(const CLI::App& app, const CLI::ParseError& error);

/// After app.parse() has thrown: prints the help that was asked for, or what is wrong. Gives the
/// exit status.
int parse_failed(const CLI::App& app, const CLI::ParseError& error);

}  // namespace pavtest::cmd
