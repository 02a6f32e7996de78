#include "cmd/pavsuite/new_suite.h"

namespace pavtest::cmd {

namespace {

// NAME stands for the suite's name.
constexpr std::string_view kSuite = R"yaml(# NAME: what this suite is for, in a line.
#
#   pavsuite list NAME           its tests
#   pavsuite show NAME           what they are, everything resolved
#   pavsuite check NAME          its mistakes
#   sbatch --pavtest=NAME        run them
#
# Files that the tests need (sources, input) lie beside this file.

# What several tests have in common. A name that begins with '_' is no test of its own.
_common:
  # What the tests need of Slurm.
  schedule:
    nodes: 1
    time_limit: 0.1               # hours
  # Values to use in strings, as {{greeting}}. With '?' it is a default: a host's file, a
  # mode, or 'sbatch --pavtest-set variables.greeting=Hi' may set another one.
  variables:
    greeting?: Hello

# The smallest test: it passes if its commands do.
hello:
  inherits_from: _common
  summary: Says hello
  run:
    cmds:
      - echo "{{greeting}} from $(hostname)"

# One test for each size. What it prints is read, and decides whether it passed.
counts:
  inherits_from: _common
  summary: Counts to a size
  permute_on: size
  variables:
    size: [10, 1000]
  run:
    # Seconds without output after which it is ended.
    timeout: 60
    cmds:
      - 'echo "{{greeting}}, counted: $(seq {{size}} | wc -l)"'
  result_parse:
    regex:
      counted:
        regex: 'counted: (\d+)'
  result_evaluate:
    result: counted == {{size}}

# A program that is built first, from sources beside this file. Tests with the same build
# share it. Put hello.c here and take the '#' away.
#compiled:
#  inherits_from: _common
#  summary: Builds and runs a program
#  build:
#    source_path: hello.c
#    cmds:
#      - cc -O2 -o hello hello.c
#  run:
#    cmds:
#      - srun ./hello
)yaml";

}  // namespace

std::string new_suite(std::string_view name) {
    constexpr std::string_view placeholder = "NAME";
    std::string out;
    std::size_t at = 0;
    for (std::size_t next = kSuite.find(placeholder); next != std::string_view::npos;
         next = kSuite.find(placeholder, at)) {
        out += kSuite.substr(at, next - at);
        out += name;
        at = next + placeholder.size();
    }
    out += kSuite.substr(at);
    return out;
}

}  // namespace pavtest::cmd
