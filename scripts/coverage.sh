#!/bin/bash
# Line and branch coverage of src/: coverage.sh [rust|report|html|document]. Rust tests of both engines
# and the C tests of both (without valgrind), one table, the floor. `rust` leaves the C tests out,
# `report` only prints the table of the last run again, `html` also writes build/coverage/html,
# `document` also the table of docs/coverage.md.
#
# Profiles can be read only by LLVM tools of the compiler's own version: Debian's Rust 1.85 with Debian's
# llvm-19 is such a pair. Only this package is instrumented. Ends with 1 below the floor or when an error
# path of the strict rooms is not tested, 2 when a build fails, 3 when the compiler cannot be had.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin:$HOME/.cargo/bin

what=${1:-all}
case $what in
all | rust | report | html | document) ;;
*)
    echo "usage: scripts/coverage.sh [rust|report|html|document]" >&2
    exit 2
    ;;
esac
floor=90
work=$PWD/build/coverage
. scripts/whole_package.sh
STRIP_DEBUG=yes
llvm=/usr/lib/llvm-19/bin
deps=$work/target/debug/deps

report() {
    local words=(--llvm "$llvm" --profile "$work/all.profdata" --known tests/coverage/known.txt
        --json "$work/coverage.json" --floor "$floor")
    [ "$what" = html ] && words+=(--html "$work/html")
    [ "$what" = document ] && words+=(--document docs/coverage.md)
    local objects
    mapfile -t objects <"$work/objects"
    python3 tests/coverage/report.py "${words[@]}" "${objects[@]}"
    # Without the reasons for what is not tested, the same profiles must be refused.
    if python3 tests/coverage/report.py --llvm "$llvm" --profile "$work/all.profdata" --known /dev/null \
        "${objects[@]}" >"$work/control.log"; then
        echo "coverage: the control passed: lines that nothing reaches were not noticed" >&2
        exit 1
    fi
}
if [ "$what" != all ] && [ "$what" != rust ] && [ -s "$work/all.profdata" ]; then
    report
    exit
fi

scripts/setup.sh coverage
rustc=$(scripts/rust185.sh) || exit $?
. scripts/steps.sh
trap stop_watched EXIT
trap 'exit 130' INT TERM
mkdir -p "$work"
rm -rf "$work/profiles"
cat >"$work/instrumented" <<'WRAPPER'
#!/bin/sh
# Branches are counted by an option that is not stable yet.
RUSTC_BOOTSTRAP=1 exec "$@" -Cinstrument-coverage -Zcoverage-options=branch
WRAPPER
chmod +x "$work/instrumented"
export RUSTC=$rustc RUSTC_WORKSPACE_WRAPPER=$work/instrumented
export CARGO_TARGET_DIR=$work/target CARGO_INCREMENTAL=0
unset RUSTC_WRAPPER RUSTFLAGS
# Each program adds to one of four files, however often it runs.
export LLVM_PROFILE_FILE=$work/profiles/%4m.profraw
: >"$work/objects"
failures=()

quietly() { # what, command...
    local said=$1 start=$SECONDS status=0 log
    shift
    log=$work/$(tr ' ,' '__' <<<"$said").log
    watched "$log" "== $said:" "$@" || status=$?
    echo "== $said: status $status ($((SECONDS - start)) s)"
    return $status
}

must() { # what, command...
    quietly "$@" || {
        echo "coverage: $1 failed; see build/coverage/$(tr ' ,' '__' <<<"$1").log" >&2
        exit 2
    }
}

rust_tests() { # engine
    local features=sdk,engine-$1
    must "build Rust tests $1" cargo test -p linksdk-hal --lib --tests --locked --no-run --no-default-features --features "$features"
    quietly "Rust tests $1" cargo test -p linksdk-hal --lib --tests --locked --no-fail-fast --no-default-features \
        --features "$features" || failures+=("Rust tests $1")
    # What cargo printed: Executable tests/x.rs (target/debug/deps/x-0123456789abcdef)
    sed -n 's/.*Executable.*(\(.*\))$/\1/p' "$work/build_Rust_tests_$1.log" >>"$work/objects"
}

# What writes the counters when the program ends is added only by rustc's own linking.
also_linked() {
    local host
    host=$("$rustc" -vV | sed -n 's/^host: //p')
    echo "-z noexecstack" "$("$rustc" --print sysroot)/lib/rustlib/$host"/lib/libprofiler_builtins-*.rlib
}

# What looks at the package and at link lines and runs nothing of src/, and what measures time, memory
# and endurance.
left_out='valgrind|^symbols|^consumer|^package|^link_matrix|^documentation|^native_libraries|^collision'
left_out+='|^out_of_memory|^soak|^cycles|^idle|^time_bounds|^yield_bounds'

c_tests() { # engine
    must "instrumented package $1" whole_package "$1" "$work/package-$1" "$work/prefix-$1" dev
    must "companion command" env -u RUSTC_WORKSPACE_WRAPPER cargo build --package linksdk-x509 --locked
    local tests=$work/ctest-$1
    must "configure C tests $1" cmake -S tests/c -B "$tests" -DCMAKE_PREFIX_PATH="$work/prefix-$1" \
        -DLINKSDK_X509="$CARGO_TARGET_DIR/debug/linksdk-x509"
    must "build C tests $1" cmake --build "$tests" -j2
    quietly "C tests $1" ctest --test-dir "$tests" -j2 --output-on-failure \
        -E "$left_out" || failures+=("C tests $1")
    for program in hal_exchange inside_sdk.3 reconnection; do echo "$tests/$program" >>"$work/objects"; done
}

for engine in rustls mbedtls; do rust_tests $engine; done
if [ "$what" != rust ]; then
    for engine in rustls mbedtls; do c_tests $engine; done
fi
"$llvm/llvm-profdata" merge -sparse "$work"/profiles/*.profraw -o "$work/all.profdata"
for failure in "${failures[@]}"; do
    echo "  not all passed while instrumented: $failure (make test is what judges them)"
done
report
