#!/bin/bash
# The C tests under valgrind: memcheck over all, helgrind and drd over those with threads of their own, with
# both engines; one table at the end. memcheck.sh [short] [ENGINE...] [TOOL...]: `short` is a few tests, and the
# engine rustls where none is named; rustls, mbedtls, memcheck, helgrind and drd leave the others out.
#
# The library is built for this (profile `checked`), with its lines and, so that helgrind and drd see them,
# with POSIX locks (src/lock.rs). docs/testing.md says what that shows. Ends with 1 when a tool has found
# something or a test fails, 2 when something cannot be built.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin:$HOME/.cargo/bin

. scripts/checked.sh
choose "scripts/memcheck.sh [short|rustls|mbedtls|memcheck|helgrind|drd]..." "memcheck helgrind drd" "$@"
scripts/setup.sh test
. scripts/steps.sh
. scripts/whole_package.sh
work=$PWD/build/checked
mkdir -p "$work"
step "companion command" cargo build --package linksdk-x509 --locked
companion=$PWD/target/debug/linksdk-x509
export CARGO_TARGET_DIR=$work/target CFLAGS=-g
unset RUSTFLAGS

# Puts tests/checked/ghash.c around the function that memcheck misjudges; it says why.
also_linked() { # archive
    local name
    name=$(nm "$1" 2>/dev/null | grep -Eo 'ring_core_[0-9_]+__gcm_ghash_avx$' | sort -u) || return 0
    cc -g -O1 -Wall -Wextra -Werror -DREAL="__real_$name" -DWRAPPED="__wrap_$name" \
        -c tests/checked/ghash.c -o "$work/ghash.o" && echo "--wrap=$name $work/ghash.o"
}

for engine in "${engines[@]}"; do
    tests=$work/ctest-$engine
    step "library, $engine" whole_package "$engine" "$work/package-$engine" "$work/prefix-$engine" \
        checked --cfg visible_locks
    for tool in "${tools[@]}"; do
        step "configure, $engine, $tool" env -u CFLAGS cmake -S tests/c -B "$tests" \
            -DCMAKE_PREFIX_PATH="$work/prefix-$engine" -DLINKSDK_X509="$companion" \
            -DLINKSDK_CHECKER="$tool"
        step "C programs, $engine" cmake --build "$tests" -j2
        label=program
        [ "$tool" = memcheck ] || label=threads
        echo "== C tests, $engine, $tool"
        c_tests "$tests" "$label" "$work/$engine-$tool"
    done
done
results
