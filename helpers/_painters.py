"""Three painters of nature: a night sky, a sea, a bay in dots of pure colour.

Each takes a size and a random generator, and returns a picture (S, S, 3) in [0, 1].
"""

import numpy as np

from helpers._canvas import Canvas, hex, mix, paper, smooth_noise


def swirls(size, rng):
    """Paint strokes along a flow with whirls: a night sky with stars over hills."""
    canvas = Canvas(size, (0.07, 0.11, 0.28))
    n = 256
    y, x = np.mgrid[0:n, 0:n] / (n - 1.0)
    u, v = 0.9 + 0.5 * np.sin(5 * y), 0.35 * np.cos(6 * x + 2 * y)
    ridge = (
        0.78
        - 0.08 * np.sin(4 * x[0] + rng.uniform(0, 6))
        - 0.05 * np.sin(9 * x[0] + rng.uniform(0, 6))
    )
    night, day, pale = hex("15245c", "3f78bd", "a9cfe0")
    band = 0.5 + 0.5 * np.sin(
        9 * (y - 0.25 * np.sin(3 * x) + 0.2 * smooth_noise(rng, 4, n))
    )
    field = mix(mix(night, day, band), pale, (band - 0.7) * 1.6)
    centres = [(0.36, 0.36, 0.17, 1), (0.64, 0.46, 0.13, -1)]
    stars = [(0.82, 0.16, 0.085)]
    for _ in range(200):  # more stars, none too near another light
        s = (*rng.uniform((0.06, 0.06), (0.94, 0.6)), rng.uniform(0.028, 0.048))
        if all(
            np.hypot(s[0] - c[0], s[1] - c[1]) > 0.09 + c[2] for c in centres + stars
        ):
            stars.append(s)
    stars = stars[:8]
    for cx, cy, r, turn in centres + [(*s, (-1) ** i) for i, s in enumerate(stars)]:
        dx, dy = x - cx, y - cy
        d2 = dx**2 + dy**2
        pull = 3.2 * np.exp(-d2 / (1.7 * r) ** 2) / np.sqrt(d2 + 1e-4)
        u, v = u - turn * dy * pull, v + turn * dx * pull
    for cx, cy, r, _ in centres:
        d = np.hypot(x - cx, y - cy) / r
        field = mix(field, pale, 0.9 * np.exp(-(d**2)) * (0.5 + 0.5 * np.cos(9 * d)))
    for cx, cy, r in stars:
        d = np.hypot(x - cx, y - cy) / r
        field = mix(field, (0.95, 0.78, 0.22), 1.1 * np.exp(-((d / 1.15) ** 2)))
        field = mix(field, (1.0, 0.95, 0.72), 1.3 * np.exp(-((d / 0.5) ** 2)))
    hills = mix(
        hex("16324a")[0],
        hex("3c7a5e")[0],
        0.5 + 0.5 * np.sin(22 * (y - ridge) + 5 * x),
    )
    ground = y > ridge
    field = np.where(ground[..., None], hills, field)
    slope = np.gradient(ridge, 1 / (n - 1.0))
    u, v = np.where(ground, 1.0, u), np.where(ground, slope[None, :] * 0.9, v)
    speed = np.hypot(u, v) + 1e-6
    u, v = u / speed, v / speed
    for count, width, steps in ((1500, 0.020, 9), (2600, 0.012, 9), (2800, 0.0075, 8)):
        starts = rng.uniform(-0.02, 1.02, (count, 2))
        shade = rng.normal(0, 0.055, (count, 1)) + rng.normal(0, 0.02, (count, 3))
        paths = [starts]
        for _ in range(steps):
            i = np.clip((paths[-1] * (n - 1)).astype(int), 0, n - 1)
            step = np.stack([u[i[:, 1], i[:, 0]], v[i[:, 1], i[:, 0]]], 1)
            paths.append(paths[-1] + 0.8 * width * step)
        paths = np.stack(paths, 1)
        i = np.clip((paths[:, steps // 2] * (n - 1)).astype(int), 0, n - 1)
        for path, colour in zip(paths, field[i[:, 1], i[:, 0]] + shade, strict=True):
            canvas.stroke(path, width, colour)
    return canvas.array()


def waves(size, rng):
    """Paint rows of scales like waves in a woodblock print, under a red sun."""
    canvas = Canvas(size, (0.94, 0.88, 0.74))
    for i, t in enumerate(np.linspace(0, 1, 40)):  # the sky pales towards the sea
        colour = mix(hex("b9c9c0")[0], hex("f1e2bd")[0], t**0.6)
        canvas.polygon([(0, i / 100), (1, i / 100), (1, 0.5), (0, 0.5)], colour)
    canvas.disc(rng.uniform(0.62, 0.78), 0.2, 0.12, (0.82, 0.22, 0.15))
    palette = hex("0f2a4f", "17447a", "2a6ea6", "5b9cc0", "9cc5cf")
    foam = np.array([0.96, 0.93, 0.84])
    rows, bottom, row = [], 0.30, 0
    while bottom < 1.25:
        radius = 0.085 + 0.075 * (bottom - 0.3)
        rows.append((bottom, radius, row))
        bottom, row = bottom + 0.42 * radius, row + 1
    phase = rng.uniform(0, 2 * np.pi)
    for base, radius, row in rows:
        offset = radius if row % 2 else 0.0
        for cx in np.arange(-radius, 1 + 2 * radius, 2 * radius) + offset:
            cy = base + radius + 0.035 * np.sin(5 * cx + 0.55 * row + phase)
            first = rng.integers(0, 2)
            canvas.disc(cx, cy, radius * 1.02, foam + rng.normal(0, 0.02, 3))
            for k, share in enumerate((0.95, 0.77, 0.71, 0.51, 0.45, 0.25)):
                colour = foam if k % 2 else palette[(first + k // 2 + row % 3) % 5]
                canvas.disc(cx, cy, radius * share, colour + rng.normal(0, 0.025, 3))
            if rng.random() < 0.5:  # spray on the crest
                for a in rng.uniform(-2.6, -0.5, 5):
                    canvas.disc(
                        cx + 1.02 * radius * np.cos(a),
                        cy + 1.02 * radius * np.sin(a),
                        rng.uniform(0.006, 0.013),
                        foam,
                    )
    return paper(rng, canvas.array(), 0.05)


def pointillism(size, rng):
    """Paint dots of unmixed colour that the eye mixes: a bay in the evening."""
    canvas = Canvas(size, (0.93, 0.88, 0.76))
    sun = rng.uniform(0.3, 0.7)
    shore = 0.74 + 0.05 * np.sin(rng.uniform(0, 6))

    def colour_at(x, y):
        sky = mix(hex("5d83c4")[0], hex("f6c289")[0], y / 0.48)
        near = np.exp(-((x - sun) ** 2 + (y - 0.36) ** 2) / 0.02)
        sky = mix(sky, hex("ffe9a0")[0], near)
        sea = mix(hex("e8a86f")[0], hex("2f6f8f")[0], (y - 0.46) / 0.2)
        sea = mix(sea, hex("fff0b5")[0], 0.9 * np.exp(-(((x - sun) / 0.06) ** 2)))
        grass = mix(hex("9db84a")[0], hex("2f6b3d")[0], (y - shore) / 0.25)
        out = np.where((y < 0.46)[:, None], sky, sea)
        bank = shore + 0.04 * np.sin(5 * x + 1)
        out = np.where((y > bank)[:, None], grass, out)
        for cx, top, w in ((0.10, 0.10, 0.15), (0.93, 0.22, 0.12)):
            r = ((x - cx) / w) ** 2 + ((y - top - 0.18) / 0.22) ** 2
            leaf = mix(
                hex("6f9a3c")[0], hex("1f4a4a")[0], r * 0.8 + 0.25 * np.sin(40 * y)
            )
            out = np.where((r < 1)[:, None], leaf, out)
            trunk = (np.abs(x - cx) < 0.014) & (y > top + 0.3) & (y < shore + 0.1)
            out = np.where(trunk[:, None], hex("5a3550")[0], out)
        return out

    for count, radius in ((5000, 0.012), (9000, 0.0082), (7000, 0.006)):
        x, y = rng.uniform(0, 1, (2, count))
        colour = colour_at(x, y)
        mean = colour.mean(1, keepdims=True)
        colour = mean + 1.35 * (colour - mean)  # purer than nature
        colour += rng.normal(0, 0.09, (count, 3))
        other = rng.random(count) < 0.09  # the complement, a touch of it
        colour[other] = 0.35 + 0.9 * (0.62 - colour[other]) + 0.25 * mean[other]
        for xi, yi, c in zip(x, y, colour, strict=True):
            canvas.disc(xi, yi, radius, c)
    return canvas.array()
