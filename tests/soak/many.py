#!/usr/bin/env python3
"""Many devices at once against the simulated platform: how fast they connect, what each costs.

    many.py --many PROGRAM --tool linksdk-x509 --work DIR [--devices 500] [--forget N]

Twice: every device a process with the MQTT client, all starting together; then all of them as
connections of one process. A table of 80 columns, and WORK/many.json. Exit status: 0 when every
device connected, had its message acknowledged and was still connected at the end; 1 when not; 2 when
the run could not be made. --forget leaves devices out, to see it fail.
"""

import argparse
import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "c"))
import servers  # pylint: disable=wrong-import-position

import report  # pylint: disable=wrong-import-position
from schedule import Control  # pylint: disable=wrong-import-position

LIMIT_SECONDS = 300
QUIET_SECONDS = 5
LARGEST_PRIVATE_KIB = 4096  # a device's own memory, and a connection's, far above what is measured
LARGEST_CONNECTION = 65536


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("many", "tool", "work"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--devices", type=int, default=500)
    parser.add_argument("--forget", type=int, default=0, help="control: that many are not started")
    return parser.parse_args()


def raise_limits(devices):
    """Every device is a descriptor or two here, and one in the simulator."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    need = 3 * devices + 200
    if soft < need:
        if hard != resource.RLIM_INFINITY and hard < need:
            sys.exit(f"many: {devices} devices need {need} open files, the limit is {hard}; "
                     "raise it with `ulimit -Hn`")
        resource.setrlimit(resource.RLIMIT_NOFILE, (need, hard))


def certificates(options):
    folder = os.path.join(options.work, "pki")
    if not os.path.exists(f"{folder}/d{options.devices}.key"):
        subprocess.run(["rm", "-rf", folder], check=True)
        names = [word for i in range(options.devices) for word in ("--device", f"d{i + 1}")]
        with open(os.path.join(options.work, "pki.log"), "wb") as log:
            subprocess.run([options.tool, "pki", "--out", folder, "--key-type", "ecdsa", *names],
                           check=True, stdout=log)
    return folder


class Simulated(argparse.Namespace):
    """What servers.Simulator wants to know."""

    server_cert = None
    tls = None


def progress(text, last=False):
    if sys.stdout.isatty():
        print(f"\r{text:<79}", end="\n" if last else "", flush=True)
    elif last:
        print(text, flush=True)


def memory(pid):
    """(PSS, memory of its own, descriptors, threads); KiB."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as file:
        fields = dict(line.split(":", 1) for line in file if ":" in line and "-" not in line.split()[0])
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        status = dict(line.split(":", 1) for line in file)
    kib = lambda name: int(fields[name].split()[0])
    return (kib("Pss"), kib("Private_Dirty") + kib("Private_Clean"),
            len(os.listdir(f"/proc/{pid}/fd")), int(status["Threads"]))


def connected(control_port):
    control = Control(control_port)
    try:
        return control.ask("connections")
    finally:
        control.close()


def start(options, server, *words):
    log = open(os.path.join(options.work, "devices.log"), "ab")
    with log:
        return subprocess.Popen(
            [options.many, *words, "--host", "localhost", "--port", str(server.port),
             "--ca", f"{options.pki}/platform-ca.crt"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=log, preexec_fn=servers.end_with_parent, start_new_session=True)


def finish(processes):
    for process in processes:
        process.stdin.close()
    statuses = []
    for process in processes:
        try:
            statuses.append(process.wait(30))
        except subprocess.TimeoutExpired:
            process.kill()
            statuses.append(process.wait())
        process.stdout.close()
    return statuses


def answer(process, deadline):
    """The first line that a process writes, or nothing."""
    os.set_blocking(process.stdout.fileno(), True)
    signal.alarm(max(1, int(deadline - time.monotonic())))
    try:
        return process.stdout.readline().decode().split()
    except TimeoutError:
        return []
    finally:
        signal.alarm(0)


def each_a_process(options, server):
    count = options.devices - options.forget
    processes = []
    try:
        for i in range(count):
            processes.append(start(options, server, "client", "--cert", f"{options.pki}/d{i + 1}.crt",
                                   "--key", f"{options.pki}/d{i + 1}.key"))
            progress(f"many: {i + 1} of {count} processes started")
        begin = time.monotonic()
        for process in processes:
            process.stdin.write(b"go\n")
            process.stdin.flush()
        answers = []
        for position, process in enumerate(processes):
            answers.append(answer(process, begin + LIMIT_SECONDS))
            progress(f"many: {position + 1} of {count} devices connected")
        seconds = time.monotonic() - begin
        ready = [words for words in answers if words[:1] == ["ready"]]
        time.sleep(QUIET_SECONDS)
        _, still = (int(word) for word in connected(server.control_port).split())
        measured = [memory(process.pid) for process in processes if process.poll() is None]
        statuses = finish(processes)
    finally:
        finish([process for process in processes if process.poll() is None])
    middle = lambda at: statistics.median(one[at] for one in measured) if measured else 0
    waits = sorted(int(words[1]) for words in ready)
    return {"devices": options.devices, "ready": len(ready), "connected_after_a_pause": still,
            "ended_well": statuses.count(0), "seconds": round(seconds, 2),
            "connects_per_second": round(len(ready) / seconds, 1),
            "first_ms": waits[0] if waits else 0,
            "median_ms": round(statistics.median(waits)) if waits else 0,
            "last_ms": waits[-1] if waits else 0,
            "tries": sum(int(words[2]) for words in ready),
            "pss_kib": round(middle(0), 1), "own_kib": round(middle(1), 1),
            "largest_own_kib": max((one[1] for one in measured), default=0),
            "descriptors": middle(2), "threads": middle(3)}


def all_in_one(options, server):
    count = options.devices - options.forget
    process = start(options, server, "connections", "--folder", options.pki, "--count", str(count))
    try:
        words = answer(process, time.monotonic() + LIMIT_SECONDS)
        time.sleep(QUIET_SECONDS)
        _, still = (int(word) for word in connected(server.control_port).split())
        measured = memory(process.pid) if process.poll() is None else (0, 0, 0, 0)
    finally:
        statuses = finish([process])
    reached = int(words[1]) if words[:1] == ["connected"] else 0
    milliseconds, heap, threads = (int(word) for word in words[2:5]) if reached else (1, 0, 0)
    return {"devices": options.devices, "ready": reached, "connected_after_a_pause": still,
            "ended_well": statuses.count(0), "seconds": milliseconds / 1000,
            "connects_per_second": round(reached / milliseconds * 1000, 1),
            "heap_bytes_per_connection": round(heap / max(reached - 1, 1)), "threads": threads,
            "pss_kib": measured[0], "descriptors": measured[2]}


def problems(processes, one):
    found = []
    for name, figures, programs in (("processes", processes, processes["devices"]), ("one process", one, 1)):
        for key, least in (("ready", figures["devices"]), ("connected_after_a_pause", figures["devices"]),
                           ("ended_well", programs)):
            if figures[key] < least:
                found.append(f"{name}: {key.replace('_', ' ')}: {figures[key]} of {least}")
    if processes["largest_own_kib"] > LARGEST_PRIVATE_KIB:
        found.append(f"a process holds {processes['largest_own_kib']} KiB of its own")
    if one["heap_bytes_per_connection"] > LARGEST_CONNECTION:
        found.append(f"a connection holds {one['heap_bytes_per_connection']} bytes of heap")
    return found


def table(processes, one, found):
    lines = [report.rule(f"{processes['devices']} devices at once"),
             f"  {'':<44}{'a process each':>16}{'one process':>16}"]
    for name, key, unit in (("devices connected", "ready", ""),
                            ("still connected after a pause", "connected_after_a_pause", ""),
                            ("time until all are", "seconds", " s"),
                            ("connects a second", "connects_per_second", ""),
                            ("first device ready after", "first_ms", " ms"),
                            ("median", "median_ms", " ms"), ("last", "last_ms", " ms"),
                            ("constructions tried", "tries", ""),
                            ("heap per connection", "heap_bytes_per_connection", " B"),
                            ("memory (PSS), median", "pss_kib", " KiB"),
                            ("memory of its own, median", "own_kib", " KiB"),
                            ("descriptors", "descriptors", ""), ("threads", "threads", "")):
        values = [f"{one_of[key]:g}{unit}" if key in one_of else "" for one_of in (processes, one)]
        lines.append(f"  {name:<44}{values[0]:>16}{values[1]:>16}".rstrip())
    lines += [f"  {problem}" for problem in found]
    lines.append("  FAILED" if found else "  passed")
    return "\n".join(lines)


def main():
    options = arguments()
    os.makedirs(options.work, exist_ok=True)
    raise_limits(options.devices)

    def late(*_):
        raise TimeoutError
    signal.signal(signal.SIGALRM, late)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    open(os.path.join(options.work, "devices.log"), "wb").close()
    progress(f"many: making {options.devices} certificates")
    options.pki = certificates(options)
    with servers.Simulator(Simulated(**vars(options), max_seconds=3 * LIMIT_SECONDS)) as server:
        processes = each_a_process(options, server)
        progress("many: all in one process")
        one = all_in_one(options, server)
    progress("", last=sys.stdout.isatty())
    found = problems(processes, one)
    text = table(processes, one, found)
    print(text)
    with open(os.path.join(options.work, "many.txt"), "w", encoding="utf-8") as file:
        file.write(text + "\n")
    with open(os.path.join(options.work, "many.json"), "w", encoding="utf-8") as file:
        json.dump({"machine": report.machine(), "processes": processes, "one_process": one,
                   "problems": found}, file, indent=1)
        file.write("\n")
    return 1 if found else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(2)
