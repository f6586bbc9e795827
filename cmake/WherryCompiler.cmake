# Which compiler builds the library, and with which flags.
#
# g++ before 13 corrupts memory in expressions that contain co_await (double frees of braced aggregates and of owning
# lambda captures, at every optimisation level). It compiles programs that use the installed headers, never the library.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    message(FATAL_ERROR
        "g++ ${CMAKE_CXX_COMPILER_VERSION} miscompiles coroutines; build Wherry with clang 19 "
        "(Debian package clang-19, then: cmake --preset dev) or with g++ 13 or newer.")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# Flags of every target that is compiled here; an interface target, so that they do not leak into a user's project.
add_library(wherry_flags INTERFACE)
target_compile_options(wherry_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast
    -Woverloaded-virtual -Wnull-dereference -Wdouble-promotion -Wimplicit-fallthrough -Werror
    -fstack-protector-strong
    $<$<CXX_COMPILER_ID:Clang>:-Wno-missing-designated-field-initializers>)
target_compile_definitions(wherry_flags INTERFACE _FILE_OFFSET_BITS=64 $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
if(WHERRY_SANITIZE)
    target_compile_options(wherry_flags INTERFACE -fsanitize=${WHERRY_SANITIZE} -fno-omit-frame-pointer
                           -fno-sanitize-recover=all)
    target_link_options(wherry_flags INTERFACE -fsanitize=${WHERRY_SANITIZE})
endif()
# For what runs briefly: tests, examples, reading the configuration. Where there are sanitizers, optimising it takes more
# time than running it does.
function(wherry_compile_fast target)
    if(WHERRY_SANITIZE)
        target_compile_options(${target} PRIVATE -O0)
    endif()
endfunction()
if(WHERRY_COVERAGE)
    target_compile_options(wherry_flags INTERFACE -fprofile-instr-generate -fcoverage-mapping)
    target_link_options(wherry_flags INTERFACE -fprofile-instr-generate)
endif()
if(WHERRY_FUZZ)
    target_compile_options(wherry_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# For builds of everything, as the tests need them: most of the time that a file takes is spent on headers and on templates
# that others take as well. So files are compiled in batches, after the headers of others that nearly every file needs.
# A file that forgets an include, or takes a name from a neighbour, is found by all other builds, clang-tidy's among them.
#
# wherry_build_at_once(TARGET [BATCH files] [LIKE other-target] [header...]): the headers beside those of the language, or
# all that another target has precompiled.
function(wherry_build_at_once target)
    if(NOT WHERRY_BUILD_AT_ONCE)
        return()
    endif()
    cmake_parse_arguments(ARG "" "BATCH;LIKE" "" ${ARGN})
    if(NOT ARG_BATCH)
        set(ARG_BATCH 12)
    endif()
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${ARG_BATCH})
    if(ARG_LIKE)
        target_precompile_headers(${target} REUSE_FROM ${ARG_LIKE})
    else()
        target_precompile_headers(${target} PRIVATE
            <algorithm> <array> <atomic> <chrono> <coroutine> <cstdint> <cstring> <deque> <expected> <functional> <map>
            <memory> <mutex> <optional> <set> <span> <string> <string_view> <unordered_map> <utility> <variant> <vector>
            ${ARG_UNPARSED_ARGUMENTS})
    endif()
endfunction()
if(WHERRY_BUILD_AT_ONCE AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # The first for ccache; the second because a precompiled libstdc++ 12 complains of itself (stable_sort).
    target_compile_options(wherry_flags INTERFACE "SHELL:-Xclang -fno-pch-timestamp" -Wno-deprecated-declarations)
endif()
