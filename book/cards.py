"""What a card of the first page shows of its chapter's first picture, and its words.

A card is small: it shows the part that can be read at that size, twice as wide as it is
high, and its text alternative tells of that part alone. The part is given by its left,
top and right edge as shares of the picture's width and height. A chapter that is not
listed shows its whole picture with the words of its notebook.
"""

from dataclasses import dataclass

ASPECT = 2  # width : height of every card's picture


@dataclass(frozen=True)
class Part:
    """One card's part of a picture: edges as shares, and what it shows."""

    left: float
    top: float
    right: float
    alt: str

    def style(self, width: int, height: int) -> str:
        """Return the CSS that shows this part of a picture of that size."""
        wide = self.right - self.left
        across = (100 / wide, -100 * self.left / wide)
        down = -100 * self.top * height / (width * wide)
        return f"width:{across[0]:.2f}%;margin:{down:.2f}% 0 0 {across[1]:.2f}%"

    def bottom(self, width: int, height: int) -> float:
        """Return the lower edge as a share of the picture's height."""
        return self.top + (self.right - self.left) * width / (ASPECT * height)


PARTS = {
    "02": Part(
        0.08,
        0.04,
        1,
        "Orange paths begin together and part into two streams, over a shade "
        "of the detective's belief; at the right edge the two hills that they "
        "make.",
    ),
    "04": Part(
        0.007,
        0.2,
        0.925,
        "Six rows of handwritten digits; each row turns one digit into the next.",
    ),
    "05": Part(
        0.005,
        0.118,
        0.668,
        "Four rows of handwritten digits drawn by a generator of this "
        "chapter; most are clear.",
    ),
    "06": Part(
        0.24,
        0.422,
        1,
        "A dress and a shoe at four moments of a generator's training: they "
        "come out of the mist.",
    ),
    "10": Part(
        0.275,
        0.04,
        0.985,
        "A Chinese pavilion, repainted in the violet, the yellow and the strokes "
        "of a painting by van Gogh.",
    ),
    "14": Part(
        0.297,
        0.02,
        0.82,
        "Six pieces of clothing: a few patches of each on blue, the whole as "
        "the network paints it, and the piece itself.",
    ),
    "15": Part(
        0.135,
        0.02,
        0.785,
        "Six pieces of clothing, each as a map of coloured tiles, and painted "
        "again from the tiles.",
    ),
    "16": Part(
        0.227,
        0.117,
        1,
        "Four rows of clothes that a model wrote token by token, from "
        "pullover to boot.",
    ),
    "17": Part(
        0.334,
        0.087,
        1,
        "Three pieces of clothing that come into being in six strokes, from "
        "scattered patches to the whole.",
    ),
    "18": Part(
        0.5,
        0.1,
        1,
        "Two pictures painted from sentences: a green cross to the left of a large "
        "yellow square, and three blue squares.",
    ),
}
