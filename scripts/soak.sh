#!/bin/bash
# Endurance: soak.sh [--minutes 3] [--seed N] [--leak BYTES] [--leak-descriptor N] [--lose N], a device
# under random faults of the simulated platform; or soak.sh --devices N, so many devices at once.
# ENGINE=mbedtls takes the other engine. Tables and JSON are in build/soak/. Ends by itself and on
# Ctrl-C. Exit status: 0 when everything held, 1 when not, 2 when it could not be run.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:$HOME/.cargo/bin

engine=${ENGINE:-rustls}
case $engine in
rustls) purpose=soak build=build/release ;;
mbedtls) purpose=mbedtls build=build/mbedtls ;;
*)
    echo "soak: ENGINE is '$engine'; it can be rustls or mbedtls" >&2
    exit 2
    ;;
esac
. scripts/steps.sh
work=$PWD/build/soak
prefix=$work/prefix-$engine
mkdir -p "$work"
trap stop_watched EXIT
trap 'exit 130' INT TERM

quietly() { # what, command...
    local what=$1 start=$SECONDS status=0
    shift
    watched "$work/$what.log" "soak: $what," "$@" || status=$?
    if [ $status != 0 ]; then
        tail -n 20 "$work/$what.log" >&2
        echo "soak: $what failed (status $status); see build/soak/$what.log" >&2
        exit 2
    fi
    [ -t 1 ] || echo "soak: $what ($((SECONDS - start)) s)"
}

scripts/setup.sh $purpose
quietly configure cmake -S . -B $build -DLINKSDK_ENGINE="$engine" -DLINKSDK_BUILD_PROFILE=release
quietly build cmake --build $build
quietly install cmake --install $build --prefix "$prefix"
# The platform is what the package installs; where it installs none, one is built, linked in seconds.
tool=$prefix/bin/linksdk-x509
if [ ! -x "$tool" ]; then
    quietly simulator env CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
        cargo build --package linksdk-x509 --locked --release --target-dir "$work/target"
    tool=$work/target/release/linksdk-x509
fi

export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
for program in device many; do
    # shellcheck disable=SC2046 # pkg-config prints words
    quietly $program cc -std=gnu11 -O2 -Wall -Wextra -Werror tests/soak/$program.c \
        $(pkg-config --cflags --libs linksdk) -o "$work/$program-$engine"
done
if [ "${1:-}" = --devices ]; then
    exec python3 tests/soak/many.py --many "$work/many-$engine" --tool "$tool" \
        --work "$work/many" "$@"
fi
[ -d "$work/pki" ] || quietly certificates "$tool" pki --out "$work/pki" --device soak-1 --product-key a1Soak00000
exec python3 tests/soak/soak.py --device "$work/device-$engine" --tool "$tool" --pki "$work/pki" \
    --work "$work" --product-key a1Soak00000 --device-name soak-1 "$@"
