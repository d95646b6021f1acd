# SPDX-License-Identifier: MPL-2.0
#
# How C is compiled here. Every target of ours links buurtbel_flags; generated code does not, so that the strict
# warnings hold for our own code only. Sanitizers and hardening hold for both.
include(CheckCCompilerFlag)
include(CheckPIESupported)

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
check_pie_supported(LANGUAGES C)

# Assertions guard against our own bugs and stay on in what people run.
string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELWITHDEBINFO "${CMAKE_C_FLAGS_RELWITHDEBINFO}")
string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELEASE "${CMAKE_C_FLAGS_RELEASE}")

add_compile_definitions(_GNU_SOURCE)
add_link_options(-Wl,--as-needed)

if(BUURTBEL_SANITIZE)
    add_compile_options(-fsanitize=${BUURTBEL_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${BUURTBEL_SANITIZE} -fno-sanitize-recover=all)
endif()

if(BUURTBEL_HARDEN)
    add_compile_options(-fstack-protector-strong -fstack-clash-protection)
    # Only where the compiler optimises: without that, _FORTIFY_SOURCE is nothing but a warning.
    add_compile_options($<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=3>)
    check_c_compiler_flag(-fcf-protection BUURTBEL_HAS_CF_PROTECTION) # x86 only
    if(BUURTBEL_HAS_CF_PROTECTION)
        add_compile_options(-fcf-protection)
    endif()
    add_link_options(-Wl,-z,relro,-z,now -Wl,-z,noexecstack)
endif()

# -Wno-enum-compare -Wno-enum-conversion: the enums of words.h are those of wire.proto by shorter names; words.c pins them to each other.
add_library(buurtbel_flags INTERFACE)
target_compile_options(buurtbel_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wvla
    -Wformat=2 -Wundef -Wpointer-arith -Wcast-align -Wwrite-strings -Wimplicit-fallthrough -Wdate-time
    -Wno-enum-compare -Wno-enum-conversion
    $<$<C_COMPILER_ID:GNU>:-Wlogical-op -Wduplicated-cond -Wjump-misses-init>
    $<$<BOOL:${BUURTBEL_WERROR}>:-Werror>)
