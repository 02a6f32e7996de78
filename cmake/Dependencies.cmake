# Libraries from the distribution. Static archives are preferred for what compute
# nodes run, so that they need nothing but libc.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
# Header-only: distributions ship fmt as a shared library alone, and nodes have none.
find_package(fmt REQUIRED)
add_library(pavtest::fmt ALIAS fmt::fmt-header-only)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)

# Debian's libexpected-dev ships a header without a CMake package.
find_path(TL_EXPECTED_INCLUDE_DIR tl/expected.hpp REQUIRED)

# pavtest_static_package(NAME pkg-config-name archive): an imported target
# pavtest::NAME that links the static archive if there is one.
function(pavtest_static_package name module archive)
  pkg_check_modules(${name} REQUIRED ${module})
  find_library(${name}_ARCHIVE ${archive} HINTS ${${name}_LIBDIR})
  add_library(pavtest::${name} INTERFACE IMPORTED GLOBAL)
  target_include_directories(pavtest::${name} SYSTEM INTERFACE ${${name}_INCLUDE_DIRS})
  if(${name}_ARCHIVE)
    target_link_libraries(pavtest::${name} INTERFACE ${${name}_ARCHIVE} ${CMAKE_DL_LIBS} Threads::Threads)
  else()
    target_link_libraries(pavtest::${name} INTERFACE ${${name}_LINK_LIBRARIES})
  endif()
endfunction()

pavtest_static_package(yaml yaml-0.1 libyaml.a)
pavtest_static_package(pcre2 libpcre2-8 libpcre2-8.a)
pavtest_static_package(crypto libcrypto libcrypto.a)
pavtest_static_package(sqlite3 sqlite3 libsqlite3.a)
# Its full-text and sorting code uses libm, which the static archive does not name.
target_link_libraries(pavtest::sqlite3 INTERFACE m)
# Of its own dependencies those that the formats need which are read here.
pavtest_static_package(archive libarchive libarchive.a)
if(archive_ARCHIVE)
  foreach(library nettle acl lzma zstd bz2 z)
    find_library(archive_${library} lib${library}.a HINTS ${archive_LIBDIR})
    if(archive_${library})
      target_link_libraries(pavtest::archive INTERFACE ${archive_${library}})
    else()
      target_link_libraries(pavtest::archive INTERFACE ${library})
    endif()
  endforeach()
endif()

# Headers only: the plugin must not be tied to one libslurm.
pkg_check_modules(slurm slurm)
find_path(SLURM_INCLUDE_DIR slurm/spank.h HINTS ${slurm_INCLUDE_DIRS} REQUIRED)

if(PAVTEST_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
