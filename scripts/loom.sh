#!/bin/bash
# Reading, writing and destroying by three threads at once, in every order that loom finds in which they can
# run (src/tls/session/interleavings.rs), the way of MQTT packets to the wire (src/mqtt/gate.rs), and as a
# control the same with a lock or a call that wakes somebody taken out of the library, one after the other:
# each has to be found. `loom.sh models` leaves the control out, and of the largest models the orders in which
# threads are interrupted more often than the sources say: all of them take a minute and a half, or more.
# Ends with 1 when a model fails, or a control does not.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:$HOME/.cargo/bin

case ${1:-all} in
all | models) ;;
*)
    echo "usage: scripts/loom.sh [models]" >&2
    exit 2
    ;;
esac
work=$PWD/build/loom
mkdir -p "$work"
export RUSTFLAGS="--cfg loom"
# The copy has a target directory of its own: cargo takes it for the same package, and its older files for built.
models() { # folder, target directory, which
    (cd "$1" && CARGO_TARGET_DIR=$2 cargo test --lib --locked --profile checked -- --test-threads=2 "$3")
}

echo "== models"
[ "${1:-all}" = models ] || export LINKSDK_EVERY_ORDER=yes
models . "$work/target" interleavings || exit 1
[ "${1:-all}" = all ] || exit 0
unset LINKSDK_EVERY_ORDER

# What is taken out, in which file, and which model has to notice.
controls=(
    'src/tls/session.rs|let _end = ShutDown|// let _end = ShutDown|destroying_ends_both'
    'src/tls/session.rs|if self.destroyed.load(Ordering::SeqCst) {|if false {|destroying_ends_both'
    'src/os/sync.rs|self.changed.notify_all();||who_waits_for_a_semaphore'
    'src/os/sync.rs|state.count -= 1;||a_mutex_of_the_firmware'
    'src/mqtt/gate.rs|self.0.freed.notify_one();||one_thread_at_a_time_writes'
    'src/mqtt/gate.rs|while *taken {|while false {|one_thread_at_a_time_writes'
    'src/handle.rs|place.generation = match|let _ = match|an_old_handle'
)
copy=$work/copy
missed=0
for control in "${controls[@]}"; do
    IFS='|' read -r file from to model <<<"$control"
    rm -rf "$copy"
    mkdir -p "$copy"
    tar -c --exclude=./target --exclude=./build --exclude='./.*' . | tar -x -C "$copy"
    python3 - "$copy/$file" "$from" "$to" <<'CHANGE'
import sys
path, old, new = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    text = file.read()
if old not in text:
    sys.exit(f"loom: {path} has no `{old}`: mend the control in scripts/loom.sh")
with open(path, "w", encoding="utf-8") as file:
    file.write(text.replace(old, new))
CHANGE
    log=$work/control.log
    if models "$copy" "$work/target-control" "$model" >"$log" 2>&1; then
        echo "control: without \`$from\` in $file no model fails" >&2
        missed=1
    elif grep -q "^test .*$model.* FAILED" "$log"; then
        echo "control: without \`$from\` in $file: noticed"
    else
        tail -n 20 "$log" >&2
        echo "control: without \`$from\` in $file: it does not compile; see build/loom/control.log" >&2
        missed=1
    fi
done
rm -rf "$copy"
[ $missed = 0 ] && echo "loom: all models hold, all controls were noticed"
exit $missed
