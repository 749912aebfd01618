# Compiler flags common to every target: warnings, sanitizers, compiler cache.

# A compiler cache makes switching between presets cheap; used when it is installed.
find_program(KENGRED_CCACHE ccache)
mark_as_advanced(KENGRED_CCACHE)
if(KENGRED_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      ${KENGRED_CCACHE})
endif()

# Flags for our own code. Generated and system code is compiled without them.
add_library(kengred_warnings INTERFACE)
target_compile_options(kengred_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual -Wimplicit-fallthrough)
if(KENGRED_WERROR)
  target_compile_options(kengred_warnings INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 sees overlaps in every `"text" + string` once it inlines (its bug 105651).
  target_compile_options(kengred_warnings INTERFACE -Wno-restrict)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # abseil's mutex annotations are checked here.
  target_compile_options(kengred_warnings INTERFACE -Wthread-safety)
  find_program(KENGRED_LLD ld.lld)
  mark_as_advanced(KENGRED_LLD)
  if(KENGRED_LLD)
    add_link_options(-fuse-ld=lld)
  endif()
endif()

add_compile_options(-fstack-protector-strong)
if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_compile_definitions(_FORTIFY_SOURCE=2)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(KENGRED_SANITIZE)
  add_compile_options(-fsanitize=${KENGRED_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${KENGRED_SANITIZE})
  if(KENGRED_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
    # The generated protobuf code and the shared libraries hide vtables from each other.
    add_compile_options(-fno-sanitize=vptr)
  endif()
endif()
if(KENGRED_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
