"""Runs the measuring programs and turns what they print into plain numbers."""

import json
import re
import shutil
import statistics
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from programs import PEERS, WORK, Failed, run

KEYS = ("rsa", "ecdsa")
SIZES = (16384, 1024, 100)
# Calls of each size under callgrind: the first ones, for which buffers grow, must not matter.
COUNTED_CALLS = (100, 400, 1000)
LIMIT_S = 300


class Server:
    """The measuring server, for as long as the `with` block lasts."""

    def __init__(self, programs, pki):
        words = [programs / "server", "--cert", pki / "server-rsa.crt", "--key", pki / "server-rsa.key",
                 "--client-ca", pki / "device-ca.crt"]
        self.pki = pki
        self.programs = programs
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ports = json.loads(self.process.stdout.readline() or "{}")
        if not self.ports:
            raise Failed("the measuring server did not start; its message is above")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=30)

    def words(self, peer, kind, version, key):
        """The command line of a measuring program, without its mode."""
        plain = peer.name == "plain"
        ports = [self.ports["plain" if plain else "full"], self.ports["plain" if plain else "resuming"]]
        return [self.programs / f"{kind}-{peer.name}"], [
            "--port", ports[0], "--second-port", ports[1], "--tls", version,
            "--ca", self.pki / "platform-ca.crt", "--cert", self.pki / f"device-{key}.crt",
            "--key", self.pki / f"device-{key}.key"]


def _lines(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def _check_connection(peer, version, key, part):
    """Every figure stands for the same thing: refuses a connection that agreed on something else."""
    if peer.name == "plain" or "connection" not in part:
        return
    suite = "TLS_AES_128_GCM_SHA256" if version == "1.3" else "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
    kind = "resumed" if part["part"] == "resumed" else "full"
    words = part["connection"].split()
    # A resumed session of TLS 1.2 has no key exchange, and its server no key to name.
    algorithm = {"rsa": "rsaEncryption", "ecdsa": "id-ecPublicKey"}[key]
    if words[:2] != [f"TLSv{version}", suite] or words[3:] != [algorithm, kind]:
        raise Failed(f"{peer.name}, TLS {version}, {key}: expected {suite} {algorithm} {kind}, the server "
                     f"saw {part['connection']}")


def speed(server, peer, mode, version, key, *options):
    """One run of a speed program: the list of its parts."""
    program, words = server.words(peer, "speed", version, key)
    parts = _lines(run(f"{mode} with {peer.name}", [*program, mode, *words, *options], timeout=LIMIT_S))
    for part in parts:
        _check_connection(peer, version, key, part)
    return parts


def _counts(folder):
    """The instructions of each part, from callgrind's dumps, in the order of the run."""
    counts = {}
    for path in sorted(folder.glob("counts.*"), key=lambda path: int(path.suffix[1:])):
        text = path.read_text(errors="replace")
        label = re.search(r"^desc: Trigger: Client Request: (\S+)", text, re.M)
        total = re.search(r"^totals: (\d+)", text, re.M)
        if label and total:
            counts.setdefault(label.group(1), []).append(int(total.group(1)))
    return counts


def instructions(server, peer, mode, version, key, *options):
    """The same run under callgrind: instructions of each part."""
    folder = WORK / "callgrind" / f"{peer.name}-{mode}-{version}-{key}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    program, words = server.words(peer, "speed", version, key)
    output = run(f"{mode} with {peer.name} under callgrind",
                 ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder / 'counts'}", *program, mode,
                  *words, *options], timeout=LIMIT_S)
    for part in _lines(output):
        _check_connection(peer, version, key, part)
    counts = _counts(folder)
    for part in _lines(output):
        # With the instructions goes by how many calls they are to be divided.
        if "calls" in part and part["part"] in counts:
            counts[part["part"]].append(part["calls"])
    shutil.rmtree(folder)
    if not counts:
        raise Failed(f"callgrind left no counts for {peer.name}; try: valgrind --tool=callgrind true")
    return counts


def all_instructions(server, jobs, progress):
    """Runs `jobs`, (peer, mode, version, key, options), two at a time: counts do not depend on load."""
    found = {}
    with ThreadPoolExecutor(max_workers=2) as pool:
        futures = {job[:4]: pool.submit(instructions, server, PEERS[job[0]], *job[1:4], *job[4])
                   for job in jobs}
        for number, (job, future) in enumerate(futures.items(), 1):
            found[job] = future.result()
            progress(f"{number}/{len(jobs)}", " ".join(job))
    return found


def memory(server, peer, version, idle_ms):
    """Heap, stack, threads, wake-ups, with the RSA certificate."""
    program, words = server.words(peer, "memory", version, "rsa")
    output = run(f"memory of {peer.name}", [*program, *words, "--idle-ms", idle_ms], timeout=LIMIT_S)
    return _lines(output)[0]


def sections(path):
    """The loaded sections of a program and their sizes."""
    found = {}
    for line in run("taking the size", ["size", "-A", path]).splitlines():
        words = line.split()
        if len(words) == 3 and words[0].startswith(".") and words[2] != "0":
            found[words[0]] = int(words[1])
    return found


def size(programs, peer):
    """What the static program of a peer stores, by section."""
    found = sections(programs / f"firmware-{peer.name}")

    def total(*names):
        return sum(size for name, size in found.items()
                   if any(name == wanted or name.startswith(wanted + ".") for wanted in names))

    return {"text_rodata": total(".text", ".rodata"), "text_rodata_data": total(".text", ".rodata", ".data"),
            "sections": found}


class Simulator:
    """The platform's simulator, for as long as the `with` block lasts."""

    def __init__(self, tool):
        self.pki = WORK / "platform"
        shutil.rmtree(self.pki, ignore_errors=True)
        run("making the platform's certificates",
            [tool, "pki", "--out", self.pki, "--device", "bench-device", "--product-key", "a1Bench0000"])
        ready = self.pki / "ready.json"
        self.process = subprocess.Popen(
            [tool, "simulate", "--pki", self.pki, "--ready-file", ready, "--max-seconds", str(LIMIT_S)],
            stdout=subprocess.DEVNULL)
        give_up = time.monotonic() + 30
        while not ready.exists() or not ready.read_text():
            if self.process.poll() is not None or time.monotonic() > give_up:
                self.process.kill()
                raise Failed("the simulator is not ready; its message is above")
            time.sleep(0.05)
        self.port = json.loads(ready.read_text())["port"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)


def mqtt(simulator, programs, name, count):
    """Seconds that `count` round trips with QoS 0 and QoS 1 took."""
    pki = simulator.pki
    output = run("publishing", [programs / f"mqtt-{name}", "--port", simulator.port, "--ca",
                                pki / "platform-ca.crt", "--cert", pki / "device.crt", "--key",
                                pki / "device.key", "--count", count], timeout=LIMIT_S)
    return _lines(output)[0]


def machine():
    """What the figures depend on."""
    processor = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    versions = {
        "openssl": run("asking for a version", ["openssl", "version"]).split()[1],
        "mbedtls": _package("mbedtls"),
        "gnutls": run("asking for a version", ["pkg-config", "--modversion", "gnutls"]).strip(),
        "valgrind": run("asking for a version", ["valgrind", "--version"]).strip(),
        "rustc": run("asking for a version", ["rustc", "--version"]).strip(),
        "gcc": run("asking for a version", ["gcc", "-dumpfullversion"]).strip(),
    }
    cores = len(re.findall(r"^processor\s*:", Path("/proc/cpuinfo").read_text(), re.M))
    return {"processor": processor.group(1) if processor else "unknown", "cores": cores,
            "kernel": run("asking for the kernel", ["uname", "-sr"]).strip(), "load": load(),
            "versions": versions}


def load():
    """How many processes wanted a processor lately."""
    return float(Path("/proc/loadavg").read_text().split()[0])


def _package(name):
    header = Path("/usr/include") / name / "version.h"
    found = re.search(r'MBEDTLS_VERSION_STRING\s+"([^"]+)"', header.read_text())
    return found.group(1) if found else "unknown"


def median(values):
    """The middle one."""
    return statistics.median(values)
