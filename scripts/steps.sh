# Read by the scripts that run tests: steps with their duration, and what they leave behind.

# So that what these tests started can be told from everything else on the machine.
export LINKSDK_TEST_RUN=$$-$RANDOM

step() {
    local what=$1 start=$SECONDS
    shift
    echo "== $what"
    if ! "$@"; then
        echo "== $what: FAILED (repeat with: $*)" >&2
        exit 1
    fi
    echo "== $what: passed ($((SECONDS - start)) s)"
}

left_behind() {
    local environment
    for environment in /proc/[0-9]*/environ; do
        local pid=${environment#/proc/}
        pid=${pid%/environ}
        [ "$pid" = $$ ] && continue
        [ "$pid" = "$BASHPID" ] && continue
        # Processes end while this looks at them; then there is nothing to read.
        if { tr '\0' '\n' <"$environment"; } 2>/dev/null | grep -qx "LINKSDK_TEST_RUN=$LINKSDK_TEST_RUN"; then
            echo "left behind: process $pid: $(tr '\0' ' ' <"/proc/$pid/cmdline" || echo unknown)"
        fi
    done
}

# Ends the script with an error when something of it still runs.
nothing_left_behind() {
    local leftovers
    leftovers=$(left_behind)
    if [ -n "$leftovers" ]; then
        echo "$leftovers" >&2
        echo "== FAILED: the tests left processes behind" >&2
        exit 1
    fi
}
