"""From raw runs to named figures: "PEER/PLACE/WHAT" -> number. Everything else reads only these."""

from measure import SIZES, median


def _ms(nanoseconds):
    return nanoseconds / 1e6


def from_instructions(found):
    """Instructions: handshakes by kind, bulk by call."""
    figures = {}
    for (peer, mode, version, key), counts in found.items():
        place = f"{peer}/{version}-{key}"
        if mode == "handshakes":
            figures[f"{place}/start/instructions"] = counts["start"][0]
            figures[f"{place}/cold/instructions"] = counts["cold"][0]
            for kind in ("full", "resumed"):
                figures[f"{place}/{kind}/instructions"] = median(counts[kind])
        else:
            for direction in ("write", "read"):
                for size in SIZES:
                    total = counts[f"{direction}-{size}"]
                    figures[f"{place}/{direction}-{size}/instructions"] = total[0] / total[1]
    return figures


def from_handshakes(rounds):
    """Milliseconds, medians over all rounds. `rounds`: (peer, version, key) -> parts of all runs."""
    figures = {}
    for (peer, version, key), parts in rounds.items():
        for kind in ("cold", "full", "resumed"):
            own = [part for part in parts if part["part"] == kind]
            place = f"{peer}/{version}-{key}/{kind}"
            figures[f"{place}/cpu_ms"] = median([_ms(part["cpu_ns"]) for part in own])
            figures[f"{place}/wall_ms"] = median([_ms(part["wall_ns"]) for part in own])
            figures[f"{place}/least_wall_ms"] = min(_ms(part["wall_ns"]) for part in own)
            figures[f"{place}/answered_ms"] = median([_ms(part["answered_ns"]) for part in own])
    return figures


def from_bulk(rounds):
    """MB (1,000,000 bytes) a second of wall time and of the client's CPU time, medians over rounds."""
    figures = {}
    for peer, parts in rounds.items():
        for name in {part["part"] for part in parts}:
            own = [part for part in parts if part["part"] == name]
            size = int(name.split("-")[1])
            for clock in ("wall", "cpu"):
                rates = [part["calls"] * size * 1e3 / part[f"{clock}_ns"] for part in own]
                figures[f"{peer}/bulk/{name}/{clock}_mb_s"] = median(rates)
                figures[f"{peer}/bulk/{name}/best_{clock}_mb_s"] = max(rates)
    return figures


def from_memory(found):
    """Bytes; threads; context switches in an idle minute beyond the one of each waiting call."""
    figures = {}
    for (peer, version), raw in found.items():
        place = f"{peer}/{version}-memory"
        for name in ("heap_first_peak", "heap_first_idle", "heap_after_16k", "heap_waiting_again",
                     "heap_each_peak", "heap_each_idle", "stack", "threads_started", "threads_idle"):
            figures[f"{place}/{name}"] = raw[name]
        figures[f"{place}/switches_a_minute"] = max(raw["switches"] - 1, 0) * 60000 / raw["idle_ms"]
    return figures


def from_sizes(found):
    """Bytes of the static program, and what is left of them without those of the plain one."""
    figures = {}
    for peer, raw in found.items():
        for name in ("text_rodata", "text_rodata_data"):
            figures[f"{peer}/size/{name}"] = raw[name]
            if peer != "plain" and "plain" in found:
                figures[f"{peer}/size/own_{name}"] = raw[name] - found["plain"][name]
    return figures


def from_mqtt(rounds):
    """Round trips a second, medians over rounds."""
    figures = {}
    for peer, runs in rounds.items():
        for qos in (0, 1):
            figures[f"{peer}/mqtt/qos{qos}_a_second"] = median(
                [run["count"] / run[f"qos{qos}_s"] for run in runs])
    return figures


def overhead(figures):
    """What the library costs beyond its engine: instructions, and the part of a full handshake."""
    found = {}
    for place in ("1.2-rsa", "1.2-ecdsa", "1.3-rsa", "1.3-ecdsa"):
        own = figures.get(f"ours-rustls/{place}/full/instructions")
        bare = figures.get(f"bare/{place}/full/instructions")
        if own and bare:
            found[f"overhead/{place}/full/instructions"] = own - bare
            found[f"overhead/{place}/full/percent"] = 100 * (own - bare) / own
    for direction in ("write", "read"):
        for size in SIZES:
            name = f"1.2-rsa/{direction}-{size}/instructions"
            if f"ours-rustls/{name}" in figures and f"bare/{name}" in figures:
                found[f"overhead/{name}"] = figures[f"ours-rustls/{name}"] - figures[f"bare/{name}"]
    return found
