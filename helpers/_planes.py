"""Three painters of planes: coloured rectangles, panes of glass, wedges and bars.

Each takes a size and a random generator, and returns a picture (S, S, 3) in [0, 1].
"""

import numpy as np
from scipy.spatial import cKDTree

from helpers._canvas import Canvas, hex, mix, paper, rgb, smooth_noise


def de_stijl(size, rng):
    """Paint planes of primary colour between black lines, divided again and again."""
    cream, black = (0.95, 0.93, 0.88), (0.07, 0.07, 0.08)
    canvas = Canvas(size, cream)
    planes, done = [(0.0, 0.0, 1.0, 1.0)], []
    while planes:
        x0, y0, x1, y1 = plane = planes.pop()
        w, h = x1 - x0, y1 - y0
        if w * h < 0.035 or (w * h < 0.12 and rng.random() < 0.3) or min(w, h) < 0.14:
            done.append(plane)
        elif w > h * rng.uniform(0.7, 1.4):
            cut = x0 + w * rng.uniform(0.25, 0.75)
            planes += [(x0, y0, cut, y1), (cut, y0, x1, y1)]
        else:
            cut = y0 + h * rng.uniform(0.25, 0.75)
            planes += [(x0, y0, x1, cut), (x0, cut, x1, y1)]
    colours = hex("d01f26", "1d3f94", "f4c815", "d01f26", "1d3f94", "f4c815", "17171a")
    order = rng.permutation(len(done))
    for rank, index in enumerate(order):
        x0, y0, x1, y1 = done[index]
        colour = (
            colours[rank % len(colours)] if rank < 0.55 * len(done) else np.array(cream)
        )
        box = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
        canvas.polygon(box, colour + rng.normal(0, 0.012, 3))
    for x0, y0, x1, y1 in done:
        wide = rng.choice([0.018, 0.026])
        canvas.draw.line(
            canvas.px([(x0, y0), (x1, y0)]), rgb(black), round(wide * canvas.side)
        )
        canvas.draw.line(
            canvas.px([(x0, y0), (x0, y1)]), rgb(black), round(wide * canvas.side)
        )
    return paper(rng, canvas.array(), 0.035)


def stained_glass(size, rng):
    """Paint panes of glass in lead: a rose in the middle, broken panes around it."""
    side = 2 * max(size, 192)
    centre, sites, ring = np.array([0.5, 0.46]), [], []
    for k, (count, radius) in enumerate(
        ((1, 0.0), (8, 0.12), (12, 0.225), (18, 0.335))
    ):
        angle = 2 * np.pi * (np.arange(count) + 0.5 * (k % 2)) / count + rng.uniform(
            0, 0.2
        )
        sites.append(centre + radius * np.stack([np.cos(angle), np.sin(angle)], 1))
        ring += [k] * count
    loose = rng.uniform(-0.1, 1.1, (400, 2))
    loose = loose[np.hypot(*(loose - centre).T) > 0.42]
    keep = []
    for p in loose:
        if all(np.hypot(*(p - q)) > 0.085 for q in keep):
            keep.append(p)
    sites = np.concatenate([*sites, np.array(keep)])
    ring = np.array(ring + [4] * len(keep))
    ramps = [
        hex("ffd84a"),
        hex("d7263d", "b5172f"),
        hex("f5a623", "f7c948"),
        hex("1f4fb2", "6a2c91", "1c7fb8"),
        hex("0e7c5a", "16508f", "0b6e8f", "8c1c3a"),
    ]
    colour = np.array([ramps[r][rng.integers(len(ramps[r]))] for r in ring])
    colour = np.clip(colour + rng.normal(0, 0.04, colour.shape), 0, 1)
    y, x = (np.mgrid[0:side, 0:side] + 0.5) / side
    distance, nearest = cKDTree(sites).query(np.stack([x, y], -1), k=2)
    edge = distance[..., 1] - distance[..., 0]
    light = 0.80 + 0.30 * np.exp(-(((x - 0.5) ** 2 + (y - 0.46) ** 2) / 0.35**2))
    streak = 1 + 0.10 * smooth_noise(rng, 14, side) + 0.05 * smooth_noise(rng, 70, side)
    glow = 1.12 - 0.35 * np.exp(-edge / 0.02)
    glass = colour[nearest[..., 0]] * (light * streak * glow)[..., None]
    lead = np.clip((0.0135 - edge) / 0.003, 0, 1)
    return mix(glass, (0.06, 0.06, 0.07), lead)


def constructivism(size, rng):
    """Paint wedge, disc and bars on the diagonal, in red, black and cream."""
    cream, red, black, grey = hex("eadfc4", "cf2e22", "1b1a1c", "8f8a80")
    canvas = Canvas(size, cream)
    angle = np.deg2rad(rng.uniform(24, 38))
    along = np.array([np.cos(angle), -np.sin(angle)])
    across = np.array([np.sin(angle), np.cos(angle)])

    def bar(centre, length, width, colour):
        a, b = along * length / 2, across * width / 2
        c = np.asarray(centre, float)
        canvas.polygon([c - a - b, c + a - b, c + a + b, c - a + b], colour)

    canvas.polygon([(0, 1), (0, 0.55), (0.62, 1)], black)
    canvas.disc(0.62, 0.40, 0.29, black)
    canvas.disc(0.62, 0.40, 0.235, cream)
    canvas.disc(0.62, 0.40, 0.20, red)
    tip = np.array([0.70, 0.34])
    canvas.polygon(
        [tip, tip - 0.78 * along - 0.20 * across, tip - 0.70 * along + 0.17 * across],
        black,
    )
    for k in range(7):
        start = np.array([0.30, 0.80]) + across * (0.045 * k - 0.05)
        bar(
            start + along * rng.uniform(-0.05, 0.2),
            rng.uniform(0.25, 0.7),
            0.018,
            (red, black, red, grey)[k % 4],
        )
    bar((0.25, 0.17), 0.62, 0.055, red)
    bar((0.20, 0.27), 0.34, 0.022, black)
    bar((0.86, 0.83), 0.42, 0.07, red)
    bar((0.93, 0.74), 0.30, 0.02, black)
    for k in range(9):
        centre = np.array([0.10, 0.46]) + along * 0.05 * k
        bar(centre, 0.026, rng.uniform(0.02, 0.09), black if k % 3 else red)
    for _ in range(4):
        canvas.disc(
            *rng.uniform((0.08, 0.08), (0.35, 0.45)),
            rng.uniform(0.012, 0.035),
            (red, black, grey)[rng.integers(3)],
        )
    return paper(rng, canvas.array(), 0.075)
