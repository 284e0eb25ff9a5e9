"""The faults that the platform makes, in a random order that a seed repeats."""

import collections
import socket

PING_SECONDS = 50  # the device's keep alive of 30 s, its half, and some time
STAGES = ["handshake", "connect", "connack", "subscribe", "publish", "ping"]
MANNERS = ["fin", "rst", "close-notify", "half-close", "stall"]
# What no server may send: each must end the connection and harm nothing.
HOSTILE = ["3000", "30ffffffff7f", "30ffffffffff01", "f000", "1000", "20020000", "d0020000", "c000",
           "36050001610001", "3403000161", "300400016123", "300500026100ff", "40020000", "9003000180",
           "b0020000", "3080000161"]
IDENTITIES = ["{}", "[1,2]", "{\"productKey\":7,\"deviceName\":[]}", "{\"productKey\":\"a/b\"",
              "x" * 3000, "{\"productKey\":\"\",\"deviceName\":\"\"}"]


class Control:
    """The simulator's control port."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._lines = self._socket.makefile("r", encoding="utf-8")

    def ask(self, command):
        """What the simulator answers; None when it refuses: some commands while it is stalled."""
        self._socket.sendall(command.encode() + b"\n")
        answer = self._lines.readline()
        if not answer.startswith(("ok", "error")):
            raise ConnectionError(f"the simulator answered {answer!r} to {command!r}")
        return answer.removeprefix("ok").strip() if answer.startswith("ok") else None

    def close(self):
        self._lines.close()
        self._socket.close()


class Schedule:
    """One fault after the other, on a run (soak.py) that says what happens and when it shall end."""

    def __init__(self, random, control, topic, run):
        self._random = random
        self._control = control
        self._topic = topic
        self._run = run
        self.caused = collections.Counter()
        self.met = collections.Counter()  # where the simulator says how many devices it met
        self._bag = []

    def next(self):
        """Causes one fault; a bag of all kinds is emptied before it is filled again."""
        kinds = [self._end, self._end, self._stall, self._slow, self._puback, self._suback, self._connack,
                 self._drop, self._drop, self._drop, self._raw, self._raw, self._identity,
                 self._next_identity, self._message, self._ping]
        if not self._bag:
            self._bag = list(range(len(kinds)))
            self._random.shuffle(self._bag)
        kinds[self._bag.pop()]()

    def calm(self):
        """The platform behaves from now on."""
        for command in ("resume", "slow 0", "puback on", "suback accept", "connack 0", "fin"):
            self._control.ask(command)

    def _cause(self, name, command):
        answer = self._control.ask(command)
        if answer is not None:
            self.caused[name] += 1
            if answer:
                self.met[name] += int(answer)

    def _for_a_while(self, name, command, back, shortest, longest):
        seconds = self._random.uniform(shortest, longest)
        self._cause(name, command)
        self._run.wait(seconds)
        self._control.ask(back)

    def _end(self):
        how = self._random.choice(["close-notify", "fin", "rst", "half-close"])
        self._cause(how, how)

    def _stall(self):
        self._for_a_while("stall", "stall", "resume", 0.2, 4)

    def _slow(self):
        self._for_a_while("slow", f"slow {self._random.randint(1, 30)}", "slow 0", 0.5, 3)

    def _puback(self):
        self._for_a_while("puback off", "puback off", "puback on", 0.5, 5)

    def _suback(self):
        how = self._random.choice(["refuse", "silent"])
        seconds = self._random.uniform(1, 4)
        self._cause(f"suback {how}", f"suback {how}")
        self._control.ask("fin")
        self._run.wait(seconds)
        self._control.ask("suback accept")

    def _connack(self):
        code = self._random.choice([1, 2, 3, 4, 5, 6, 255])
        self._cause("connack", f"connack {code}")
        self._control.ask("fin")

    def _drop(self):
        # A resumed handshake has few bytes: one that is longer than that is dropped nowhere.
        length = str(self._random.randint(0, self._random.choice([100, 200, 2000])))
        stage = self._random.choice([*(stage for stage in STAGES if stage != "ping"), length])
        manner = self._random.choice(MANNERS)
        name = "bytes" if stage.isdigit() else stage
        self._cause(f"drop {name}", f"drop {stage} {manner}")
        if stage != "publish":
            self._control.ask("fin")

    def _ping(self):
        """PINGREQ comes only on a connection that is left alone, and silence behind it has to be noticed
        by the device itself. Not in runs that are too short for it."""
        manner = self._random.choice([*MANNERS, "stall"])
        if self._run.left() < PING_SECONDS:
            return
        met = self._run.platform.met["drop ping"]
        self._cause("drop ping", f"drop ping {manner}")
        if self._run.wait(PING_SECONDS, until=lambda: self._run.platform.met["drop ping"] > met):
            self._run.wait(PING_SECONDS, until=lambda: not self._run.device.connected)

    def _raw(self):
        self._cause("raw", f"raw {self._random.choice(HOSTILE)}")

    def _identity(self):
        self._cause("identity", f"identity {self._random.choice(IDENTITIES)}")

    def _next_identity(self):
        bad = self._random.choice(IDENTITIES)
        command = self._random.choice(["no-identity", f"next-identity {bad}"])
        self._cause("no identity", command)
        self._control.ask("fin")

    def _message(self):
        self._cause("message", f"publish {self._topic}0 0")
