#!/bin/bash
# Runs each fuzz target for a while: fuzz.sh [SECONDS [TARGET...]], 30 seconds each by default.
# Needs cargo-fuzz (cargo install cargo-fuzz). Findings are kept in build/fuzz/artifacts. Ends with 1
# when a target has found something.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:$HOME/.cargo/bin

seconds=${1:-30}
[ $# -gt 0 ] && shift
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(cd fuzz/fuzz_targets && basename -s .rs ./*.rs)
if ! cargo fuzz --version >/dev/null 2>&1; then
    echo "fuzz: cargo-fuzz is missing; run: cargo install cargo-fuzz --locked" >&2
    exit 2
fi
# The sanitizer coverage is an unstable option of the compiler.
export RUSTC_BOOTSTRAP=1
work=$PWD/build/fuzz
failed=()
for target in "${targets[@]}"; do
    corpus=$work/corpus/$target
    mkdir -p "$corpus" "$work/artifacts/$target"
    seeds=("fuzz/seeds/$target")
    if [ "$target" = pem ]; then
        # A device's certificate with its key, and the platform's roots.
        seeds=("$work/seeds/pem" certs)
        mkdir -p "$work/seeds/pem"
        [ -s "$work/seeds/pem/device" ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
            -noenc -keyout "$work/seeds/pem/device" -subj /CN=seed -days 2 2>/dev/null >>"$work/seeds/pem/device"
    fi
    echo "== fuzz $target, $seconds s"
    log=$work/$target.log
    if cargo fuzz run --fuzz-dir fuzz --target-dir "$work/target" "$target" "$corpus" "${seeds[@]}" -- \
        -max_total_time="$seconds" -timeout=10 -artifact_prefix="$work/artifacts/$target/" >"$log" 2>&1; then
        grep -E "^Done|^#[0-9]+.*DONE" "$log" | tail -n 1
    else
        failed+=("$target")
        tail -n 25 "$log" >&2
    fi
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "fuzz: found something in: ${failed[*]}; see build/fuzz/artifacts" >&2
    exit 1
fi
