"""The report of a run: a table of 80 columns, and JSON."""

import json
import os
import platform

import checks

WIDTH = 80


def rule(title):
    return f"{title} ".ljust(WIDTH, "-")


def row(name, value, verdict=""):
    return f"  {name:<52}{value:>14}  {verdict}".rstrip()


def machine():
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            model = next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return {"processor": model, "processors": os.cpu_count(), "kernel": platform.release(),
            "machine": platform.machine()}


def figures(run, seconds, seed):
    device, platform_side = run.device, run.platform
    accepted = len(platform_side.accepted)
    return {
        "seed": seed, "seconds": round(seconds, 1), "machine": machine(),
        "messages_accepted": len(device.accepted), "messages_refused_by_the_call": device.refused,
        "messages_acknowledged": len(device.acknowledged), "messages_given_up": device.given_up,
        "messages_received_by_the_platform": len(platform_side.received),
        "copies": len(platform_side.copies), "delivered_to_the_device": sum(device.delivered.values()),
        "connections": accepted, "connections_per_minute": round(accepted / seconds * 60, 2),
        "handshakes": dict(platform_side.handshakes), "reconnections": device.reconnections,
        "clients_constructed": len(device.constructions),
        "constructions_failed": device.not_constructed, "identities": sum(device.identities.values()),
        "faults": dict(sorted(run.faults.items())),
        "faults_met": {name: platform_side.met[name] for name in sorted(run.faults)
                       if name not in checks.UNSEEN},
        "silent_connections": len(platform_side.silences),
        "longest_wait_ms": max((wait for _, wait, _ in device.waits), default=0),
        "connected_share": round(sum(sample[2] for sample in device.samples)
                                 / max(len(device.samples), 1), 3),
    }


def text(run, numbers, found, blind):
    lines = [rule(f"Soak: {numbers['seconds']:.0f} s, seed {numbers['seed']}")]
    lines.append(row("faults caused", sum(numbers["faults"].values())))
    # A message or an end may meet none; what was to be dropped, the next one that came there.
    met = numbers["faults_met"]
    names = ", ".join(f"{name} {count}" + (f" (met {met[name]})" if "drop" in name else "")
                      for name, count in numbers["faults"].items())
    while names:
        cut = len(names) if len(names) <= WIDTH - 4 else names.rfind(",", 0, WIDTH - 4) + 1
        lines.append(f"    {names[:cut]}")
        names = names[cut:].lstrip()
    for name, key in (("messages taken over by the client", "messages_accepted"),
                      ("  acknowledged (event 9)", "messages_acknowledged"),
                      ("  given up with a client that was destroyed", "messages_given_up"),
                      ("messages that arrived at the platform", "messages_received_by_the_platform"),
                      ("  and came again, as QoS 1 may", "copies"),
                      ("messages delivered to the device", "delivered_to_the_device"),
                      ("connections on which the platform fell silent", "silent_connections"),
                      ("connections at the platform", "connections"),
                      ("  a minute", "connections_per_minute"),
                      ("reconnections by the client itself", "reconnections"),
                      ("clients constructed", "clients_constructed"),
                      ("longest wait before an attempt, ms", "longest_wait_ms")):
        lines.append(row(name, numbers[key]))
    lines.append(rule("Must be 0"))
    for what, cases in checks.all_checks(run):
        lines.append(row(what, len(cases), "FAILED" if cases else "ok"))
    lines.append(rule("Must be flat: regression line after the first fifth"))
    lines.append(f"  {'':<20}{'samples':>8}{'mean':>10}{'a minute':>11}{'+-':>8}{'growth':>9}{'bound':>6}")
    for line in checks.lines(run):
        unit = f", {line.unit}" if line.unit else ""
        verdict = "FAILED" if line.problem() else "ok"
        lines.append(f"  {line.name + unit:<22}{line.samples:>6}{line.mean:>10.1f}{line.per_minute:>+11.3f}"
                     f"{line.error:>8.3f}{line.growth:>9.1f}{line.tolerance:>6g} {verdict:>6}".rstrip())
    lines.append("  growth: what is certain (three standard errors) over the time of the samples")
    lines.append(rule("Result"))
    lines.append(row("controls: faults put into these records, and noticed",
                     f"{len(checks.CONTROLS) - len(blind)} of {len(checks.CONTROLS)}",
                     "FAILED" if blind else "ok"))
    lines += [f"  {problem}" for problem in found]
    lines += [f"  not noticed: {name}" for name in blind]
    lines.append("  FAILED" if found or blind else "  passed")
    return "\n".join(lines)


def write(folder, run, numbers, found, blind):
    content = dict(numbers, problems=found, controls_not_noticed=blind,
                   checks={what: len(cases) for what, cases in checks.all_checks(run)},
                   lines=[line._asdict() for line in checks.lines(run)],
                   samples={"columns": ["milliseconds", "resident_kib", "descriptors", "threads"],
                            "process": run.processes,
                            "heap": [[time, size] for time, size, *_ in run.device.samples]})
    path = os.path.join(folder, "soak.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.write("\n")
    return path
