#!/bin/bash
# The C tests under gcc's sanitizers for addresses (with leaks) and undefined behaviour, with both engines;
# one table at the end. sanitize.sh [short] [rustls|mbedtls]: `short` is a few tests, and the engine rustls
# where none is named.
#
# Instrumented are the tests, the examples, csrc/, and the C code of the engine: all of Mbed TLS, and ring's
# C, not its assembly. Rust code is not; what it allocates is, because it comes from malloc. Ends with 1
# when something is found or a test fails, 2 when something cannot be built.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin:$HOME/.cargo/bin

. scripts/checked.sh
choose "scripts/sanitize.sh [short|rustls|mbedtls]..." "" "$@"
scripts/setup.sh test
. scripts/steps.sh
. scripts/whole_package.sh
work=$PWD/build/sanitized
mkdir -p "$work"
step "companion command" cargo build --package linksdk-x509 --locked
companion=$PWD/target/debug/linksdk-x509
sanitizers="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g"
# Shared with scripts/memcheck.sh: only what contains C differs.
export CARGO_TARGET_DIR=$PWD/build/checked/target
# Mbed TLS is in its archive twice (scripts/whole_package.sh): globals that are there twice are no finding.
export ASAN_OPTIONS=detect_odr_violation=0:detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1
export UBSAN_OPTIONS=print_stacktrace=1
unset RUSTFLAGS

for engine in "${engines[@]}"; do
    tests=$work/ctest-$engine
    CFLAGS=$sanitizers step "library, $engine" whole_package "$engine" "$work/package-$engine" \
        "$work/prefix-$engine" checked
    step "configure, $engine" cmake -S tests/c -B "$tests" -DCMAKE_PREFIX_PATH="$work/prefix-$engine" \
        -DLINKSDK_X509="$companion" -DLINKSDK_CHECKER=sanitizers \
        -DCMAKE_C_FLAGS="$sanitizers" -DCMAKE_CXX_FLAGS="$sanitizers"
    step "C programs, $engine" cmake --build "$tests" -j2
    echo "== C tests, $engine"
    c_tests "$tests" program "$work/$engine"
done
results
