# kengred_library(TARGET INCLUDE_AS PATH SOURCES ... [PUBLIC libs] [PRIVATE libs])
#
# A library made of one folder. Its headers are included as "PATH/name.h", and only by targets that
# link it: each library has an include root of its own (a folder in the build tree with one link), so
# that an include that the library graph does not allow does not compile.
function(kengred_library target)
  cmake_parse_arguments(ARG "" "INCLUDE_AS" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${target} STATIC ${ARG_SOURCES})
  kengred_include_root(${target} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR} ${ARG_INCLUDE_AS})
  target_link_libraries(${target} PUBLIC ${ARG_PUBLIC}
    PRIVATE ${ARG_PRIVATE} $<BUILD_INTERFACE:kengred_warnings>)
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${target})
endfunction()

# kengred_include_root(TARGET SCOPE FOLDER PATH): makes FOLDER's headers reachable as "PATH/...".
function(kengred_include_root target scope folder path)
  set(root ${CMAKE_BINARY_DIR}/roots/${target})
  get_filename_component(parent ${root}/${path} DIRECTORY)
  file(MAKE_DIRECTORY ${parent})
  file(CREATE_LINK ${folder} ${root}/${path} SYMBOLIC)
  target_include_directories(${target} ${scope} $<BUILD_INTERFACE:${root}>)
endfunction()

# kengred_executable(TARGET OUTPUT name SOURCES ... LINK libs): a program in build/<preset>/bin.
function(kengred_executable target)
  cmake_parse_arguments(ARG "" "OUTPUT" "SOURCES;LINK" ${ARGN})
  add_executable(${target} ${ARG_SOURCES})
  target_link_libraries(${target} PRIVATE ${ARG_LINK} kengred_warnings)
  if(ARG_OUTPUT)
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${ARG_OUTPUT})
  endif()
endfunction()

# What every test of the project is told: where the sources and the programs are.
set(kengred_test_environment
  "KENGRED_SOURCE_DIR=${CMAKE_SOURCE_DIR};KENGRED_BIN_DIR=${CMAKE_BINARY_DIR}/bin")

# kengred_test(NAME LABELS labels SOURCES ... LINK libs [TIMEOUT seconds]): one GoogleTest program,
# one ctest entry.
function(kengred_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "LABELS;SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} kengred_warnings GTest::gmock GTest::gtest_main)
  if(KENGRED_SANITIZE MATCHES "thread")
    target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support/instrumented_mutex.cc)
    target_link_libraries(${name} PRIVATE absl::synchronization)
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}"
    ENVIRONMENT "${kengred_test_environment}")
  if(ARG_TIMEOUT)
    set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT})
  endif()
  kengred_label_targets("${ARG_LABELS}" ${name})
endfunction()

# kengred_script_test(NAME LABELS labels COMMAND ... [NEEDS targets] [TIMEOUT seconds]): one ctest
# entry that runs a script; NEEDS names the targets that must have been built. A script that ends with
# 77 has skipped itself and said why. Python scripts are run by ${KENGRED_PYTHON}.
function(kengred_script_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "LABELS;COMMAND;NEEDS" ${ARGN})
  add_test(NAME ${name} COMMAND ${ARG_COMMAND})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" SKIP_RETURN_CODE 77
    ENVIRONMENT "${kengred_test_environment}")
  if(ARG_TIMEOUT)
    set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT})
  endif()
  kengred_label_targets("${ARG_LABELS}" ${ARG_NEEDS})
endfunction()

# Seconds of new inputs for each fuzz target, when the build has libFuzzer. With 0 it replays what is
# known and no more, so that a test ends the same way each time.
set(KENGRED_FUZZ_SECONDS 0 CACHE STRING "Seconds that each fuzz target looks for new inputs")

# kengred_fuzz_test(NAME SOURCES ... LINK libs): a fuzz target (LLVMFuzzerTestOneInput) and its corpus,
# tests/fuzz/corpus/NAME. With libFuzzer (preset fuzz) the test runs the corpus and then new inputs;
# without, the corpus alone, so that every build replays what once mattered.
function(kengred_fuzz_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  set(corpus ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
  set(found ${CMAKE_BINARY_DIR}/fuzz/${name})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} kengred_warnings)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  if(KENGRED_FUZZ)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    file(MAKE_DIRECTORY ${found})
    if(KENGRED_FUZZ_SECONDS EQUAL 0)
      set(effort -runs=0)
    else()
      set(effort -max_total_time=${KENGRED_FUZZ_SECONDS})
    endif()
    set(command ${name} ${effort} -timeout=20 -rss_limit_mb=2048
      -print_final_stats=1 -verbosity=1 -artifact_prefix=${found}- ${found} ${corpus})
  else()
    target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz/replay_main.cc)
    set(command ${name} ${corpus})
  endif()
  kengred_script_test(${name} LABELS fuzz COMMAND ${command} NEEDS ${name} TIMEOUT 600)
endfunction()

# kengred_label_targets(LABELS targets...): makes the targets part of tests_label_<label>, which builds
# all that the tests of one label need. So a sanitizer build compiles what it runs and no more.
function(kengred_label_targets labels)
  foreach(label ${labels})
    if(NOT TARGET tests_label_${label})
      add_custom_target(tests_label_${label})
    endif()
    if(ARGN)
      add_dependencies(tests_label_${label} ${ARGN})
    endif()
  endforeach()
endfunction()

# kengred_include_parts(): includes every *.cmake of the current folder.
macro(kengred_include_parts)
  file(GLOB parts CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cmake)
  foreach(part ${parts})
    include(${part})
  endforeach()
endmacro()
