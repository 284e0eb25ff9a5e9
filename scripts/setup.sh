#!/bin/bash
# Installs what is missing to build (`demo`), for the endurance run (`soak`), to build with the engine
# mbedtls (`mbedtls`), to test (`test`), to measure coverage (`coverage`) or speed (`bench`), to fuzz (`fuzz`,
# `fuzz-mbedtls`), or to build and test for ARM (`cross`) on Debian and its relatives.
# As root it installs with apt; otherwise it prints the one line to run and fails. Starts nothing.
set -u

purpose=${1:-demo}
case $purpose in
demo | soak | mbedtls | test | coverage | cross | bench | fuzz | fuzz-mbedtls) ;;
*)
    echo "usage: scripts/setup.sh [demo|soak|mbedtls|test|coverage|cross|bench|fuzz|fuzz-mbedtls]" >&2
    exit 2
    ;;
esac
# Daemons and cargo are often not on the path of a plain shell.
PATH=$PATH:/usr/sbin:/sbin:$HOME/.cargo/bin

missing=()
need() { # command, Debian package
    command -v "$1" >/dev/null || missing+=("$2")
}
need_file() { # file or pattern, Debian package
    compgen -G "$1" >/dev/null || missing+=("$2")
}
need gcc gcc
need make make
need python3 python3
need cmake cmake
need pkg-config pkg-config
if [ "$purpose" != demo ] && [ "$purpose" != soak ] && [ "$purpose" != fuzz ]; then
    # For the bindings of the engine mbedtls (bindgen).
    need_file '/usr/lib/llvm-*/lib/libclang.so' libclang-dev
fi
if [ "$purpose" = coverage ]; then
    # Of the same LLVM as the compiler that scripts/rust185.sh unpacks: profiles of another are not read.
    need_file /usr/lib/llvm-19/bin/llvm-cov llvm-19
fi
if [ "$purpose" = test ] || [ "$purpose" = coverage ] || [ "$purpose" = cross ]; then
    need openssl openssl
    need mosquitto mosquitto
    need gnutls-serv gnutls-bin
    # The header of PKCS#11.
    need_file /usr/include/p11-kit-1/p11-kit/pkcs11.h libp11-kit-dev
fi
if [ "$purpose" = test ] || [ "$purpose" = coverage ]; then
    need g++ g++
    need git git
    need valgrind valgrind
    need softhsm2-util softhsm2
    # Shells that linksdk-x509 has completions for, and what reads the header as an IDE does.
    need zsh zsh
    need fish fish
    need doxygen doxygen
    # Linkers beside the ordinary one, for docs/linking.md.
    need ld.gold binutils
    need ld.lld lld
    # Another Mbed TLS that ours must not collide with.
    need_file /usr/include/mbedtls/ssl.h libmbedtls-dev
fi
if [ "$purpose" = fuzz ] || [ "$purpose" = fuzz-mbedtls ]; then
    # For libFuzzer, and to make seeds with keys.
    need g++ g++
    need openssl openssl
fi
if [ "$purpose" = fuzz-mbedtls ]; then
    # Compiles Mbed TLS so that it guides the fuzzer.
    need clang clang
fi
if [ "$purpose" = cross ]; then
    for prefix in aarch64-linux-gnu arm-linux-gnueabihf; do
        need $prefix-gcc gcc-$prefix
        need $prefix-g++ g++-$prefix
    done
    need_file /usr/aarch64-linux-gnu/include/stdio.h libc6-dev-arm64-cross
    need_file /usr/arm-linux-gnueabihf/include/stdio.h libc6-dev-armhf-cross
    need qemu-arm qemu-user
fi
if [ "$purpose" = bench ]; then
    need openssl openssl
    need valgrind valgrind
    # The libraries that ours is measured beside.
    need_file /usr/include/openssl/ssl.h libssl-dev
    need_file /usr/include/mbedtls/ssl.h libmbedtls-dev
    need_file /usr/include/gnutls/gnutls.h libgnutls28-dev
fi
# gcc alone does not bring the C library's headers.
[ -e /usr/include/stdio.h ] || missing+=(libc6-dev)

if ! command -v cargo >/dev/null; then
    echo "setup: the Rust toolchain is missing; install it as https://rustup.rs says:" >&2
    echo "    curl --proto '=https' -sSf https://sh.rustup.rs | sh -s -- -y" >&2
    exit 1
fi
# Debian's own package is older, and what it says about Cargo.toml tells nobody why.
oldest=$(sed -n 's/^rust-version = "\([0-9.]*\)"$/\1/p' "$(dirname "$0")/../Cargo.toml")
version=$(cargo --version | cut -d ' ' -f 2)
if [ "$(printf '%s\n' "$oldest" "${version:-0}" | sort -V | head -n 1)" != "$oldest" ]; then
    echo "setup: $(command -v cargo) is of Rust ${version:-unknown}, and $oldest or newer is needed. With rustup" >&2
    echo "    (https://rustup.rs) installed, put its folder first: export PATH=\$HOME/.cargo/bin:\$PATH" >&2
    echo "    and run: rustup update stable" >&2
    exit 1
fi
if [ "$purpose" = test ] && ! { cargo fmt --version && cargo clippy --version; } >/dev/null 2>&1; then
    if ! rustup component add rustfmt clippy; then
        echo "setup: run: rustup component add rustfmt clippy" >&2
        exit 1
    fi
fi

[ ${#missing[@]} -eq 0 ] && exit 0

line="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "setup: missing: ${missing[*]}. As root, run:" >&2
    echo "    $line" >&2
    exit 1
fi

echo "setup: installing ${missing[*]}"
log=$(mktemp)
policy=/usr/sbin/policy-rc.d
placed_policy=no
# Package scripts ask this file before they start a service; 101 means no.
if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy && placed_policy=yes
fi
finish() {
    [ $placed_policy = yes ] && rm -f $policy
    rm -f "$log"
}
trap finish EXIT

# A mirror that is being synchronised fails for one index and recovers within seconds. What is
# already known may suffice, so a failure here is not the end.
for attempt in 1 2 3; do
    apt-get update >"$log" 2>&1 && break
    [ $attempt = 3 ] || sleep 5
done
if ! DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >>"$log" 2>&1; then
    tail -n 15 "$log" >&2
    echo "setup: apt could not install ${missing[*]}. As root, run:" >&2
    echo "    $line" >&2
    exit 1
fi
