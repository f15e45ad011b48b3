"""Draw the welcome page's picture: a walk of latent vectors, and the digits made from
them.

    python -m tools.make_welcome

The generator is the one that chapter 04 trained and ships. The walk goes along the
sphere through three random vectors; of eight seeds for them this is the one that was
kept.
"""

import numpy as np
from PIL import Image

from helpers import zoo
from tools.make_pages import PICTURES

MODEL = "04/digits-dcgan"
PATH = PICTURES / "welcome.png"
SEED, STEPS, SIDE, GAP = 1, 12, 112, 6
LOW, HIGH = (
    np.array([0, 114, 178.0]),
    np.array([213, 94, 0.0]),
)  # the book's blue and orange


def walk(latent_dim: int) -> np.ndarray:
    """Return latent vectors (STEPS, latent_dim) along the sphere through three random
    ones."""
    stops = np.random.default_rng(SEED).standard_normal((3, latent_dim))
    found = []
    for t in np.linspace(0, 2, STEPS):
        start, end = stops[min(int(t), 1)], stops[min(int(t), 1) + 1]
        t -= min(int(t), 1)
        cosine = start @ end / np.linalg.norm(start) / np.linalg.norm(end)
        angle = np.arccos(cosine)
        found.append(
            (np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / np.sin(angle)
        )
    return np.array(found, np.float32)


def enlarge(image: np.ndarray) -> np.ndarray:
    """Return a small square uint8 picture (h, h, 3) at SIDE pixels, each pixel kept a
    square."""
    return np.asarray(
        Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.NEAREST)
    )


def latent_tile(latents: np.ndarray) -> np.ndarray:
    """Return one latent vector as a square of colours: blue below zero, orange
    above."""
    side = int(np.ceil(np.sqrt(latents.size)))
    values = np.zeros(side * side)
    values[: latents.size] = np.clip(latents / 2.5, -1, 1)
    end = np.where(values[:, None] < 0, LOW, HIGH)
    colours = 255 + np.abs(values)[:, None] * (end - 255)
    return enlarge(np.rint(colours).astype(np.uint8).reshape(side, side, 3))


def draw() -> np.ndarray:
    """Return the picture as uint8 (H, W, 4): latents above, digits below, clear gaps
    between."""
    generator = zoo.load(MODEL)
    latents = walk(generator.input_shape[-1])
    digits = np.asarray(generator(latents, training=False))
    grey = np.rint((digits + 1) * 127.5).clip(0, 255).astype(np.uint8)
    canvas = np.zeros((2 * SIDE + 3 * GAP, STEPS * (SIDE + GAP) - GAP, 4), np.uint8)
    for i in range(STEPS):
        left = i * (SIDE + GAP)
        digit = enlarge(np.repeat(grey[i], 3, axis=-1))
        for top, tile in ((0, latent_tile(latents[i])), (SIDE + 3 * GAP, digit)):
            canvas[top : top + SIDE, left : left + SIDE, :3] = tile
            canvas[top : top + SIDE, left : left + SIDE, 3] = 255
    return canvas


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    Image.fromarray(draw()).save(PATH, optimize=True)
    print(f"wrote {PATH.name}, {PATH.stat().st_size:,} bytes")
