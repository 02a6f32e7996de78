// Which command the plugin is loaded in.
#pragma once

#include <string_view>

namespace pavtest::spank {

enum class Program { other, sbatch, salloc, srun };

/// From the name of an executable, also of a wrapped one ("sbatch.real").
Program program_of_path(std::string_view path);

Program current_program();

}  // namespace pavtest::spank
