#!/bin/sh
# Checks that the library builds with the oldest supported compiler, Rust 1.85, taken from
# Debian 12's packages and unpacked into build/msrv: the machine's own toolchain stays as it is.
# `scripts/msrv.sh compiler` only unpacks it, as build/msrv/rustc.
# Ends with 0 when both link profiles and both engines compile, 1 when one does not, 3 when the compiler cannot be had.
set -eu
cd "$(dirname "$0")/.."
version=1.85.0+dfsg3-1~deb12u3
root=$PWD/build/msrv
rustc=$root/usr/bin/rustc

if [ ! -x "$rustc" ]; then
    mkdir -p "$root/packages"
    echo "msrv: fetching Rust 1.85 from Debian's packages"
    cd "$root/packages"
    if ! apt-get download -qq "rustc-web=$version" "libstd-rust-web-1.85=$version" \
        "libstd-rust-web-dev=$version" libllvm19; then
        apt-get update -qq || true # one index may be in the middle of a synchronisation
        apt-get download -qq "rustc-web=$version" "libstd-rust-web-1.85=$version" \
            "libstd-rust-web-dev=$version" libllvm19 || {
            echo "msrv: Debian 12's packages rustc-web 1.85 cannot be downloaded;" \
                "check the network and /etc/apt/sources.list" >&2
            exit 3
        }
    fi
    for package in ./*.deb; do dpkg -x "$package" "$root"; done
    cd - >/dev/null
fi

# Only this compiler may see its libraries: a wrapper keeps them away from cargo itself.
wrapper=$root/rustc
cat >"$wrapper" <<WRAPPER
#!/bin/sh
LD_LIBRARY_PATH=$root/usr/lib:$root/usr/lib/x86_64-linux-gnu exec "$rustc" --sysroot "$root/usr" "\$@"
WRAPPER
chmod +x "$wrapper"
[ "${1:-all}" != compiler ] || exit 0
export RUSTC="$wrapper" CARGO_TARGET_DIR="$root/target"
unset RUSTC_WRAPPER RUSTFLAGS

"$wrapper" --version
for profile in hal sdk; do
    echo "msrv: profile $profile"
    cargo build --locked --quiet --lib --no-default-features --features "$profile,engine-rustls"
done
echo "msrv: profile sdk, engine mbedtls"
cargo build --locked --quiet --lib --no-default-features --features sdk,engine-mbedtls
echo "msrv: the library builds with Rust 1.85 in both profiles and with both engines"
