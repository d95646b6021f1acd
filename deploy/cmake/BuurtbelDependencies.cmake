# SPDX-License-Identifier: MPL-2.0
#
# Finds everything that is built upon, as targets PkgConfig::ZMQ and so on, and PROTOC_C. What is missing is collected
# and told in one sentence with the Debian packages that bring it, so that nobody has to configure ten times.

set(missing_names "")
set(missing_packages "")

macro(note_missing name package)
    list(APPEND missing_names "${name}")
    list(APPEND missing_packages "${package}")
endmacro()

macro(need_library prefix module package)
    # CMake 3.25 gives other flags for -isystem when it takes the answer from its cache, and all would be built again.
    unset(__pkg_config_checked_${prefix} CACHE)
    pkg_check_modules(${prefix} QUIET IMPORTED_TARGET "${module}")
    if(NOT ${prefix}_FOUND)
        string(REPLACE ">=" " " readable "${module}")
        note_missing("${readable}" "${package}")
    endif()
endmacro()

find_program(PROTOC_C protoc-c)
if(NOT PROTOC_C)
    note_missing("protoc-c" "protobuf-c-compiler")
endif()

find_package(PkgConfig QUIET)
if(PKG_CONFIG_FOUND)
    need_library(ZMQ "libzmq>=4.3.4" libzmq3-dev)
    need_library(CZMQ "libczmq" libczmq-dev)
    need_library(PROTOBUF_C "libprotobuf-c>=1.4" libprotobuf-c-dev)
    need_library(LMDB "lmdb" liblmdb-dev)
    need_library(SODIUM "libsodium" libsodium-dev)
    need_library(JANSSON "jansson" libjansson-dev)
    need_library(MICROHTTPD "libmicrohttpd" libmicrohttpd-dev)
    need_library(SYSTEMD "libsystemd" libsystemd-dev)
    if(BUURTBEL_TESTS)
        need_library(CMOCKA "cmocka" libcmocka-dev)
    endif()
else()
    note_missing("pkg-config" "pkg-config")
endif()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

if(missing_names)
    list(LENGTH missing_names missing_count)
    list(JOIN missing_names ", " missing_names)
    list(JOIN missing_packages " " missing_packages)
    if(missing_count EQUAL 1)
        set(verb "was")
    else()
        set(verb "were")
    endif()
    # An indented message is printed as it is; cmake would fill any other into lines of 77 characters.
    message(FATAL_ERROR
        "  ${missing_names} ${verb} not found: run deploy/install-packages, or apt install ${missing_packages}")
endif()
