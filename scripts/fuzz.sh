#!/bin/bash
# Runs the fuzz targets, one after the other, and prints a table (docs/fuzzing.md says what they check):
#   fuzz.sh [SECONDS [TARGET...]]  each for 30 seconds unless told, from the seeds and what earlier runs kept
#   fuzz.sh ci                     all seeds and 5 seconds each
#   fuzz.sh control                defects are planted: each kind of target has to find one
# ENGINE=mbedtls fuzzes that engine. Everything is kept in build/fuzz: inputs that found something in
# artifacts/, logs in log/.
# Ends with 0, 1 when something was found (or, as control, not found), 2 when cargo-fuzz or the targets could
# not be built; as ci with 3 when cargo-fuzz could not be installed.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:$HOME/.cargo/bin

version=0.13.1
engine=${ENGINE:-rustls}
work=$PWD/build/fuzz
mode=run
seconds=30
case ${1:-} in
ci | control) mode=$1 && shift ;;
[0-9]*) seconds=$1 && shift ;;
'') ;;
*)
    echo "usage: scripts/fuzz.sh [SECONDS [TARGET...]] | ci | control" >&2
    exit 2
    ;;
esac
. scripts/fuzz_seeds.sh
for target in "$@"; do
    if ! targets | grep -qx -- "$target"; then
        echo "fuzz: there is no target $target, but: $(targets | paste -sd ' ')" >&2
        exit 2
    fi
done

scripts/setup.sh "$([ "$engine" = mbedtls ] && echo fuzz-mbedtls || echo fuzz)" || exit 2
mkdir -p "$work"
if ! cargo fuzz --version >/dev/null 2>&1; then
    echo "fuzz: installing cargo-fuzz $version from crates.io, about a minute"
    if ! cargo install --locked --quiet "cargo-fuzz@$version"; then
        echo "fuzz: cargo-fuzz could not be installed; it needs crates.io and a C++ compiler" >&2
        exit $([ $mode = ci ] && echo 3 || echo 2)
    fi
fi
# The sanitizer and its coverage are unstable options of the compiler.
export RUSTC_BOOTSTRAP=1
# Two C libraries may define the same constant.
export ASAN_OPTIONS=detect_odr_violation=0

# Builds all targets for an engine into bin/ENGINE[-planted].
build() { # engine, further features, targets...
    local engine=$1 more=$2
    shift 2
    local log=$work/build-$engine$more.log bin=$work/bin/$engine$more target status=0
    local options=(--fuzz-dir fuzz --target-dir "$work/target-$engine" --no-default-features
        --features "engine-$engine${more:+,${more#-}}")
    mkdir -p "$bin"
    echo "== fuzz: building for $engine${more:+, $more} (the first time some minutes; $log)"
    if [ "$engine" = mbedtls ]; then
        # Mbed TLS is watched by the sanitizer, and guides the fuzzer, only when clang compiles it.
        local flags="-fsanitize=address -fsanitize-coverage=inline-8bit-counters,pc-table,trace-cmp"
        export CC_x86_64_unknown_linux_gnu=clang CFLAGS_x86_64_unknown_linux_gnu=$flags
    else
        unset CC_x86_64_unknown_linux_gnu CFLAGS_x86_64_unknown_linux_gnu
    fi
    if [ $# = 1 ]; then
        cargo fuzz build "${options[@]}" "$1" >"$log" 2>&1 || status=$?
    else
        cargo fuzz build "${options[@]}" >"$log" 2>&1 || status=$?
    fi
    if [ "$status" != 0 ]; then
        tail -n 25 "$log" >&2
        echo "fuzz: the targets could not be built" >&2
        exit 2
    fi
    for target in "$@"; do
        cp --remove-destination "$work/target-$engine/x86_64-unknown-linux-gnu/release/$target" "$bin/"
    done
}

line() { printf '%-16s %7s %10s %7s %6s %6s %8s\n' "$@"; }
number() { # log, name of a figure of libFuzzer's last status line
    grep -oE "(^|[ /])$2: [0-9]+" "$1" | tail -n 1 | grep -oE '[0-9]+$' || echo 0
}
executions() { # log
    sed -nE 's/^#([0-9]+)\t.*/\1/p; s/^stat::number_of_executed_units: *//p' "$1" | tail -n 1
}

found=()
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null' EXIT
# Runs one target and prints its row.
fuzz() { # engine, further features, target, seconds
    local engine=$1 more=$2 target=$3 limit=$4 status=0 began=$SECONDS took count
    local log=$work/log/$engine$more/$target.log artifacts=$work/artifacts/$engine$more/$target
    local corpus=$work/corpus/$engine$more/$target folders=()
    mkdir -p "$(dirname "$log")" "$artifacts" "$corpus"
    mapfile -t folders < <(seeds "$target")
    # Leaks are looked for once, at the end: sessions and threads that are kept would make it look after each input.
    "$work/bin/$engine$more/$target" -artifact_prefix="$artifacts/" -print_final_stats=1 -detect_leaks=0 \
        -max_total_time="$limit" -timeout=20 -rss_limit_mb=1024 -malloc_limit_mb=64 \
        "$corpus" "${folders[@]}" >"$log" 2>&1 &
    pid=$!
    while kill -0 $pid 2>/dev/null; do
        sleep 1
        if [ $(((SECONDS - began) % 60)) = 59 ]; then
            echo "   $target: $((SECONDS - began)) s, $(executions "$log") executions, $(number "$log" cov) edges"
        fi
    done
    wait $pid || status=$?
    pid=
    took=$((SECONDS - began))
    count=$(executions "$log")
    line "$target" $took "${count:-0}" $((${count:-0} / (took > 0 ? took : 1))) "$(number "$log" cov)" \
        "$(number "$log" corp)" "$([ $status = 0 ] && echo 0 || echo 1)"
    if [ $status != 0 ]; then
        found+=("$target")
        [ "$more" != "" ] || grep -aE -m 3 'panicked at|ERROR:|SUMMARY:|Test unit written' "$log" >&2 || tail -n 5 "$log" >&2
    fi
}

run() { # engine, further features, seconds, targets...
    local engine=$1 more=$2 limit=$3 target
    shift 3
    build "$engine" "$more" "$@"
    echo "== fuzz: $# targets, $limit s each, engine $engine${more:+, $more}"
    line target seconds executed per\ s edges corpus findings
    for target in "$@"; do
        fuzz "$engine" "$more" "$target" "$limit"
    done
}

case $mode in
run)
    chosen=("$@")
    [ ${#chosen[@]} -gt 0 ] || mapfile -t chosen < <(targets)
    run "$engine" "" "$seconds" "${chosen[@]}"
    ;;
ci)
    mapfile -t chosen < <(targets)
    run "$engine" "" 5 "${chosen[@]}"
    ;;
control)
    kinds=(packet_stream tls_client mqtt_client c_abi)
    run "$engine" -planted 60 "${kinds[@]}"
    if [ ${#found[@]} != ${#kinds[@]} ]; then
        echo "fuzz: planted defects were found by ${found[*]:-none} only, not by each of ${kinds[*]}" >&2
        exit 1
    fi
    echo "fuzz: all planted defects were found"
    exit 0
    ;;
esac
if [ ${#found[@]} -gt 0 ]; then
    echo "fuzz: found something in: ${found[*]}; see build/fuzz/artifacts, and docs/fuzzing.md" >&2
    exit 1
fi
