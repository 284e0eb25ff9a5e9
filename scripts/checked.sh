# Read by memcheck.sh and sanitize.sh: which tests, engines and tools the command line chooses, and running
# the C tests under a checker; one table of all results at the end.

engines=() tools=() select=() tables=()

# `short` is a few tests, and the engine rustls where none is named. Ends the script at an unknown word.
choose() { # usage, the tools there are, words of the command line...
    local usage=$1 all_tools=$2 short= word
    shift 2
    for word in "$@"; do
        case " rustls mbedtls short $all_tools " in
        *" $word "*) ;;
        *)
            echo "usage: $usage" >&2
            exit 2
            ;;
        esac
        case $word in
        short) short=yes select=(-R "$(cat tests/checked/short.txt)") ;;
        rustls | mbedtls) engines+=("$word") ;;
        *) tools+=("$word") ;;
        esac
    done
    [ ${#engines[@]} -gt 0 ] || [ -z "$short" ] || engines=(rustls)
    [ ${#engines[@]} -gt 0 ] || engines=(rustls mbedtls)
    [ ${#tools[@]} -gt 0 ] || read -ra tools <<<"$all_tools"
}

# What fails is in the table, and makes `results` fail.
c_tests() { # folder of the tests, label of the tests, name of the results, without .xml
    rm -f "$3.xml"
    ctest --test-dir "$1" -j"$(nproc)" -L "$2" "${select[@]}" --no-tests=error --output-junit "$3.xml" || true
    tables+=("$3.xml")
}

results() {
    nothing_left_behind
    python3 tests/checked/report.py "${tables[@]}"
}
