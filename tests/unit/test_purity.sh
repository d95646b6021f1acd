#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
#
# Proves at link level that the core is pure: what it calls from outside is on the list below, and it keeps no data that
# can be written to. test_purity.sh NM ARCHIVE
set -eu
nm=$1
archive=$2

# Store, keyring, arena, messages, vocabulary, text screening; libsodium's functions that give the same for the same.
allowed='store_[a-z_]*|txn_[a-z]*|journal_(head|read)|key_(number|bytes|to_number)|keyring_key|arena_[a-z]*
|stored__[a-z_]*|wire__[a-z_]*|protobuf_c_message_[a-z_]*
|bb_word|bb_word_known|bb_(roles|classes|party_states|request_states|offer_states|answer_kinds|offer_kinds|sizes|wanted)
|bb_(priorities|close_reasons|heard_of|contact_channels|yes_no)|text_check
|crypto_generichash(_init|_update|_final)?|crypto_shorthash|crypto_aead_xchacha20poly1305_ietf_(en|de)crypt
|mem(cpy|cmp|set|move)|strlen|__mem(cpy|set|move)_chk|__stack_chk_fail'
# What compilers and sanitizers add to any code.
added='_GLOBAL_OFFSET_TABLE_|__asan_.*|__ubsan_.*|__sanitizer_.*|__tsan_.*|__gcov_.*|__llvm_.*|__start_.*|__stop_.*'

fail=0
called=$("$nm" -P -u "$archive" | awk 'NF >= 2 {print $1}' | sort -u)
defined=$("$nm" -P --defined-only "$archive" | awk 'NF >= 2 {print $1}' | sort -u)
[ "$(printf '%s\n' "$defined" | wc -l)" -gt 50 ] || { echo "$archive holds hardly any symbols"; exit 1; }
foreign=$(printf '%s\n' "$called" | grep -vxF "$defined" |
    grep -vxE "$(printf '%s' "$allowed|$added" | tr -d '\n')" || true)
if [ -n "$foreign" ]; then
    echo "the core calls what it must not:"
    printf '%s\n' "$foreign"
    fail=1
fi

# By section: tables of constants that hold pointers lie in .data.rel.ro, which is read-only once the program runs.
# Sanitizers add data of their own.
written=$("$nm" -f sysv --defined-only "$archive" | tr -d ' ' |
    awk -F'|' '$7 ~ /^(\.data|\.bss|\.tdata|\.tbss|\*COM\*)/ && $7 !~ /^\.data\.rel\.ro/ {print $1, $7}' |
    grep -vE '^(__odr_asan|__asan|__ubsan|__gcov|__tsan|\.L)' || true)
if [ -n "$written" ]; then
    echo "the core keeps data that can be written to:"
    printf '%s\n' "$written"
    fail=1
fi
exit $fail
