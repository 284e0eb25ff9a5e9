#!/bin/bash
# Whole small domains, compared with what the specification says, value by value: every spelling of every
# remaining length (MQTT 3.1.1 section 2.2.3), all topics and filters of up to six characters over a small
# alphabet (section 4.7), and every sequence of ten insertions and removals of the table behind handles.
# These are tests, of these domains and no others. `make test` runs smaller ones.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:$HOME/.cargo/bin

exec cargo test --lib --locked --profile checked -- --ignored --nocapture
