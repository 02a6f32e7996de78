// The plugin's arguments in plugstack.conf: pavsuite= pavnode= spool= deadline=.
#pragma once

namespace pavtest::spank {

struct Arguments {
    const char* pavsuite;
    const char* pavnode;
    const char* spool;
    int deadline;  // seconds that a prolog or epilog may take
};

enum class Complain { no, yes };

/// Slurm parses plugstack.conf anew in each process and hands the same words to
/// every hook. What cannot be used is complained of and left at its default.
Arguments parse_arguments(int count, char* const* words, Complain complain);

}  // namespace pavtest::spank
