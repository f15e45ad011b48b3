"""What the painters of `helpers._painters` share: a canvas, noise, mixing, paper."""

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import zoom


class Canvas:
    """Draw on a square picture in unit coordinates, at twice the size asked for."""

    def __init__(self, size, background):
        self.size = size
        self.side = 2 * max(size, 192)  # small: draw larger, then shrink smoothly
        self.image = Image.new("RGB", (self.side, self.side), rgb(background))
        self.draw = ImageDraw.Draw(self.image)

    def px(self, points):
        """Return points of the unit square in pixels."""
        return [tuple(p) for p in np.asarray(points, float) * self.side]

    def polygon(self, points, colour):
        """Fill the polygon with these corners."""
        self.draw.polygon(self.px(points), fill=rgb(colour))

    def disc(self, x, y, radius, colour):
        """Fill a disc."""
        box = np.array([x - radius, y - radius, x + radius, y + radius]) * self.side
        self.draw.ellipse(tuple(box), fill=rgb(colour))

    def stroke(self, points, width, colour):
        """Draw a brush stroke: a line with round ends."""
        pixels, w = self.px(points), max(1, round(width * self.side))
        self.draw.line(pixels, fill=rgb(colour), width=w, joint="curve")
        for x, y in (pixels[0], pixels[-1]):
            r = w / 2 - 0.5
            self.draw.ellipse((x - r, y - r, x + r, y + r), fill=rgb(colour))

    def array(self):
        """Return (side, side, 3) float64 in [0, 1]."""
        return np.asarray(self.image, dtype=np.float64) / 255.0


def rgb(colour):
    """Return a colour in [0, 1] as Pillow wants it."""
    return tuple(int(round(255 * c)) for c in np.clip(colour, 0, 1))


def hex(*codes):
    """Return colours written as "15245c" as an array (N, 3) in [0, 1]."""
    return np.array([[int(c[i : i + 2], 16) / 255 for i in (0, 2, 4)] for c in codes])


def smooth_noise(rng, cells, side):
    """Return smooth noise (side, side) in about [-1, 1], of `cells` patches a side."""
    noise = zoom(rng.uniform(-1, 1, (cells + 3, cells + 3)), side / cells, order=3)
    return noise[:side, :side]


def mix(a, b, t):
    """Return colours from `a`, where t is 0 or less, to `b`, where it is 1 or more."""
    t = np.clip(np.asarray(t, float), 0, 1)[..., None]
    return (1 - t) * np.asarray(a) + t * np.asarray(b)


def paper(rng, picture, amount):
    """Lay the grain of paper or canvas over a picture: (S, S, 3) in [0, 1]."""
    side = picture.shape[0]
    grain = 0.7 * smooth_noise(rng, 160, side) + 0.3 * smooth_noise(rng, 24, side)
    return picture + amount * grain[..., None]
