#!/bin/bash
# Which lines of src/ the fuzz targets reach: runs every seed and every input that `make fuzz` has kept
# (build/fuzz/corpus) once, with counters instead of the sanitizer, and prints a table of the files and one
# of the targets. fuzz_lines.sh [document] also writes them into docs/fuzzing.md. Engine rustls.
#
# The compiler and its tools are those of scripts/coverage.sh. Ends with 1 when an input fails, 2 when the
# targets cannot be built, 3 when the compiler cannot be had.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:$HOME/.cargo/bin

case ${1:-} in
'' | document) ;;
*)
    echo "usage: scripts/fuzz_lines.sh [document]" >&2
    exit 2
    ;;
esac
scripts/setup.sh coverage || exit 2
rustc=$(scripts/rust185.sh) || exit $?
. scripts/steps.sh
. scripts/fuzz_seeds.sh
trap stop_watched EXIT
trap 'exit 130' INT TERM
work=$PWD/build/fuzz
lines=$work/lines
rm -rf "$lines"
mkdir -p "$lines"

cat >"$lines/instrumented" <<'WRAPPER'
#!/bin/sh
case ${CARGO_PKG_NAME-} in
linksdk-hal | linksdk-fuzz) exec "$@" -Cinstrument-coverage ;;
*) exec "$@" ;;
esac
WRAPPER
chmod +x "$lines/instrumented"
export RUSTC=$rustc RUSTC_WRAPPER=$lines/instrumented CARGO_INCREMENTAL=0
unset RUSTFLAGS
export LLVM_PROFILE_FILE=/dev/null # of the build script, which is instrumented, too
echo "== fuzz: building with counters, a minute or two (build/fuzz/lines/build.log)"
watched "$lines/build.log" "building," cargo build --manifest-path fuzz/Cargo.toml --locked --bins \
    --target-dir "$work/target-lines" || {
    tail -n 25 "$lines/build.log" >&2
    echo "fuzz: the targets could not be built" >&2
    exit 2
}
failed=()
programs=()
for target in $(targets); do
    mapfile -t folders < <(seeds "$target")
    [ ! -d "$work/corpus/rustls/$target" ] || folders+=("$work/corpus/rustls/$target")
    find "${folders[@]}" -type f -print0 >"$lines/$target.inputs"
    echo "== fuzz: $target, $(tr -cd '\0' <"$lines/$target.inputs" | wc -c) inputs"
    LLVM_PROFILE_FILE=$lines/$target-%m.profraw watched "$lines/$target.log" "$target," \
        xargs -0 -n 100 -a "$lines/$target.inputs" \
        "$work/target-lines/debug/$target" -rss_limit_mb=0 || failed+=("$target")
    /usr/lib/llvm-19/bin/llvm-profdata merge -sparse "$lines/$target"-*.profraw -o "$lines/$target.profdata"
    programs+=("$target=$work/target-lines/debug/$target=$lines/$target.profdata")
done
python3 tests/coverage/fuzzed.py --llvm /usr/lib/llvm-19/bin \
    ${1:+--document docs/fuzzing.md} "${programs[@]}"
if [ ${#failed[@]} -gt 0 ]; then
    echo "fuzz: inputs of ${failed[*]} failed; see build/fuzz/lines" >&2
    exit 1
fi
