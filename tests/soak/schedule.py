"""The faults that the platform makes, in a random order that a seed repeats."""

import collections
import socket

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

    def send(self, command):
        """Whether the simulator took it: some commands are refused while it is stalled."""
        return self._exchange(command).startswith("ok")

    def ask(self, command):
        """What the simulator answers to a question."""
        return self._exchange(command).removeprefix("ok").strip()

    def _exchange(self, command):
        self._socket.sendall(command.encode() + b"\n")
        answer = self._lines.readline()
        if not answer.startswith(("ok", "error")):
            raise ConnectionError(f"the simulator answered {answer!r} to {command!r}")
        return answer

    def close(self):
        self._lines.close()
        self._socket.close()


class Schedule:
    """One fault after the other. `wait` takes seconds and returns False when the run shall end."""

    def __init__(self, random, control, topic, wait):
        self._random = random
        self._control = control
        self._topic = topic
        self._wait = wait
        self.caused = collections.Counter()
        self._bag = []

    def next(self):
        """Causes one fault; a bag of all kinds is emptied before it is filled again."""
        kinds = [self._end, self._end, self._stall, self._slow, self._puback, self._suback, self._connack,
                 self._drop, self._drop, self._drop, self._raw, self._raw, self._identity,
                 self._next_identity, self._message]
        if not self._bag:
            self._bag = list(range(len(kinds)))
            self._random.shuffle(self._bag)
        kinds[self._bag.pop()]()

    def calm(self):
        """The platform behaves from now on."""
        for command in ("resume", "slow 0", "puback on", "suback accept", "connack 0", "fin"):
            self._control.send(command)

    def _cause(self, name, command):
        if self._control.send(command):
            self.caused[name] += 1

    def _for_a_while(self, name, command, back, shortest, longest):
        seconds = self._random.uniform(shortest, longest)
        self._cause(name, command)
        self._wait(seconds)
        self._control.send(back)

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
        self._control.send("fin")
        self._wait(seconds)
        self._control.send("suback accept")

    def _connack(self):
        code = self._random.choice([1, 2, 3, 4, 5, 6, 255])
        self._cause("connack", f"connack {code}")
        self._control.send("fin")

    def _drop(self):
        stage = self._random.choice([*STAGES, str(self._random.randint(0, 4000))])
        manner = self._random.choice(MANNERS)
        name = "bytes" if stage.isdigit() else stage
        self._cause(f"drop {name}", f"drop {stage} {manner}")
        if stage not in ("publish", "ping"):
            self._control.send("fin")

    def _raw(self):
        self._cause("raw", f"raw {self._random.choice(HOSTILE)}")

    def _identity(self):
        self._cause("identity", f"identity {self._random.choice(IDENTITIES)}")

    def _next_identity(self):
        bad = self._random.choice(IDENTITIES)
        command = self._random.choice(["no-identity", f"next-identity {bad}"])
        self._cause("no identity", command)
        self._control.send("fin")

    def _message(self):
        self._cause("message", f"publish {self._topic}0 0")
