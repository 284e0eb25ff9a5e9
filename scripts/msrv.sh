#!/bin/sh
# Checks that the library builds with the oldest supported compiler, Rust 1.85 (scripts/rust185.sh).
# Ends with 0 when the link profiles and both engines compile, 1 when one does not, 3 when the compiler cannot be had.
set -eu
cd "$(dirname "$0")/.."

RUSTC=$(scripts/rust185.sh) || exit $?
export RUSTC CARGO_TARGET_DIR="$PWD/build/msrv"
unset RUSTC_WRAPPER RUSTFLAGS

"$RUSTC" --version
for profile in hal sdk; do
    echo "msrv: profile $profile"
    cargo build --locked --quiet --lib --no-default-features --features "$profile,engine-rustls"
done
echo "msrv: profile sdk, engine mbedtls"
cargo build --locked --quiet --lib --no-default-features --features sdk,engine-mbedtls
echo "msrv: the library builds with Rust 1.85 in both profiles and with both engines"
