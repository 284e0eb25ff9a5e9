"""What the device says it did, and what the platform says it received: read while both are written."""

import collections
import json

# Where a connection is up for the device, and silence has to be noticed by the keep alive.
CONNECTED = ("drop connack", "drop subscribe", "drop publish", "drop ping")


class Device:
    """The device's journal (device.c). Everything is counted at once, so that hours need little memory."""

    def __init__(self):
        self.accepted = {}  # number -> whether it is settled: acknowledged, or given up with its client
        self.acknowledged = {}  # number -> milliseconds
        self.twice = []  # acknowledged more than once
        self.for_nothing = []  # acknowledgements that belong to no message
        self.refused = 0
        self.given_up = 0
        self.delivered = collections.Counter()  # number -> how often its echo came
        self.waits = []  # (milliseconds, wait, how many waits went before it)
        self.constructions = []  # milliseconds
        self.not_constructed = 0
        self.reconnections = 0
        self.disconnections = 0
        self.ends = []  # milliseconds at which the device knew that it had no connection
        self.last = 0  # milliseconds of the last line
        self.identities = collections.Counter()  # payload -> how often the firmware got it
        self.samples = []  # (milliseconds, allocated bytes, connected, unacknowledged)
        self.connected = False
        self.finished = None
        self._epoch = 0
        self._waiting = {}  # (epoch, packet identifier) -> number
        self._reports = set()  # (epoch, packet identifier) of the client's own message
        self._early = {}  # acknowledged before the publishing thread said under which identifier
        self._row = 0
        self._connected_at = None

    def take(self, line):
        words = line.split()
        if len(words) < 2:
            return
        handler = getattr(self, "_" + words[1].replace("-", "_"), None)
        if handler is None:
            raise ValueError(f"the device wrote what is not understood: {line!r}")
        self.last = int(words[0])
        handler(self.last, *words[2:])

    def _construct(self, time, epoch):
        self._epoch = int(epoch)
        self.constructions.append(time)
        self._row = 0

    def _constructed(self, time, _):
        self.connected = True
        self._connected_at = time

    def _not_constructed(self, time, epoch):
        self.ends.append(time)
        self.not_constructed += 1
        self._drop(int(epoch))

    def _destroyed(self, time, epoch):
        self.connected = False
        self.ends.append(time)
        self._drop(int(epoch))

    def _drop(self, epoch):
        """The client is gone, and with it what it had not got acknowledged."""
        for key in [key for key in self._waiting if key[0] == epoch]:
            number = self._waiting.pop(key)
            self.accepted[number] = True
            self.given_up += 1
        self._epoch = max(self._epoch, epoch + 1)

    def _accepted(self, time, epoch, packet_id, number):
        key, number = (int(epoch), int(packet_id)), int(number)
        self.accepted[number] = False
        if key in self._early:
            self._early.pop(key)
            self._settle(number, time)
        elif key[0] < self._epoch:
            self.accepted[number] = True
            self.given_up += 1
        else:
            self._waiting[key] = number

    def _acknowledged(self, time, epoch, packet_id):
        key = (int(epoch), int(packet_id))
        if key in self._reports:
            self._reports.remove(key)
        elif key in self._waiting:
            self._settle(self._waiting.pop(key), time)
        elif key in self._early:
            self.twice.append(key)
        else:
            self._early[key] = time

    def _report(self, _, epoch, packet_id):
        self._reports.add((int(epoch), int(packet_id)))

    def _settle(self, number, time):
        self.accepted[number] = True
        if number in self.acknowledged:
            self.twice.append(number)
        self.acknowledged[number] = time

    def _refused(self, _, __, ___):
        self.refused += 1

    def _delivered(self, _, number):
        self.delivered[int(number)] += 1

    def _wait(self, time, _, wait):
        self.ends.append(time)
        self.waits.append((time, int(wait), self._row))
        self._row += 1

    def _disconnected(self, time):
        self.connected = False
        self.ends.append(time)
        self.disconnections += 1
        # After a minute of connection the back-off begins anew; the client's clock is not ours.
        if self._connected_at is not None and time - self._connected_at > 59000:
            self._row = 0
        self._connected_at = None

    def _reconnected(self, time):
        self.connected = True
        self.reconnections += 1
        self._connected_at = time

    def _identity(self, _, *words):
        self.identities[" ".join(words)] += 1

    def _sample(self, time, allocated, connected, unacknowledged):
        self.samples.append((time, int(allocated), connected == "1", int(unacknowledged)))

    def _finishing(self, _):
        pass

    def _finished(self, _, unacknowledged):
        self.finished = int(unacknowledged)
        self.for_nothing = sorted(self._early)

    def unsettled(self):
        return [number for number, settled in self.accepted.items() if not settled]


class Platform:
    """The simulator's log, as far as it is written."""

    def __init__(self, path):
        self._file = open(path, encoding="utf-8")
        self._rest = ""
        self.received = {}  # number -> (connection, packet identifier) of its first copy
        self.copies = []  # (number, milliseconds, connection, duplicate, packet identifier)
        self.echoes = collections.Counter()  # number -> how often it was sent to the device
        self.accepted = {}  # connection -> milliseconds
        self.handshakes = collections.Counter()  # full, resumed
        self.refusals = []  # milliseconds of CONNACKs that judge the device
        self.met = collections.Counter()  # fault -> how many connections it met
        self.silences = []  # (milliseconds, where) of connections that it holds and says nothing on

    def close(self):
        self._file.close()

    def read(self):
        """Takes what has been written since."""
        lines = (self._rest + self._file.read()).split("\n")
        self._rest = lines.pop()
        for line in lines:
            self._take(json.loads(line))

    def _take(self, line):
        event, connection = line["event"], line["connection"]
        if event == "accepted":
            self.accepted[connection] = round(line["time"] * 1000)
        elif event == "handshake":
            self.handshakes["resumed" if line["resumed"] else "full"] += 1
        elif event == "refused":
            self._refusal(line)
        elif event in ("ended", "dropped"):
            self._drop(round(line["time"] * 1000), line)
        elif event == "packet" and line["packet"] == "PUBLISH":
            number = line["topic"].rpartition("/soak/")[2]
            if number.isdigit():
                self._message(int(number), connection, line)
        elif event == "packet" and line["packet"] == "SUBACK" and line.get("refused"):
            self.met["suback refuse"] += 1

    def _refusal(self, line):
        if line.get("return_code") in (2, 4, 5):
            self.refusals.append(round(line["time"] * 1000))
        if line["reason"].endswith("control command connack"):
            self.met["connack"] += 1

    def _drop(self, time, line):
        """Counts what `drop` asked for: "..., at the stage Publish", "..., after 3 bytes of ..."."""
        words = line.get("reason", "").partition("control command drop, ")[2].split()
        if words:
            name = "drop bytes" if words[0] == "after" else f"drop {words[-1].lower()}"
            self.met[name] += 1
            if line["how"] == "stall" and name in CONNECTED:
                self.silences.append((time, name))

    def _message(self, number, connection, line):
        if line["direction"] == "out":
            self.echoes[number] += 1
        elif number in self.received:
            self.copies.append((number, round(line["time"] * 1000), connection, line["duplicate"],
                                line["packet_id"]))
        else:
            self.received[number] = (connection, line["packet_id"])
