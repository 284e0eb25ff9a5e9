#!/bin/bash
# Writes include/linksdk_hal.h as build.rs generates it from the sources of the exports.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:$HOME/.cargo/bin

out_dir=$(cargo build --package linksdk-hal --locked --message-format=json | python3 -c '
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message["reason"] == "build-script-executed" and "linksdk-hal" in message["package_id"]:
        print(message["out_dir"])')
if [ ! -s "$out_dir/linksdk_hal.h" ]; then
    echo "headers: build.rs wrote no linksdk_hal.h into '$out_dir'" >&2
    exit 1
fi
cp "$out_dir/linksdk_hal.h" include/linksdk_hal.h
git diff --stat -- include/linksdk_hal.h
