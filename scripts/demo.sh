#!/bin/bash
# The main job, shown: a C program with a device certificate connects to a simulated platform on
# this machine, learns its identity, and gets its own message back. Details of each step are in
# build/demo/*.log.
set -u
cd "$(dirname "$0")/.."
PATH=$PATH:$HOME/.cargo/bin
. scripts/steps.sh

work=$PWD/build/demo
product_key=a1Demo00000
device_name=demo-device-1
steps=8
step=0
simulator=
mkdir -p "$work"

stop_simulator() {
    if [ -n "$simulator" ]; then
        kill "$simulator" 2>/dev/null
        wait "$simulator" 2>/dev/null
        simulator=
    fi
}
trap 'stop_watched; stop_simulator' EXIT
trap 'exit 130' INT TERM

begin() {
    step=$((step + 1))
    started=$SECONDS
    echo "[$step/$steps] $1"
}

done_in() {
    echo "      done, $((SECONDS - started)) s"
}

give_up() { # what failed, log
    echo "demo: step $step failed: $1" >&2
    if [ -s "${2:-}" ]; then
        echo "demo: the end of $2:" >&2
        tail -n 20 "$2" | sed 's/^/    /' >&2
    fi
    exit 1
}

quietly() { # log, what, command...
    local log=$work/$1.log what=$2 status=0
    shift 2
    watched "$log" "     " "$@" || status=$?
    [ $status = 0 ] || give_up "$what (status $status)" "$log"
}

field() { # name, JSON file
    python3 -c 'import json, sys; print(json.load(open(sys.argv[2]))[sys.argv[1]])' "$1" "$2"
}

begin "Looking for the tools that the build needs"
scripts/setup.sh demo || give_up "tools are missing; the line to run is above"
done_in

begin "Building the library and linksdk-x509 (the first time takes minutes)"
quietly configure "CMake could not configure" \
    cmake -S . -B build/release -DLINKSDK_BUILD_PROFILE=release
quietly library "the library could not be built" cmake --build build/release
done_in

begin "Installing the package into build/demo/prefix"
rm -rf "$work/prefix"
quietly install "the package could not be installed" \
    cmake --install build/release --prefix "$work/prefix"
done_in

tool=$work/prefix/bin/linksdk-x509

begin "Making certificates: platform, device CA, device"
rm -rf "$work/pki"
quietly pki "the certificates could not be made" \
    "$tool" pki --out "$work/pki" --device "$device_name" --product-key "$product_key"
done_in

begin "Starting the simulated platform on a free port of 127.0.0.1"
rm -f "$work/ready.json"
"$tool" simulate --pki "$work/pki" --listen 127.0.0.1:0 --ready-file "$work/ready.json" \
    --log "$work/platform.jsonl" --max-seconds 300 >"$work/simulator.log" 2>&1 &
simulator=$!
until [ -s "$work/ready.json" ]; do
    kill -0 "$simulator" 2>/dev/null || give_up "the simulator ended early" "$work/simulator.log"
    [ $((SECONDS - started)) -lt 30 ] || give_up "the simulator is not ready" "$work/simulator.log"
    sleep 0.1
done
port=$(field port "$work/ready.json") || give_up "the simulator's ready file is not understood"
echo "      listening on port $port"

begin "Embedding the device's certificate and key into device.c"
quietly embed "device.c could not be written" \
    "$tool" embed --cert "$work/pki/device.crt" --key "$work/pki/device.key" \
    --ca "$work/pki/platform-ca.crt" --out "$work/device.c" --force
done_in

begin "Building c-examples/mqtt_example.c with CMake against the package"
rm -rf "$work/example"
quietly example-configure "CMake could not configure the example" \
    cmake -S c-examples -B "$work/example" -DCMAKE_PREFIX_PATH="$work/prefix" \
    -DDEVICE_CREDENTIALS="$work/device.c"
quietly example "the example could not be built" cmake --build "$work/example"
done_in

begin "Running it: localhost, port $port"
# Wrapped so that long log lines stay readable at 80 columns.
"$work/example/mqtt_example" localhost "$port" 2>&1 | tee "$work/run.log" | python3 -u -c '
import sys, textwrap
for line in sys.stdin:
    print(textwrap.fill(line.rstrip("\n"), 79, subsequent_indent=" " * 12,
                        break_long_words=False, break_on_hyphens=False))'
status=${PIPESTATUS[0]}
[ "$status" = 0 ] || give_up "the example ended with status $status; see $work/platform.jsonl"

# A program that ends well but skipped a part would not have shown the job.
shown() { # what, pattern
    grep -qE "$2" "$work/run.log" || give_up "the example did not show $1" "$work/run.log"
}
shown "the TLS version" 'TLS ?v?1\.[23]'
shown "the cipher suite" '(TLS13|TLS)_[A-Z0-9_]+'
shown "the handshake time" '[0-9.]+ ?ms'
shown "the identity" "identity .*$product_key.*$device_name"
shown "the subscription" "subscribed to /$product_key/$device_name/user/get"
shown "the publication" "published "
shown "the message coming back" "received .*hello from the device"
shown "a clean end" "disconnected"

stop_simulator
echo "demo: the device connected, learned who it is, and got its message back"
