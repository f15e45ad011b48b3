"""Paintings by rule: six pictures drawn with NumPy and Pillow, to serve as styles.

Nothing here is a copy of a painting. Each function follows a rule that a school of
painting made its own (a brush that follows a flow, planes between black lines, dots of
pure colour), so the pictures may be used and shared freely, and every seed gives
another. All geometry is in units of the picture's side: the same seed at another size
is the same painting, smaller or larger.
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from scipy.ndimage import zoom
from scipy.spatial import cKDTree


class _Canvas:
    """A square Pillow picture drawn in unit coordinates, at twice the size asked
    for."""

    def __init__(self, size, background):
        self.size = size
        self.side = 2 * max(
            size, 192
        )  # small pictures: draw larger, then shrink smoothly
        self.image = Image.new("RGB", (self.side, self.side), _rgb(background))
        self.draw = ImageDraw.Draw(self.image)

    def px(self, points):
        return [tuple(p) for p in np.asarray(points, float) * self.side]

    def polygon(self, points, colour):
        self.draw.polygon(self.px(points), fill=_rgb(colour))

    def disc(self, x, y, radius, colour):
        box = np.array([x - radius, y - radius, x + radius, y + radius]) * self.side
        self.draw.ellipse(tuple(box), fill=_rgb(colour))

    def stroke(self, points, width, colour):
        """Draw a brush stroke: a line with round ends."""
        pixels, w = self.px(points), max(1, round(width * self.side))
        self.draw.line(pixels, fill=_rgb(colour), width=w, joint="curve")
        for x, y in (pixels[0], pixels[-1]):
            r = w / 2 - 0.5
            self.draw.ellipse((x - r, y - r, x + r, y + r), fill=_rgb(colour))

    def array(self):
        """Return (side, side, 3) float64 in [0, 1]."""
        return np.asarray(self.image, dtype=np.float64) / 255.0


def _rgb(colour):
    return tuple(int(round(255 * c)) for c in np.clip(colour, 0, 1))


def _hex(*codes):
    return np.array([[int(c[i : i + 2], 16) / 255 for i in (0, 2, 4)] for c in codes])


def _smooth_noise(rng, cells, side):
    """Return (side, side) noise in about [-1, 1] that varies over `cells` patches a
    side."""
    noise = zoom(rng.uniform(-1, 1, (cells + 3, cells + 3)), side / cells, order=3)
    return noise[:side, :side]


def _mix(a, b, t):
    t = np.clip(np.asarray(t, float), 0, 1)[..., None]
    return (1 - t) * np.asarray(a) + t * np.asarray(b)


def _paper(rng, picture, amount):
    """Lay the grain of paper or canvas over a picture: (S, S, 3) in [0, 1]."""
    side = picture.shape[0]
    grain = 0.7 * _smooth_noise(rng, 160, side) + 0.3 * _smooth_noise(rng, 24, side)
    return picture + amount * grain[..., None]


def _swirls(size, rng):
    """Strokes that follow a flow with whirls, over a night sky with stars and hills."""
    canvas = _Canvas(size, (0.07, 0.11, 0.28))
    n = 256
    y, x = np.mgrid[0:n, 0:n] / (n - 1.0)
    u, v = 0.9 + 0.5 * np.sin(5 * y), 0.35 * np.cos(6 * x + 2 * y)
    ridge = (
        0.78
        - 0.08 * np.sin(4 * x[0] + rng.uniform(0, 6))
        - 0.05 * np.sin(9 * x[0] + rng.uniform(0, 6))
    )
    night, day, pale = _hex("15245c", "3f78bd", "a9cfe0")
    band = 0.5 + 0.5 * np.sin(
        9 * (y - 0.25 * np.sin(3 * x) + 0.2 * _smooth_noise(rng, 4, n))
    )
    field = _mix(_mix(night, day, band), pale, (band - 0.7) * 1.6)
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
        field = _mix(field, pale, 0.9 * np.exp(-(d**2)) * (0.5 + 0.5 * np.cos(9 * d)))
    for cx, cy, r in stars:
        d = np.hypot(x - cx, y - cy) / r
        field = _mix(field, (0.95, 0.78, 0.22), 1.1 * np.exp(-((d / 1.15) ** 2)))
        field = _mix(field, (1.0, 0.95, 0.72), 1.3 * np.exp(-((d / 0.5) ** 2)))
    hills = _mix(
        _hex("16324a")[0],
        _hex("3c7a5e")[0],
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


def _de_stijl(size, rng):
    """Planes of primary colour and white between black lines, divided again and
    again."""
    paper, black = (0.95, 0.93, 0.88), (0.07, 0.07, 0.08)
    canvas = _Canvas(size, paper)
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
    colours = _hex("d01f26", "1d3f94", "f4c815", "d01f26", "1d3f94", "f4c815", "17171a")
    order = rng.permutation(len(done))
    for rank, index in enumerate(order):
        x0, y0, x1, y1 = done[index]
        colour = (
            colours[rank % len(colours)] if rank < 0.55 * len(done) else np.array(paper)
        )
        box = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
        canvas.polygon(box, colour + rng.normal(0, 0.012, 3))
    for x0, y0, x1, y1 in done:
        wide = rng.choice([0.018, 0.026])
        canvas.draw.line(
            canvas.px([(x0, y0), (x1, y0)]), _rgb(black), round(wide * canvas.side)
        )
        canvas.draw.line(
            canvas.px([(x0, y0), (x0, y1)]), _rgb(black), round(wide * canvas.side)
        )
    return _paper(rng, canvas.array(), 0.035)


def _waves(size, rng):
    """Rows of overlapping scales like waves in a woodblock print, under a red sun."""
    canvas = _Canvas(size, (0.94, 0.88, 0.74))
    for i, t in enumerate(np.linspace(0, 1, 40)):  # the sky pales towards the sea
        colour = _mix(_hex("b9c9c0")[0], _hex("f1e2bd")[0], t**0.6)
        canvas.polygon([(0, i / 100), (1, i / 100), (1, 0.5), (0, 0.5)], colour)
    canvas.disc(rng.uniform(0.62, 0.78), 0.2, 0.12, (0.82, 0.22, 0.15))
    palette = _hex("0f2a4f", "17447a", "2a6ea6", "5b9cc0", "9cc5cf")
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
    return _paper(rng, canvas.array(), 0.05)


def _stained_glass(size, rng):
    """Panes of glowing glass in lead: a rose in the middle, broken panes around it."""
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
        _hex("ffd84a"),
        _hex("d7263d", "b5172f"),
        _hex("f5a623", "f7c948"),
        _hex("1f4fb2", "6a2c91", "1c7fb8"),
        _hex("0e7c5a", "16508f", "0b6e8f", "8c1c3a"),
    ]
    colour = np.array([ramps[r][rng.integers(len(ramps[r]))] for r in ring])
    colour = np.clip(colour + rng.normal(0, 0.04, colour.shape), 0, 1)
    y, x = (np.mgrid[0:side, 0:side] + 0.5) / side
    distance, nearest = cKDTree(sites).query(np.stack([x, y], -1), k=2)
    edge = distance[..., 1] - distance[..., 0]
    light = 0.80 + 0.30 * np.exp(-(((x - 0.5) ** 2 + (y - 0.46) ** 2) / 0.35**2))
    streak = (
        1 + 0.10 * _smooth_noise(rng, 14, side) + 0.05 * _smooth_noise(rng, 70, side)
    )
    glow = 1.12 - 0.35 * np.exp(-edge / 0.02)
    glass = colour[nearest[..., 0]] * (light * streak * glow)[..., None]
    lead = np.clip((0.0135 - edge) / 0.003, 0, 1)
    return _mix(glass, (0.06, 0.06, 0.07), lead)


def _pointillism(size, rng):
    """Dots of unmixed colour that the eye mixes: a bay in the evening, with trees."""
    canvas = _Canvas(size, (0.93, 0.88, 0.76))
    sun = rng.uniform(0.3, 0.7)
    shore = 0.74 + 0.05 * np.sin(rng.uniform(0, 6))

    def colour_at(x, y):
        sky = _mix(_hex("5d83c4")[0], _hex("f6c289")[0], y / 0.48)
        near = np.exp(-((x - sun) ** 2 + (y - 0.36) ** 2) / 0.02)
        sky = _mix(sky, _hex("ffe9a0")[0], near)
        sea = _mix(_hex("e8a86f")[0], _hex("2f6f8f")[0], (y - 0.46) / 0.2)
        sea = _mix(sea, _hex("fff0b5")[0], 0.9 * np.exp(-(((x - sun) / 0.06) ** 2)))
        grass = _mix(_hex("9db84a")[0], _hex("2f6b3d")[0], (y - shore) / 0.25)
        out = np.where((y < 0.46)[:, None], sky, sea)
        bank = shore + 0.04 * np.sin(5 * x + 1)
        out = np.where((y > bank)[:, None], grass, out)
        for cx, top, w in ((0.10, 0.10, 0.15), (0.93, 0.22, 0.12)):
            r = ((x - cx) / w) ** 2 + ((y - top - 0.18) / 0.22) ** 2
            leaf = _mix(
                _hex("6f9a3c")[0], _hex("1f4a4a")[0], r * 0.8 + 0.25 * np.sin(40 * y)
            )
            out = np.where((r < 1)[:, None], leaf, out)
            trunk = (np.abs(x - cx) < 0.014) & (y > top + 0.3) & (y < shore + 0.1)
            out = np.where(trunk[:, None], _hex("5a3550")[0], out)
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


def _constructivism(size, rng):
    """Wedge, disc and bars on the diagonal: red, black and cream, printed on rough
    paper."""
    cream, red, black, grey = _hex("eadfc4", "cf2e22", "1b1a1c", "8f8a80")
    canvas = _Canvas(size, cream)
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
    return _paper(rng, canvas.array(), 0.075)


_PAINTERS = {
    "swirls": _swirls,
    "de_stijl": _de_stijl,
    "waves": _waves,
    "stained_glass": _stained_glass,
    "pointillism": _pointillism,
    "constructivism": _constructivism,
}
STYLES = tuple(_PAINTERS)


def paint(name, size=256, seed=0):
    """Paint one of `STYLES` and return it as (size, size, 3) float32 in [-1, 1].

    The same `name`, `size` and `seed` give the same picture; another `seed` gives
    another picture by the same rule. Raises ValueError for a name that is not in
    `STYLES`, a `size` that is not a whole number from 16 to 2048, or a `seed` that is
    not a whole number >= 0.
    """
    if not isinstance(name, str) or name not in _PAINTERS:
        raise ValueError(
            f"name {name!r} is not a style; choose one of {', '.join(STYLES)}."
        )
    for label, value, low, high in (
        ("size", size, 16, 2048),
        ("seed", seed, 0, 2**32 - 1),
    ):
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        if not whole or not low <= value <= high:
            raise ValueError(
                f"{label} {value!r} must be a whole number from {low} to {high}."
            )
    picture = np.clip(
        _PAINTERS[name](int(size), np.random.default_rng(int(seed))), 0, 1
    )
    image = Image.fromarray(np.round(255 * picture).astype(np.uint8))
    if image.width // size >= 4:  # soften first, so that tiny sizes do not sparkle
        image = image.filter(ImageFilter.BoxBlur(image.width / size / 4))
    image = image.resize((int(size), int(size)), Image.Resampling.LANCZOS)
    return np.asarray(image, dtype=np.float32) / 127.5 - 1.0
