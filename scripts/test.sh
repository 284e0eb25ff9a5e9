#!/bin/bash
# All tests: formatting, lints, Rust tests, then the C tests against the installed package.
# `scripts/test.sh lint` stops after the lints. Ends with an error when a process is left behind.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin:$HOME/.cargo/bin

scripts/setup.sh test
# So that what these tests started can be told from everything else on the machine.
export LINKSDK_TEST_RUN=$$-$RANDOM

step() {
    local what=$1 start=$SECONDS
    shift
    echo "== $what"
    if ! "$@"; then
        echo "== $what: FAILED (repeat with: $*)" >&2
        exit 1
    fi
    echo "== $what: passed ($((SECONDS - start)) s)"
}

left_behind() {
    local environment
    for environment in /proc/[0-9]*/environ; do
        local pid=${environment#/proc/}
        pid=${pid%/environ}
        [ "$pid" = $$ ] && continue
        [ "$pid" = "$BASHPID" ] && continue
        # Processes end while this looks at them; then there is nothing to read.
        if { tr '\0' '\n' <"$environment"; } 2>/dev/null | grep -qx "LINKSDK_TEST_RUN=$LINKSDK_TEST_RUN"; then
            echo "left behind: process $pid: $(tr '\0' ' ' <"/proc/$pid/cmdline" || echo unknown)"
        fi
    done
}

step "formatting" cargo fmt --all --check
step "lints" cargo clippy --workspace --all-targets --locked -- -D warnings
# Programs with profile mqtt link only with the SDK around them: its tests are C tests.
step "lints, mqtt,engine-rustls" cargo clippy -p linksdk-hal --lib --locked \
    --no-default-features --features mqtt,engine-rustls -- -D warnings
for features in hal,engine-rustls sdk,engine-mbedtls hal,engine-mbedtls; do
    step "lints, $features" cargo clippy -p linksdk-hal --all-targets --locked \
        --no-default-features --features "$features" -- -D warnings
done
step "Rust documentation" env RUSTDOCFLAGS=-Dwarnings cargo doc --no-deps --workspace --locked
for features in mqtt,engine-rustls hal,engine-rustls sdk,engine-mbedtls; do
    step "Rust documentation, $features" env RUSTDOCFLAGS=-Dwarnings cargo doc --no-deps \
        -p linksdk-hal --locked --no-default-features --features "$features"
done
[ "${1:-all}" = lint ] && exit 0

step "Rust tests" cargo test --workspace --locked
for features in hal,engine-rustls sdk,engine-mbedtls hal,engine-mbedtls; do
    step "Rust tests, $features" cargo test -p linksdk-hal --locked \
        --no-default-features --features "$features"
done

step "companion command" cargo build --package linksdk-x509 --locked
c_tests() { # engine, folder under build/
    local build=build/$2 prefix=$PWD/build/prefix-$2 tests=build/ctest-$2
    step "configure, $1" cmake -S . -B "$build" -DLINKSDK_ENGINE="$1" -DLINKSDK_BUILD_PROFILE=release
    step "build and finish, $1" cmake --build "$build"
    rm -rf "$prefix"
    step "install, $1" cmake --install "$build" --prefix "$prefix"
    step "configure C tests, $1" cmake -S tests/c -B "$tests" \
        -DCMAKE_PREFIX_PATH="$prefix" -DLINKSDK_X509="$PWD/target/debug/linksdk-x509"
    step "build C tests, $1" cmake --build "$tests" -j2
    step "C tests, $1" ctest --test-dir "$tests" --output-on-failure -j2 --no-tests=error
}
c_tests rustls release
c_tests mbedtls mbedtls

leftovers=$(left_behind)
if [ -n "$leftovers" ]; then
    echo "$leftovers" >&2
    echo "== FAILED: the tests left processes behind" >&2
    exit 1
fi
echo "== all tests passed ($SECONDS s), no process left behind"
