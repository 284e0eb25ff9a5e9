#!/usr/bin/env python3
"""Measures the library beside OpenSSL, Mbed TLS and GnuTLS, and prints one table.

Exit codes: 0 measured (with --check: all bars held); 1 a bar is exceeded or something could not be
measured; 2 wrong usage, or tools are missing. Everything goes to build/bench; results.json there holds
every figure and every single run. Building the library the first time takes minutes of its own.
"""

import argparse
import json
import os
import subprocess
import sys
import time

import bars
import document
import figures
import measure
import plot
import programs
import table
from programs import COLUMNS, PEERS, ROOT, WORK, Failed

YARDSTICKS = ["plain", "bare"]
MQTT = ["ours-rustls", "ours-mbedtls"]
# How often, and how much: handshakes counted and timed, rounds, calls of bulk transfer, idle, messages.
FULL = {"counted": 3, "timed": 10, "rounds": 5, "calls": "2000,10000,20000", "idle_ms": 4000,
        "messages": 2000}
QUICK = {"counted": 2, "timed": 3, "rounds": 2, "calls": "500,2500,5000", "idle_ms": 1000, "messages": 300}
# All that the quick run counts beyond TLS 1.2 with RSA: what has bars.
QUICK_PLACES = {"ours-rustls": [("1.2", "ecdsa"), ("1.3", "rsa"), ("1.3", "ecdsa")],
                "ours-rustls-size": [("1.2", "ecdsa"), ("1.3", "rsa")],
                "ours-mbedtls": [("1.2", "ecdsa")]}


class Progress:
    """Steps with their number and time; what happens within a step stays on one line of a terminal."""

    def __init__(self, steps):
        self.steps = steps
        self.step = 0
        self.start = self.begun = time.monotonic()

    def begin(self, what):
        """The next step."""
        self.step += 1
        self.begun = time.monotonic()
        print(f"[{self.step}/{self.steps}] {what}", flush=True)

    def tick(self, count, what):
        """What is being done within the step, where someone looks at it."""
        if sys.stdout.isatty():
            print(f"\r      {count} {what:<60.60}", end="", flush=True)

    def done(self):
        """The end of the step."""
        clear = "\r" + " " * 78 + "\r" if sys.stdout.isatty() else ""
        print(f"{clear}      done, {time.monotonic() - self.begun:.0f} s", flush=True)


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="fewer runs: for continuous integration")
    parser.add_argument("--peers", metavar="NAMES", help=f"some of: {','.join(COLUMNS)}")
    parser.add_argument("--check", action="store_true",
                        help="end with 1 when an instruction count, a size or heap is over its bar; "
                        "measures no times")
    parser.add_argument("--update-docs", action="store_true",
                        help="write docs/performance.md and docs/performance.svg")
    options = parser.parse_args()
    options.peers = options.peers.split(",") if options.peers else COLUMNS
    unknown = [name for name in options.peers if name not in COLUMNS]
    if unknown:
        parser.error(f"no such peer: {', '.join(unknown)}; there are {', '.join(COLUMNS)}")
    if options.update_docs and (options.quick or options.peers != COLUMNS):
        parser.error("--update-docs needs the full run with all peers")
    return options


def places(peer, quick):
    """The protocol versions and keys that a peer's handshakes are counted with."""
    if peer.name in YARDSTICKS and peer.name != "bare":
        return [("1.2", "rsa")]
    if quick:
        return [("1.2", "rsa"), *QUICK_PLACES.get(peer.name, [])]
    return [(version, key) for version in peer.versions for key in measure.KEYS]


def count_instructions(server, peers, plan, options, progress):
    """Every configuration under callgrind; the slowest first, so that two cores are busy to the end."""
    slow = ["mbedtls", "ours-mbedtls", "ours-mbedtls-size", "gnutls", "openssl"]
    jobs = []
    for peer in peers:
        for version, key in places(peer, options.quick):
            jobs.append((peer.name, "handshakes", version, key, ["--count", str(plan["counted"])]))
        if not options.quick or peer.name in ("ours-rustls", "bare"):
            calls = ",".join(map(str, measure.COUNTED_CALLS))
            jobs.append((peer.name, "bulk", "1.2", "rsa", ["--calls", calls]))
    jobs.sort(key=lambda job: slow.index(job[0]) if job[0] in slow else len(slow))
    return measure.all_instructions(server, jobs, progress.tick)


def time_everything(server, peers, plan, options, progress):
    """Rounds in which every peer has its turn, so that what disturbs the machine disturbs all."""
    handshakes, bulk = {}, {}
    for number in range(plan["rounds"]):
        for peer in peers:
            progress.tick(f"round {number + 1}/{plan['rounds']},", peer.name)
            for version, key in places(peer, options.quick):
                parts = measure.speed(server, peer, "handshakes", version, key, "--count", plan["timed"])
                handshakes.setdefault((peer.name, version, key), []).extend(parts)
            parts = measure.speed(server, peer, "bulk", "1.2", "rsa", "--calls", plan["calls"])
            bulk.setdefault(peer.name, []).extend(parts)
    return handshakes, bulk


def publish(built, names, plan, progress):
    """MQTT round trips, in rounds as well."""
    rounds = {}
    with measure.Simulator(ROOT / "target" / "release" / "linksdk-x509") as simulator:
        for number in range(max(plan["rounds"] // 2, 1)):
            for name in names:
                progress.tick(f"round {number + 1},", name)
                rounds.setdefault(name, []).append(
                    measure.mqtt(simulator, built, name, plan["messages"]))
    return rounds


def measure_all(options):
    """Builds, runs, and returns all results."""
    plan = QUICK if options.quick else FULL
    peers = [PEERS[name] for name in [*options.peers, *YARDSTICKS]]
    mqtt = [] if options.check else [name for name in MQTT if name in options.peers]
    progress = Progress(5 if options.check else 7)

    progress.begin("Building the library, the peers and the simulator")
    programs.build_libraries(peers)
    built = programs.build_programs(peers)
    if mqtt:
        programs.build_mqtt(mqtt)
    pki = programs.make_certificates()
    progress.done()
    machine = measure.machine()
    progress.begin("Taking sizes")
    sizes = {peer.name: measure.size(built, peer) for peer in peers if peer.name != "bare"}
    progress.done()
    with measure.Server(built, pki) as server:
        progress.begin("Measuring heap, stack and idle connections")
        memory = {}
        for peer in peers:
            for version in peer.versions if peer.name != "bare" else ():
                progress.tick("", f"{peer.name}, TLS {version}")
                memory[peer.name, version] = measure.memory(server, peer, version, plan["idle_ms"])
        progress.done()
        progress.begin("Counting instructions with callgrind")
        counts = count_instructions(server, peers, plan, options, progress)
        progress.done()
        handshakes, bulk = {}, {}
        if not options.check:
            progress.begin("Timing handshakes and bulk transfer, all peers in turn")
            handshakes, bulk = time_everything(server, peers, plan, options, progress)
            progress.done()
    messages = {}
    if not options.check:
        progress.begin("Publishing with MQTT")
        messages = publish(built, mqtt, plan, progress) if mqtt else {}
        progress.done()
    machine["load at the end"] = measure.load()

    found = {**figures.from_sizes(sizes), **figures.from_memory(memory),
             **figures.from_instructions(counts), **figures.from_handshakes(handshakes),
             **figures.from_bulk(bulk), **figures.from_mqtt(messages)}
    found.update(figures.overhead(found))
    # Names of two or more words become one, so that they can be keys of JSON.
    raw = {name: {" ".join(key) if isinstance(key, tuple) else key: value for key, value in runs.items()}
           for name, runs in [("size", sizes), ("memory", memory), ("instructions", counts),
                              ("handshakes", handshakes), ("bulk", bulk), ("mqtt", messages)]}
    progress.begin("Writing build/bench/results.json and build/bench/performance.svg")
    command = "make bench-check" if options.quick else "make bench"
    results = {"command": command, "machine": machine, "plan": plan, "peers": options.peers,
               "figures": found, "raw": raw}
    (WORK / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (WORK / "performance.svg").write_text(plot.svg(found), encoding="utf-8")
    progress.done()
    return results


def main():
    """Everything in order."""
    options = arguments()
    if subprocess.run([ROOT / "scripts" / "setup.sh", "bench"], check=False).returncode != 0:
        return 2
    # cargo may not be on the path of a plain shell.
    os.environ["PATH"] += f":{os.path.expanduser('~/.cargo/bin')}"
    WORK.mkdir(parents=True, exist_ok=True)
    try:
        results = measure_all(options)
    except (Failed, subprocess.TimeoutExpired) as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 1
    print("\n" + table.text(results))
    gate = bars.load()
    if options.update_docs:
        document.update(results, gate)
        print("written: docs/performance.md, docs/performance.svg")
    for bar, is_now in bars.not_reached(gate, results["figures"]):
        print(f"not reached: {bars.name(bar)} is {is_now:,.6g}, the goal is {bar['goal']:,.6g}")
    for bar in bars.within_reach(gate, results["figures"]):
        print(f"reached: {bars.name(bar)}; lower its bar in benches/bars.json to {bar['goal']:,.6g}")
    if options.check:
        problems = bars.violations(gate, results["figures"])
        for problem in problems:
            print(f"bench: over the bar: {problem}", file=sys.stderr)
        if problems:
            return 1
        print(f"bench: all {len(gate)} bars held")
    return 0


if __name__ == "__main__":
    sys.exit(main())
