"""A plot as SVG: what a peer stores, against what a handshake costs. Lower and further left is better."""

import math

WIDTH, HEIGHT = 720, 440
LEFT, RIGHT, TOP, BOTTOM = 70, 30, 50, 60
NAMES = {
    "ours-rustls": "ours, rustls, release", "ours-rustls-size": "ours, rustls, size",
    "ours-mbedtls": "ours, mbedtls, release", "ours-mbedtls-size": "ours, mbedtls, size",
    "openssl": "OpenSSL", "mbedtls": "Mbed TLS", "gnutls": "GnuTLS (lower bound)",
}
OURS, OTHERS = "#0b6e4f", "#7a7a7a"


def _points(figures):
    points = []
    for peer, name in NAMES.items():
        size = figures.get(f"{peer}/size/own_text_rodata_data")
        cost = figures.get(f"{peer}/1.2-rsa/full/instructions")
        if size and cost:
            points.append((name, size / 1e6, cost / 1e6, OURS if peer.startswith("ours") else OTHERS))
    return points


def _ticks(most):
    """Round steps from 0 to at least `most`, about six of them."""
    rough = most / 6
    step = 10 ** math.floor(math.log10(rough))
    step *= next(factor for factor in (1, 2, 5, 10) if factor * step >= rough)
    return [step * number for number in range(math.ceil(most / step) + 1)]


def _label(value):
    return f"{value:g}" if value < 10 else f"{value:.0f}"


def svg(figures):
    """The whole file."""
    points = _points(figures)
    across = _ticks(max((point[1] for point in points), default=1.0))
    upward = _ticks(max((point[2] for point in points), default=1.0))

    def x(size):
        return LEFT + (WIDTH - LEFT - RIGHT) * size / across[-1]

    def y(cost):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * cost / upward[-1]

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="26" font-size="16">Size against the cost of a handshake '
        "(TLS 1.2, RSA-2048, mutual)</text>",
    ]
    for tick in across:
        parts.append(f'<line x1="{x(tick):.1f}" y1="{TOP}" x2="{x(tick):.1f}" y2="{HEIGHT - BOTTOM}" '
                     'stroke="#dddddd"/>')
        parts.append(f'<text x="{x(tick):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">'
                     f"{_label(tick)}</text>")
    for tick in upward:
        parts.append(f'<line x1="{LEFT}" y1="{y(tick):.1f}" x2="{WIDTH - RIGHT}" y2="{y(tick):.1f}" '
                     'stroke="#dddddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(tick) + 4:.1f}" text-anchor="end">{_label(tick)}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 14}" text-anchor="middle">'
                 "text + rodata + data beyond the plain program, MB</text>")
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(f'<text x="20" y="{middle}" text-anchor="middle" transform="rotate(-90 20 {middle})">'
                 "full handshake, million instructions</text>")
    taken = []
    for name, size, cost, colour in points:
        at_x, at_y = x(size), y(cost)
        parts.append(f'<circle cx="{at_x:.1f}" cy="{at_y:.1f}" r="5" fill="{colour}"/>')
        # Labels go to the left where there is no room to the right, and as little up or down as is free.
        end = at_x > WIDTH * 0.7

        def is_free(height):
            return all(abs(height - other_y) >= 15 or abs(at_x - other_x) >= 170 for other_x, other_y in taken)

        text_y = next(at_y + 4 + shift for shift in (0, 15, -15, 30, -30, 45, -45, 60) if is_free(at_y + 4 + shift))
        taken.append((at_x, text_y))
        parts.append(f'<text x="{at_x - 9 if end else at_x + 9:.1f}" y="{text_y:.1f}" fill="{colour}" '
                     f'text-anchor="{"end" if end else "start"}">{name}</text>')
    return "\n".join([*parts, "</svg>", ""])
