"""What must hold after a run, and that each check would notice when it did not."""

import copy
import json

from flat import fit

FIRST_WAIT, LONGEST_WAIT = 1000, 60000  # the back-off of docs/robustness.md, milliseconds
REFUSED_WAIT = (30000, 300000)
ROUNDING = 5  # both programs read the same clock; the platform rounds
PREEMPTED = 100  # between an event and the line about it a busy machine may do something else
CONSTRUCTION_TRIES = 3
DEAD_AFTER = 45000  # 1.5 times the device's keep alive
BUSY = 1000  # what a busy machine may add to that
# Kinds of fault of which the platform does not say whether they met a connection.
UNSEEN = ("stall", "slow", "puback off", "suback silent", "no identity")
OFTEN = 5  # a kind of fault that so many tries brought to no connection is none


class Run:
    """Everything that was observed."""

    def __init__(self, soak, faults, identity):
        self.device = soak.device
        self.platform = soak.platform
        self.processes = soak.processes  # (milliseconds, resident KiB, descriptors, threads)
        self.faults = faults
        self.identity = identity  # product key, device name


def messages(run):
    device, platform = run.device, run.platform
    lost = [number for number in device.acknowledged if number not in platform.received]
    yield "acknowledged, and unknown to the platform", lost
    yield "acknowledged twice", device.twice
    yield "acknowledgements of no message", device.for_nothing
    yield "neither acknowledged nor given up at the end", device.unsettled()
    plain, late, other = [], [], []
    for number, _, connection, duplicate, packet_id in platform.copies:
        if not duplicate:
            plain.append(number)
        acknowledged = device.acknowledged.get(number)
        # On a connection that began later. An older one may have been read late.
        if acknowledged is not None and platform.accepted[connection] > acknowledged + ROUNDING:
            late.append(number)
        if packet_id != platform.received[number][1]:
            other.append(number)
    yield "copies without DUP", plain
    yield "copies sent after the acknowledgement", late
    yield "copies with another packet identifier", other
    more = [number for number, count in device.delivered.items() if count > platform.echoes[number]]
    yield "delivered to the device more often than sent", more


def of_identity(run):
    """What the platform sent as an identity and was none must not have reached the firmware."""
    wrong = [payload for payload in run.device.identities if not is_identity(payload, run.identity)]
    yield "identities given to the firmware that are none", wrong


def is_identity(payload, identity):
    try:
        content = json.loads(payload)
        return (content["productKey"], content["deviceName"]) == identity
    except (ValueError, TypeError, KeyError):
        return False


def silence(run):
    """The platform fell silent, and the device has to notice it by its keep alive, if nothing else
    ended the connection before."""
    device = run.device
    late = []
    for time, stage in run.platform.silences:
        ends = [end for end in device.ends if end >= time - ROUNDING]
        if (ends[0] if ends else device.last) > time + DEAD_AFTER + BUSY:
            late.append((time, stage))
    yield "silent connections noticed after 1.5 times keep alive", late


def longest(row):
    """The longest wait after so many others."""
    return min(FIRST_WAIT << min(row, 16), LONGEST_WAIT)


def reconnections(run):
    device, platform = run.device, run.platform
    out_of_bounds = []
    for time, wait, row in device.waits:
        usual = longest(row) * 0.1 - 1 <= wait <= longest(row) + 1
        refused = REFUSED_WAIT[0] - 1 <= wait <= REFUSED_WAIT[1] + 1 and any(
            abs(time - refusal) < 20000 for refusal in platform.refusals)
        if not usual and not refused:
            out_of_bounds.append((wait, row))
    yield "waits shorter or longer than the back-off", out_of_bounds
    early = []
    accepted = sorted(platform.accepted.values())
    for time, wait, _ in device.waits:
        until = min([time + wait] + [at for at in device.constructions if at > time])
        early += [at for at in accepted if time + PREEMPTED < at < until - PREEMPTED]
    yield "connections before the wait was over", early
    most = CONSTRUCTION_TRIES * len(device.constructions) + len(device.waits)
    # Whatever goes beyond the attempts that the back-off allows.
    yield "connections beyond the attempts allowed", accepted[most:]


def lines(run):
    """Regression lines; heap while connected only, because a connection's buffers come and go."""
    heap = [(time, size / 1024) for time, size, connected, _ in run.device.samples if connected]
    column = lambda at: [(sample[0], sample[at]) for sample in run.processes]
    return [fit("heap in use", "KiB", heap, 16.0),
            fit("resident memory", "KiB", column(1), 256.0),
            fit("open descriptors", "", column(2), 1.5),
            fit("threads", "", column(3), 1.0)]


def progress(run):
    """A run in which nothing happened proves nothing."""
    device = run.device
    missing = []
    if len(device.acknowledged) < 20:
        missing.append(f"{len(device.acknowledged)} messages acknowledged")
    if device.reconnections + len(device.constructions) < 3:
        missing.append("hardly any reconnection")
    if sum(device.delivered.values()) < 10:
        missing.append("hardly anything delivered to the device")
    if not run.faults:
        missing.append("no fault was caused")
    missing += [f"{name}: caused {count} times, and met no connection"
                for name, count in run.faults.items()
                if count >= OFTEN and name not in UNSEEN and not run.platform.met[name]]
    if device.finished is None:
        missing.append("the device did not come to its end")
    yield "signs that the run was none", missing


def all_checks(run):
    """(what, the cases against it): none is good."""
    return [*messages(run), *of_identity(run), *reconnections(run), *silence(run), *progress(run)]


def problems(run):
    found = [f"{what}: {len(cases)}, e.g. {cases[0]}" for what, cases in all_checks(run) if cases]
    found += [problem for problem in (line.problem() for line in lines(run)) if problem]
    return found


def _lose(run):
    number = next(iter(run.device.acknowledged))
    del run.platform.received[number]
    run.platform.copies = [one for one in run.platform.copies if one[0] != number]


def _twice(run):
    run.device.twice.append(next(iter(run.device.acknowledged)))


def _plain_copy(run):
    number, (connection, packet_id) = next(iter(run.platform.received.items()))
    run.platform.copies.append((number, 0, connection, False, packet_id))


def _late_copy(run):
    number = next(number for number in run.device.acknowledged if number in run.platform.received)
    run.platform.accepted[-1] = run.device.acknowledged[number] + 1000
    run.platform.copies.append((number, 0, -1, True, run.platform.received[number][1]))


def _echo(run):
    run.device.delivered[next(iter(run.device.acknowledged))] += 100


def _unsettled(run):
    run.device.accepted[next(iter(run.device.accepted))] = False


def _hurry(run):
    time = run.device.waits[0][0] if run.device.waits else run.device.samples[0][0]
    run.device.waits.append((time, 1, 3))


def _early(run):
    time = max(run.device.constructions) + 1000
    run.device.waits.append((time, 1000, 0))
    run.platform.accepted[-2] = time + 500


def _heap(run):
    first = run.device.samples[0][0]
    run.device.samples = [(time, size + (time - first) * 8, *rest)
                          for time, size, *rest in run.device.samples]


def _rising(column, each):
    def spoil(run):
        run.processes = [tuple(value + each * position if at == column else value
                               for at, value in enumerate(sample))
                         for position, sample in enumerate(run.processes)]
    return spoil


def _wrong_identity(run):
    run.device.identities = dict(run.device.identities, **{'{"productKey":"","deviceName":""}': 1})


def _deaf(run):
    time = run.device.samples[0][0]
    run.platform.silences.append((time, "publish"))
    run.device.ends = [time + DEAD_AFTER + 2 * BUSY]


CONTROLS = {"an acknowledged message is lost": _lose, "an acknowledgement comes twice": _twice,
            "a copy has no DUP": _plain_copy, "a copy is sent after the acknowledgement": _late_copy,
            "the device is given a message too often": _echo, "a message stays open": _unsettled,
            "the firmware is given a wrong identity": _wrong_identity,
            "silence is noticed late": _deaf, "a wait is too short": _hurry, "a connection comes before its wait is over": _early,
            "the heap grows": _heap, "resident memory grows": _rising(1, 40),
            "descriptors stay open": _rising(2, 0.5), "threads stay": _rising(3, 0.5)}


def unnoticed(run):
    """The controls that a run which passed would have passed, too: each must add a complaint."""
    before = set(problems(run))
    blind = []
    for name, spoil in CONTROLS.items():
        spoiled = copy.copy(run)
        spoiled.device, spoiled.platform = copy.copy(run.device), copy.copy(run.platform)
        for part, names in ((spoiled.device, ("twice", "delivered", "accepted", "waits")),
                            (spoiled.platform, ("received", "copies", "accepted", "silences"))):
            for attribute in names:
                setattr(part, attribute, copy.copy(getattr(part, attribute)))
        spoil(spoiled)
        if set(problems(spoiled)) <= before:
            blind.append(name)
    return blind
