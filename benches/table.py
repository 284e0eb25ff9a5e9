"""The table for people: 80 columns, a row for each figure, a column for each peer."""

from measure import SIZES
from programs import COLUMNS

LABEL = 24
CELL = 8
NOTHING = "-"
HEADS = {
    "ours-rustls": ("ours:", "rustls", "release"),
    "ours-rustls-size": ("ours:", "rustls", "size"),
    "ours-mbedtls": ("ours:", "mbedtls", "release"),
    "ours-mbedtls-size": ("ours:", "mbedtls", "size"),
    "openssl": ("", "OpenSSL", None),
    "mbedtls": ("", "MbedTLS", None),
    "gnutls": ("", "GnuTLS", None),
}


def _number(value):
    """Three significant digits, no exponent."""
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 0.01 or value == 0 else f"{value:.3f}"


class Rows:
    """Collects lines for the peers that were measured."""

    def __init__(self, results):
        self.figures = results["figures"]
        self.peers = [name for name in COLUMNS if name in results["peers"]]
        self.lines = []
        self.group = None
        versions = results["machine"]["versions"]
        for line in range(3):
            words = [versions[peer] if HEADS[peer][line] is None else HEADS[peer][line]
                     for peer in self.peers]
            self.lines.append(" " * LABEL + "".join(f"{word[:CELL - 1]:>{CELL}}" for word in words))

    def heading(self, text):
        """A group of rows; it stays out as long as there are none."""
        self.group = text

    def row(self, label, figure, scale=1.0, of=None):
        """One figure of every peer; with `of`, its ratio to that peer's on the next line."""
        values = [self.figures.get(f"{peer}/{figure}") for peer in self.peers]
        if not any(value is not None for value in values):
            return
        self._line(label, [NOTHING if value is None else _number(value * scale) for value in values])
        base = self.figures.get(f"{of}/{figure}") if of else None
        if base:
            ratios = [NOTHING if value is None else f"{value / base:.2f}" for value in values]
            self._line("    x " + {"mbedtls": "Mbed TLS", "openssl": "OpenSSL"}[of], ratios)

    def _line(self, label, cells):
        if self.group:
            self.lines += ["", self.group]
            self.group = None
        self.lines.append(f"{'  ' + label:<{LABEL}}" + "".join(f"{cell:>{CELL}}" for cell in cells))


def _handshakes(rows):
    for version, key, name in [("1.2", "rsa", "RSA-2048"), ("1.2", "ecdsa", "ECDSA P-256"),
                               ("1.3", "rsa", "RSA-2048"), ("1.3", "ecdsa", "ECDSA P-256")]:
        # There is no Mbed TLS with TLS 1.3.
        of = "mbedtls" if version == "1.2" else "openssl"
        rows.heading(f"Handshake, TLS {version}, device certificate {name}")
        place = f"{version}-{key}"
        rows.row("full, M instructions", f"{place}/full/instructions", 1e-6, of)
        rows.row("full, CPU ms", f"{place}/full/cpu_ms")
        rows.row("full, wall ms", f"{place}/full/wall_ms")
        # The ratio of the fastest ones: waiting for a processor is in the medians of a busy machine.
        rows.row("full, best wall ms", f"{place}/full/least_wall_ms", of=of)
        rows.row("resumed, M instr.", f"{place}/resumed/instructions", 1e-6, of)
        rows.row("resumed, CPU ms", f"{place}/resumed/cpu_ms")
        rows.row("resumed, wall ms", f"{place}/resumed/wall_ms")
        rows.row("first one, M instr.", f"{place}/cold/instructions", 1e-6)
        rows.row("first one, CPU ms", f"{place}/cold/cpu_ms")


def _bulk(rows):
    rows.heading("Bulk transfer, TLS 1.2, AES-128-GCM, MB/s of wall time")
    names = {16384: "16 KiB", 1024: "1 KiB", 100: "100-byte"}
    for direction in ("write", "read"):
        for size in SIZES:
            rows.row(f"{direction}, {names[size]} calls", f"bulk/{direction}-{size}/wall_mb_s", of="openssl")
    rows.heading("The same, MB/s of the client's CPU time")
    for direction in ("write", "read"):
        for size in SIZES:
            rows.row(f"{direction}, {names[size]} calls", f"bulk/{direction}-{size}/cpu_mb_s", of="openssl")
    rows.heading("Thousand instructions for each call")
    for direction in ("write", "read"):
        for size in SIZES:
            rows.row(f"{direction}, {names[size]}", f"1.2-rsa/{direction}-{size}/instructions", 1e-3)


def _memory(rows):
    rows.heading("Heap, KB (1000 bytes); TLS 1.2, RSA-2048")
    place = "1.2-memory"
    rows.row("first: peak", f"{place}/heap_first_peak", 1e-3, "mbedtls")
    rows.row("first: idle", f"{place}/heap_first_idle", 1e-3, "mbedtls")
    rows.row("first: after 16 KiB", f"{place}/heap_after_16k", 1e-3)
    rows.row("first: waiting again", f"{place}/heap_waiting_again", 1e-3)
    rows.row("further one: peak", f"{place}/heap_each_peak", 1e-3, "mbedtls")
    rows.row("further one: idle", f"{place}/heap_each_idle", 1e-3, "mbedtls")
    rows.heading("Stack, threads, wake-ups")
    rows.row("stack, deepest, KB", f"{place}/stack", 1e-3)
    rows.row("threads for connecting", f"{place}/threads_started")
    rows.row("threads while idle", f"{place}/threads_idle")
    rows.row("switches/idle minute", f"{place}/switches_a_minute")
    rows.heading("Static program, KB: text + rodata + data, stripped")
    rows.row("whole program", "size/text_rodata_data", 1e-3)
    rows.row("without plain program", "size/own_text_rodata_data", 1e-3, "mbedtls")
    rows.heading("MQTT publish round trips a second, against the simulator")
    rows.row("QoS 0", "mqtt/qos0_a_second")
    rows.row("QoS 1", "mqtt/qos1_a_second")


def _overhead(figures):
    if "overhead/1.2-rsa/full/percent" not in figures:
        return []
    lines = ["", "This library beyond its engine (ours: rustls, less the engine alone)"]
    for place in ("1.2-rsa", "1.2-ecdsa", "1.3-rsa", "1.3-ecdsa"):
        cost = figures.get(f"overhead/{place}/full/instructions")
        if cost is not None:
            percent = figures[f"overhead/{place}/full/percent"]
            lines.append(f"  full handshake, TLS {place:<9} {cost:>12,.0f} instructions, {percent:.2f} %")
    for direction in ("write", "read"):
        for size in SIZES:
            cost = figures.get(f"overhead/1.2-rsa/{direction}-{size}/instructions")
            if cost is not None:
                lines.append(f"  {direction} of {size:>5} bytes {cost:>23,.0f} instructions")
    return lines


def text(results):
    """The whole table."""
    rows = Rows(results)
    _handshakes(rows)
    _bulk(rows)
    _memory(rows)
    return "\n".join(line.rstrip() for line in rows.lines + _overhead(results["figures"])) + "\n"
