# Read by other scripts: steps with their duration, long commands that are watched, and what tests leave behind.

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

# Runs a command with its output in a log; on a terminal the seconds tick. Its status is the command's.
# A script that may be interrupted says: trap stop_watched EXIT, and exits on signals.
watched() { # log, what the terminal shows before the seconds, command...
    local log=$1 shown=$2 start=$SECONDS status=0
    shift 2
    # In a process group of its own: Ctrl-C does not reach what a script has put into the background.
    set -m
    "$@" >"$log" 2>&1 </dev/null &
    watched_job=$!
    set +m
    while [ -t 1 ] && kill -0 $watched_job 2>/dev/null; do
        printf '\r%s %s s ' "$shown" $((SECONDS - start))
        sleep 1
    done
    [ ! -t 1 ] || printf '\r%*s\r' $((${#shown} + 12)) ''
    wait $watched_job || status=$?
    watched_job=
    return $status
}

watched_job=
stop_watched() { # with everything that it has started
    [ -z "$watched_job" ] || kill -- -"$watched_job" 2>/dev/null
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
