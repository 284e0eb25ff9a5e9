#!/bin/bash
# Holds the dependencies to deny.toml: licences, duplicates and sources, from Cargo.lock and what cargo
# has downloaded. `scripts/deny.sh advisories` looks for known vulnerabilities instead, which needs the
# RustSec database from github.com.
# Ends with 0 when all is as allowed, 1 when something is not, 2 when cargo-deny cannot be installed, 3 when
# the database cannot be had, so that nothing is known about vulnerabilities.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:$HOME/.cargo/bin

what=${1:-all}
case $what in
all | advisories) ;;
*)
    echo "usage: scripts/deny.sh [advisories]" >&2
    exit 2
    ;;
esac
version=0.20.2
if ! cargo deny --version >/dev/null 2>&1; then
    echo "deny: installing cargo-deny $version from crates.io, a few minutes"
    # The library's own compiler may be older than what cargo-deny needs (1.88).
    if ! cargo install --locked "cargo-deny@$version"; then
        echo "deny: cargo-deny could not be installed; it needs Rust 1.88 or newer and crates.io" >&2
        exit 2
    fi
fi

if [ "$what" = advisories ]; then
    status=0
    said=$(cargo deny --workspace check advisories 2>&1) || status=$?
    if grep -q "failed to fetch advisory database" <<<"$said"; then
        echo "deny: the database of advisories cannot be had, nothing was checked:" >&2
        grep -m 1 "fatal:\|Caused by\|failed to fetch" <<<"$said" >&2
        exit 3
    fi
    echo "$said"
    exit $((status != 0))
fi

# cargo-deny reads files only; what is not downloaded yet would make it guess.
for manifest in Cargo.toml fuzz/Cargo.toml; do
    cargo fetch --locked --quiet --manifest-path "$manifest"
done
echo "== deny: licences, duplicates, sources"
cargo deny --offline --locked --workspace check licenses bans sources || exit 1
echo "== deny: licences and sources of the fuzz targets"
cargo deny --offline --locked --manifest-path fuzz/Cargo.toml --config "$PWD/deny.toml" check licenses sources || exit 1

# cargo-deny cannot leave out what only builds; of what is linked into firmware no crate may come twice.
linked_twice() { # arguments of cargo tree
    cargo tree --locked --offline --quiet --duplicates --depth 0 "$@"
}
for features in sdk,engine-rustls sdk,engine-mbedtls; do
    echo "== deny: crates that $features links twice"
    twice=$(linked_twice -p linksdk-hal --no-default-features --features "$features" --edges normal,no-proc-macro)
    if [ -n "$twice" ]; then
        echo "$twice" >&2
        exit 1
    fi
done

echo "== deny: controls"
strict=$(mktemp --suffix=.toml)
trap 'rm -f "$strict"' EXIT
for without in '"ISC",' '{ crate = "syn@1"' 'https://github.com/rust-lang/crates.io-index'; do
    grep -vF "$without" deny.toml >"$strict"
    if cargo deny --offline --locked --workspace --config "$strict" check licenses bans sources >/dev/null 2>&1; then
        echo "deny: without $without in deny.toml nothing was found: the check does not work" >&2
        exit 1
    fi
done
if [ -z "$(linked_twice --workspace --edges normal,build,dev)" ]; then
    echo "deny: the build has no crate twice any more, so that its exceptions can go from deny.toml" >&2
    exit 1
fi
echo "== deny: all as deny.toml allows"
