#!/bin/bash
# All tests: formatting, lints, Rust tests, then the C tests against the installed package.
# `scripts/test.sh lint` stops after the lints. Ends with an error when a process is left behind.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin:$HOME/.cargo/bin

scripts/setup.sh test
. scripts/steps.sh

step "formatting" cargo fmt --all --check
step "lints" cargo clippy --workspace --all-targets --locked -- -D warnings
# Programs with profile mqtt link only with the SDK around them: its tests are C tests.
step "lints, mqtt,engine-rustls" cargo clippy -p linksdk-hal --lib --locked \
    --no-default-features --features mqtt,engine-rustls -- -D warnings
for features in hal,engine-rustls hal,engine-rustls,compact sdk,engine-mbedtls hal,engine-mbedtls; do
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
for features in hal,engine-rustls hal,engine-rustls,compact sdk,engine-mbedtls hal,engine-mbedtls; do
    step "Rust tests, $features" cargo test -p linksdk-hal --locked \
        --no-default-features --features "$features"
done

step "bench's gate" python3 -m unittest discover -s benches
step "control of the coverage gate" python3 tests/coverage/control.py

step "companion command" cargo build --package linksdk-x509 --locked
c_tests() { # what to call it, folder under build/, options of the library's build, then which tests and targets
    local what=$1 build=$PWD/build/$2 prefix=$PWD/build/prefix-$2 tests=build/ctest-$2 options=$3
    # shellcheck disable=SC2086 # options are words
    step "configure, $what" cmake -S . -B "$build" $options
    step "build and finish, $what" cmake --build "$build"
    rm -rf "$prefix"
    step "install, $what" cmake --install "$build" --prefix "$prefix"
    step "configure C tests, $what" cmake -S tests/c -B "$tests" -DCMAKE_PREFIX_PATH="$prefix" \
        -DLINKSDK_BUILD="$build" -DLINKSDK_X509="$PWD/target/debug/linksdk-x509"
    step "build C tests, $what" cmake --build "$tests" -j2 ${5:+--target $5}
    step "C tests, $what" ctest --test-dir "$tests" --output-on-failure -j2 --no-tests=error ${4:+-R "$4"}
}
c_tests rustls release "-DLINKSDK_ENGINE=rustls -DLINKSDK_BUILD_PROFILE=release -DLINKSDK_SHARED=ON -DLINKSDK_INSTALL_TOOL=ON"
c_tests mbedtls mbedtls "-DLINKSDK_ENGINE=mbedtls -DLINKSDK_BUILD_PROFILE=release -DLINKSDK_INSTALL_TOOL=OFF"
# The same sources in other machine code: what depends on optimisation, time and symbols. Not under
# valgrind: its servers speak ChaCha20 alone, which this profile leaves out.
c_tests "rustls, size" size "-DLINKSDK_ENGINE=rustls -DLINKSDK_BUILD_PROFILE=size -DLINKSDK_INSTALL_TOOL=OFF" \
    "^(setup|example|refusal|establish_bounds|time_bounds|idle|symbols)|^bad_arguments[a-z_]*\$" \
    "bad_arguments bad_arguments_hal bad_arguments_mqtt establish_bounds idle refusal time_bounds"

nothing_left_behind
echo "== all tests passed ($SECONDS s), no process left behind"
