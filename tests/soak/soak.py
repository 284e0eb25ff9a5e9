#!/usr/bin/env python3
"""Endurance: a device and the simulated platform under a random schedule of faults.

    soak.py --device PROGRAM --tool linksdk-x509 --pki DIR --work DIR --product-key PK
            --device-name DN [--minutes 3] [--seed N] [--leak BYTES] [--leak-descriptor N] [--lose N]

Ends by itself, on SIGINT and SIGTERM with the report of what was run, and leaves no process. Exit
status: 0 when everything held, 1 when something did not, 2 when the run could not be made. --leak,
--leak-descriptor and --lose are there to see it fail.
"""

import argparse
import os
import random
import selectors
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "c"))
import servers  # pylint: disable=wrong-import-position

import checks  # pylint: disable=wrong-import-position
import report  # pylint: disable=wrong-import-position
from journals import Device, Platform  # pylint: disable=wrong-import-position
from schedule import Control, Schedule  # pylint: disable=wrong-import-position

SAMPLE_SECONDS = 0.5
END_SECONDS = 90  # device.c gives itself 60 to get everything acknowledged
PIPE_SECONDS = 30  # between lines of progress when nobody watches


class Ended(Exception):
    """The device is gone."""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("device", "tool", "pki", "work", "product-key", "device-name"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--seed", type=int, default=None, help="the schedule to repeat")
    parser.add_argument("--patience", type=int, default=5000,
                        help="milliseconds; the device makes a new client before a longer wait")
    parser.add_argument("--leak", type=int, default=0, help="control: bytes lost with each message")
    parser.add_argument("--leak-descriptor", type=int, default=0, help="control: one with each Nth")
    parser.add_argument("--lose", type=int, default=0,
                        help="control: the Nth acknowledged message counts as never received")
    return parser.parse_args()


class Soak:
    """The device, the platform, and what is known of both."""

    def __init__(self, options, server):
        self.options = options
        self.device = Device()
        self.platform = Platform(os.path.join(options.work, "platform.jsonl"))
        self.processes = []
        self.stop_asked = False
        self._journal = open(os.path.join(options.work, "device.journal"), "w", encoding="utf-8")
        self._rest = b""
        pki = options.pki
        with open(os.path.join(options.work, "device.log"), "wb") as log:
            self.process = subprocess.Popen(
                [options.device, "--host", "localhost", "--port", str(server.port),
                 "--ca", f"{pki}/platform-ca.crt", "--cert", f"{pki}/device.crt",
                 "--key", f"{pki}/device.key", "--product-key", options.product_key,
                 "--device-name", options.device_name, "--patience", str(options.patience),
                 "--leak", str(options.leak), "--leak-descriptor", str(options.leak_descriptor)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                # Memory that is freed and kept for the thread that freed it would count as in use.
                env=dict(os.environ, GLIBC_TUNABLES="glibc.malloc.tcache_count=0"),
                preexec_fn=servers.end_with_parent, start_new_session=True)
        os.set_blocking(self.process.stdout.fileno(), False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self.process.stdout, selectors.EVENT_READ)
        self._begin = time.monotonic()
        self._end = self._begin + options.minutes * 60
        self._next_sample = self._next_line = self._begin
        self.terminal = sys.stdout.isatty()

    def elapsed(self):
        return time.monotonic() - self._begin

    def left(self):
        return self._end - time.monotonic()

    def wait(self, seconds, until=lambda: False):
        """Follows both programs. False when the run shall end."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not until():
            if self.stop_asked or time.monotonic() > self._end:
                return False
            self.follow(deadline)
        return not self.stop_asked and time.monotonic() <= self._end

    def follow(self, deadline):
        now = time.monotonic()
        if now >= self._next_sample:
            self._next_sample = now + SAMPLE_SECONDS
            self._sample()
            self.platform.read()
            self._progress()
        left = min(deadline, self._next_sample) - time.monotonic()
        if self._selector.select(max(left, 0)):
            self._read()

    def _read(self):
        data = self.process.stdout.read(1 << 16)
        if data == b"":
            raise Ended
        lines = (self._rest + (data or b"")).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            text = line.decode(errors="replace")
            self._journal.write(text + "\n")
            self.device.take(text)

    def _sample(self):
        folder = f"/proc/{self.process.pid}"
        try:
            with open(f"{folder}/status", encoding="utf-8") as file:
                status = dict(line.split(":", 1) for line in file)
            descriptors = len(os.listdir(f"{folder}/fd"))
            self.processes.append((round(time.time() * 1000), int(status["VmRSS"].split()[0]),
                                   descriptors, int(status["Threads"])))
        except (OSError, KeyError):
            pass  # It is ending, and reading its journal will tell.

    def _progress(self):
        now = time.monotonic()
        if not self.terminal and now < self._next_line:
            return
        self._next_line = now + PIPE_SECONDS
        device = self.device
        resident = self.processes[-1][1] if self.processes else 0
        line = (f"soak: {self.elapsed():5.0f} of {self._end - self._begin:.0f} s, "
                f"{len(device.acknowledged)} acknowledged, {len(self.platform.accepted)} connections, "
                f"{resident} KiB")
        print(f"\r{line:<79}" if self.terminal else line, end="" if self.terminal else "\n", flush=True)

    def run(self, schedule, chance):
        while self.wait(chance.uniform(0.3, 2.0)):
            # A fault that meets nobody is none; but not all shall find a settled connection.
            self.wait(8 if chance.random() < 0.8 else 0.5, until=lambda: self.device.connected)
            schedule.next()

    def finish(self):
        """Lets the device get everything acknowledged, and end."""
        self.stop_asked, self._end = False, time.monotonic() + END_SECONDS
        self.process.stdin.write(b"finish\n")
        self.process.stdin.flush()
        try:
            while self.wait(END_SECONDS):
                pass
        except Ended:
            pass
        if self.terminal:
            print()

    def close(self):
        """Ends what is still there. The device's exit status."""
        self.process.stdin.close()
        try:
            status = self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            status = "none: it had to be killed"
        self._journal.close()
        self.platform.read()
        self.platform.close()
        return status


class Simulated(argparse.Namespace):
    """What servers.Simulator wants to know."""

    server_cert = None
    tls = None


def drive(options, seed):
    chance = random.Random(seed)
    # One that decides what is done, one that decides when: the order depends on the seed alone.
    when = random.Random(seed + 1)
    with servers.Simulator(Simulated(**vars(options), max_seconds=options.minutes * 60 + 300)) as server:
        soak = Soak(options, server)
        control = Control(server.control_port)

        def stop(*_):
            soak.stop_asked = True
        for signal_number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signal_number, stop)
        topic = f"/{options.product_key}/{options.device_name}/user/soak/"
        schedule = Schedule(chance, control, topic, soak)
        problems = []
        try:
            try:
                soak.run(schedule, when)
                schedule.calm()
                soak.finish()
            except Ended:
                problems.append("the device ended in the middle of the run")
        finally:
            control.close()
            seconds = soak.elapsed()
            status = soak.close()
        if status != 0:
            problems.append(f"the device's exit status is {status}; see {options.work}/device.log")
        soak.platform.met.update(schedule.met)
        identity = (options.product_key, options.device_name)
        return checks.Run(soak, schedule.caused, identity), seconds, problems


def main():
    options = arguments()
    os.makedirs(options.work, exist_ok=True)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f"soak: {options.minutes:g} minutes, seed {seed} (--seed {seed} repeats the order of faults)",
          flush=True)
    run, seconds, problems = drive(options, seed)
    if options.lose:
        lost = sorted(run.device.acknowledged)[options.lose - 1:options.lose]
        for number in lost:
            run.platform.received.pop(number, None)
            run.platform.copies = [one for one in run.platform.copies if one[0] != number]
    problems += checks.problems(run)
    blind = [] if problems else checks.unnoticed(run)
    numbers = report.figures(run, seconds, seed)
    text = report.text(run, numbers, problems, blind)
    print(text)
    with open(os.path.join(options.work, "soak.txt"), "w", encoding="utf-8") as file:
        file.write(text + "\n")
    path = report.write(options.work, run, numbers, problems, blind)
    print(f"  report: {path}")
    return 1 if problems or blind else 0


if __name__ == "__main__":
    sys.exit(main())
