#!/bin/bash
# Measures what the library takes of flash, for each target, engine and build profile, and who holds how
# much of the smallest builds, and writes the tables between the markers of docs/footprint.md. All with Debian's Rust 1.85 and gcc 12, so that the
# numbers can be compared; what scripts/cross.sh has built is taken as it is.
#
#     scripts/footprint.sh [--print]      --print: to standard output, docs/footprint.md stays
#
# Ends with 3 when the compilers cannot be had.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:$HOME/.cargo/bin

scripts/setup.sh cross || exit 3
RUSTC=$(scripts/rust185.sh arm64 armhf) || exit $?
export RUSTC
unset RUSTC_WRAPPER RUSTFLAGS
. scripts/steps.sh

work=$PWD/build/footprint
mkdir -p "$work"
table=$work/table.md

thousands() { # bytes, as kB
    echo $((($1 + 500) / 1000))
}

section() { # tool prefix, file, section: its bytes
    "$1size" --format=sysv "$2" | awk -v name="$3" '$1 == name || index($1, name ".") == 1 { sum += $2 } END { print sum + 0 }'
}

program() { # tool prefix, link profile, object, options...: bytes of the stripped program
    local tools=$1 profile=$2 object=$3 sources
    shift 3
    case $profile in
    hal) sources="tests/c/hal_exchange.c tests/c/support.c" ;;
    sdk) sources=c-examples/mqtt_example.c ;;
    none) sources=$work/nothing.c ;;
    esac
    # shellcheck disable=SC2086 # a list of files, and perhaps no object
    "${tools}gcc" -Os -ffunction-sections -fdata-sections -Iinclude -Iinclude/compat $sources $object \
        "$@" -Wl,--gc-sections -s -lpthread -lm -ldl -o "$work/program" 2>"$work/link.log" || {
        cat "$work/link.log" >&2
        exit 1
    }
    stat -c %s "$work/program"
}

row() { # target, tool prefix, engine, link profile, build profile, object
    local text data bss code constants static dynamic
    read -r text data bss _ < <("$2size" "$6" | tail -n 1)
    code=$(section "$2" "$6" .text)
    constants=$(section "$2" "$6" .rodata)
    if [ "$4" = mqtt ]; then
        dynamic=- static=- # its programs have the rest of the SDK in them
    else
        dynamic=$(thousands "$(program "$2" "$4" "$6")")
        static=$(thousands "$(program "$2" "$4" "$6" -static)")
    fi
    echo "| $1 | $3 | \`$4\` | $5 | $(thousands "$text") | $(thousands "$data") | $(thousands "$bss") |" \
        "$(thousands $((code + constants))) | $dynamic | $static |" >>"$table"
}

measure() { # target, tool prefix, toolchain file or nothing
    local engine profile links link built build
    for engine in rustls mbedtls; do
        for profile in release size; do
            build=build/cross-$1
            [ $engine = rustls ] || build=$build-$engine
            links="hal mqtt sdk" built=all
            if [ $profile = size ]; then
                # The others shrink by the same share.
                build=$build-$profile links=hal built=linksdk_hal_finished
            fi
            step "configure $1, $engine, $profile" cmake -S . -B "$build" ${3:+-DCMAKE_TOOLCHAIN_FILE="$3"} \
                -DLINKSDK_ENGINE=$engine -DLINKSDK_BUILD_PROFILE=$profile
            step "build $1, $engine, $profile" cmake --build "$build" --target $built
            for link in $links; do
                local object=$build/linksdk_$link.o
                [ $link != sdk ] || object=$build/linksdk.o
                row "$1" "$2" $engine $link $profile "$object"
            done
        done
    done
    echo "| $1 | - | nothing | - | - | - | - | - | $(thousands "$(program "$2" none "")") |" \
        "$(thousands "$(program "$2" none "" -static)") |" >>"$table"
}

echo "int main(void) { return 0; }" >"$work/nothing.c"
{
    echo "| target | engine | link profile | build profile | text | data | bss | .text + .rodata | program | static program |"
    echo "|---|---|---|---|---|---|---|---|---|---|"
} >"$table"
measure x86_64 x86_64-linux-gnu- ""
for architecture in aarch64:aarch64-linux-gnu- armv7:arm-linux-gnueabihf-; do
    name=${architecture%%:*}
    measure "$name" "${architecture#*:}" "$(echo "$PWD"/cmake/toolchains/"$name"-*.cmake)"
done

if [ "${1:-}" = --print ]; then
    cat "$table"
else
    python3 - "$table" docs/footprint.md <<'PYTHON'
import re
import sys

table, document = (open(path, encoding="utf-8").read() for path in sys.argv[1:])
begin, end = "<!-- footprint: begin -->\n", "<!-- footprint: end -->\n"
new, count = re.subn(f"{begin}.*?{end}", lambda _: begin + table + end, document, flags=re.DOTALL)
if count != 1:
    sys.exit(f"{sys.argv[2]} does not have its two markers once")
open(sys.argv[2], "w", encoding="utf-8").write(new)
PYTHON
    scripts/holders.py --update "Engine \`rustls\`=build/cross-x86_64-size/linksdk_hal.o" \
        "Engine \`mbedtls\`=build/cross-x86_64-mbedtls-size/linksdk_hal.o"
    echo "footprint: docs/footprint.md is written"
fi
