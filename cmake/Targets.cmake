# How this project's own targets are made: warnings, sanitizers, one unit-test
# program a module.
add_library(pavtest_options INTERFACE)
target_compile_options(pavtest_options INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -fvisibility=hidden
  # GCC 12, optimizing, takes std::string's own copies for overlapping and endless ones
  # (GCC bugs 105651, 105329), and the JSON library's iterators for uninitialized. The
  # builds that don't optimize keep these warnings.
  "$<$<AND:$<CXX_COMPILER_ID:GNU>,$<NOT:$<CONFIG:Debug>>>:-Wno-restrict;-Wno-stringop-overflow;-Wno-stringop-overread;-Wno-array-bounds;-Wno-maybe-uninitialized>"
  $<$<BOOL:${PAVTEST_WARNINGS_AS_ERRORS}>:-Werror>
  $<$<OR:$<BOOL:${PAVTEST_SANITIZE}>,$<BOOL:${PAVTEST_FUZZ}>>:-fsanitize=address -fno-omit-frame-pointer>
  # Calls in the place of code: less to compile.
  "$<$<AND:$<CXX_COMPILER_ID:Clang>,$<BOOL:${PAVTEST_SANITIZE}>>:-mllvm;-asan-instrumentation-with-call-threshold=0>"
  $<$<BOOL:${PAVTEST_COVERAGE}>:--coverage>)
target_link_options(pavtest_options INTERFACE
  $<$<OR:$<BOOL:${PAVTEST_SANITIZE}>,$<BOOL:${PAVTEST_FUZZ}>>:-fsanitize=address,undefined>
  $<$<BOOL:${PAVTEST_COVERAGE}>:--coverage>)

# What is tested, not the tests, and without those of the checks that find what ends a program
# anyway: they take half of a compilation's time.
add_library(pavtest_checked INTERFACE)
target_compile_options(pavtest_checked INTERFACE
  "$<$<OR:$<BOOL:${PAVTEST_SANITIZE}>,$<BOOL:${PAVTEST_FUZZ}>>:-fsanitize=undefined;-fno-sanitize-recover=all>"
  "$<$<AND:$<CXX_COMPILER_ID:Clang>,$<OR:$<BOOL:${PAVTEST_SANITIZE}>,$<BOOL:${PAVTEST_FUZZ}>>>:-fno-sanitize=null,alignment,vptr,object-size>")

# Most of a compilation goes into the same large headers. PAVTEST_PCH has them read once
# for each target.
function(pavtest_precompile target)
  if(PAVTEST_PCH)
    target_precompile_headers(${target} PRIVATE
      <algorithm> <chrono> <filesystem> <functional> <map> <optional> <string> <vector>
      <fmt/format.h> <tl/expected.hpp> ${ARGN})
  endif()
endfunction()

# pavtest_module(NAME sources… DEPENDS libraries…): a static library of tools/NAME.
function(pavtest_module name)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  add_library(pavtest_${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_include_directories(pavtest_${name} PUBLIC ${PROJECT_SOURCE_DIR}/tools ${PROJECT_BINARY_DIR}/generated)
  target_link_libraries(pavtest_${name} PUBLIC ${ARG_DEPENDS} PRIVATE pavtest_options pavtest_checked)
  # Fuzzers look for new paths through these.
  if(PAVTEST_FUZZ AND name MATCHES "^(base|status|suite|session)$")
    target_compile_options(pavtest_${name} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
  if(NOT name MATCHES "^(base|status)$")
    pavtest_precompile(pavtest_${name} <nlohmann/json.hpp>)
  else()
    pavtest_precompile(pavtest_${name})
  endif()
endfunction()

# pavtest_program(NAME sources… DEPENDS libraries…): a command that needs nothing
# but libc where its libraries have static archives.
function(pavtest_program name)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} pavtest_options pavtest_checked)
  pavtest_precompile(${name} <nlohmann/json.hpp>)
  if(NOT PAVTEST_SANITIZE AND NOT PAVTEST_FUZZ)
    target_link_options(${name} PRIVATE -static-libstdc++ -static-libgcc)
  endif()
endfunction()

add_custom_target(unit_tests)

# pavtest_unit_test(MODULE sources… DEPENDS libraries…): the program unit_MODULE,
# each of its cases a CTest of its own, all labelled "unit".
function(pavtest_unit_test module)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  add_executable(unit_${module} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(unit_${module} PRIVATE ${ARG_DEPENDS} GTest::gtest GTest::gmock GTest::gtest_main pavtest_options)
  if(NOT module STREQUAL "spank")
    pavtest_precompile(unit_${module} <gmock/gmock.h> <gtest/gtest.h>)
  endif()
  target_compile_definitions(unit_${module} PRIVATE PAVTEST_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_dependencies(unit_tests unit_${module})
  add_test(NAME unit_${module} COMMAND unit_${module})
  set_tests_properties(unit_${module} PROPERTIES LABELS unit)
endfunction()
