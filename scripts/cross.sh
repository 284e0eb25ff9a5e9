#!/bin/bash
# Builds the library for ARM with Debian's Rust 1.85 and runs the C tests there through QEMU, against
# the same servers as scripts/test.sh.
#
#     scripts/cross.sh [aarch64] [armv7]     both without words; ENGINES="rustls" for one engine only
#
# Ends with 0 when everything passed, 1 when not, 3 when the compilers or QEMU cannot be had.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin:$HOME/.cargo/bin

[ $# -gt 0 ] || set -- aarch64 armv7
for architecture in "$@"; do
    case $architecture in
    aarch64 | armv7) ;;
    *)
        echo "usage: scripts/cross.sh [aarch64] [armv7]" >&2
        exit 2
        ;;
    esac
done
scripts/setup.sh cross || exit 3
rustc=$(scripts/rust185.sh arm64 armhf) || exit $?
. scripts/steps.sh
unset RUSTC_WRAPPER RUSTFLAGS

cross_tests() { # architecture, engine
    local name=$1 shared=ON toolchain
    toolchain=$(echo "$PWD"/cmake/toolchains/"$1"-*.cmake)
    [ "$2" = rustls ] || name=$1-$2 shared=OFF
    local build=build/cross-$name prefix=$PWD/build/prefix-$name tests=build/ctest-$name
    step "configure, $1, $2" cmake -S . -B "$build" -DCMAKE_TOOLCHAIN_FILE="$toolchain" \
        -DLINKSDK_ENGINE="$2" -DLINKSDK_BUILD_PROFILE=release -DLINKSDK_SHARED=$shared
    step "build and finish, $1, $2" env RUSTC="$rustc" cmake --build "$build"
    rm -rf "$prefix"
    step "install, $1, $2" cmake --install "$build" --prefix "$prefix"
    step "configure C tests, $1, $2" cmake -S tests/c -B "$tests" -DCMAKE_TOOLCHAIN_FILE="$toolchain" \
        -DCMAKE_PREFIX_PATH="$prefix" -DLINKSDK_BUILD="$PWD/$build" \
        -DLINKSDK_X509="$PWD/target/debug/linksdk-x509"
    step "build C tests, $1, $2" cmake --build "$tests" -j2
    step "C tests, $1, $2" ctest --test-dir "$tests" --output-on-failure -j2 --no-tests=error
    left_out="$left_out$(sed "s/^/  $1, $2: /" "$tests/left-out.txt")"$'\n'
}

# Plays the platform on this machine, outside of QEMU.
step "companion command" cargo build --package linksdk-x509 --locked
left_out=
for architecture in "$@"; do
    for engine in ${ENGINES:-rustls mbedtls}; do
        cross_tests "$architecture" "$engine"
    done
done
nothing_left_behind
echo "== left out, because it makes no sense under QEMU:"
printf '%s' "$left_out"
echo "== built and tested for $* ($SECONDS s), no process left behind"
