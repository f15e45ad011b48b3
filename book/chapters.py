"""The book's contents as data: every chapter, its line on the map, what it builds on.

The one list of chapters. The menu, the README's table, the map, the pages, the order of
a full run and the workflows are made from it. A chapter counts as ready when its
notebook is there and is no draft; until then the pages show it as planned, without a
link.

    python -m book.chapters     # the ready chapters, in the order their weights need
"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# The mark in a notebook's metadata; inside of a cell its quotes would be escaped.
DRAFT = re.compile(rb'"draft":\s*true')

PARTS = {
    "I": "Learning to generate",
    "II": "DCGAN",
    "III": "Style and translation",
    "IV": "Images as a language",
    "V": "Noise, step by step",
    "VI": "Into the world",
}


@dataclass(frozen=True)
class Chapter:
    """One chapter: two-digit number, slug, short title, one-line idea, part.

    `needs` are the chapters to read before, `uses` those whose weights it loads, and
    `makes` is what its reader has made at the end, for the README.
    """

    number: str
    slug: str
    title: str
    idea: str
    part: str
    needs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    makes: str = ""

    @property
    def name(self) -> str:
        """Return the notebook's name without its ending, such as ``04_dcgan``."""
        return f"{self.number}_{self.slug}"

    @property
    def path(self) -> Path:
        """Return where the notebook is, or will be."""
        return ROOT / "notebooks" / f"{self.name}.ipynb"

    @property
    def ready(self) -> bool:
        """Tell whether the notebook is there, and is no draft (see tools/new.py)."""
        return self.path.is_file() and not DRAFT.search(self.path.read_bytes())


def _chapter(number, slug, title, idea, part, needs="", uses="", makes=""):
    return Chapter(
        number,
        slug,
        title,
        idea,
        part,
        tuple(needs.split()),
        tuple(uses.split()),
        makes,
    )


# fmt: off
CHAPTERS = (
    _chapter("01", "noise_to_image", "From noise to image", "What it means to generate", "I"),
    _chapter("02", "gan_objective", "How do you score a forger?", "What the two networks want", "I",
             makes="The score a GAN plays for, derived and measured"),
    _chapter("03", "losses_and_optimizers", "Losses and optimizers", "Other games, better play",
             "I", "02"),
    _chapter("04", "dcgan", "DCGAN", "Both networks from arithmetic", "II", "02", "06",
             "Both networks from their arithmetic, and a walk through latent space"),
    _chapter("05", "training_loop", "The training loop", "Fifteen lines, then fast", "II",
             "04", "06", "The loop, bare and then fast, that draws digits in two minutes of processor time"),
    _chapter("06", "evaluation", "How good are the pictures?", "A ruler for pictures", "II", "05",
             makes="A calibrated ruler for generated pictures"),
    _chapter("07", "when_gans_fail", "When GANs fail", "Collapse, circling, and cures", "II",
             "05 06"),
    _chapter("08", "conditional_gan", "Conditional GAN", "Ask for a digit by name", "II", "05"),
    _chapter("09", "progressive_growing", "Progressive growing", "Small pictures first", "II",
             "05"),
    _chapter("10", "style_transfer", "Style transfer", "Content and style as numbers", "III",
             makes="A photograph repainted in a style, yours too"),
    _chapter("11", "fast_style_transfer", "Fast style transfer", "One pass, not hundreds", "III",
             "10"),
    _chapter("12", "image_to_image", "Image to image", "A picture as the condition", "III",
             "08 11"),
    _chapter("13", "restoration", "Restoration", "Fill, sharpen, remove noise", "III", "12"),
    _chapter("14", "self_supervised", "Learning without labels", "Guess the hidden part", "IV",
             uses="06", makes="What three quarters of a hidden picture teach, and how a probe must read it"),
    _chapter("15", "image_tokens", "Pictures as words", "A picture as a sentence", "IV", "14", "06",
             "Clothes as sentences of 49 tokens, edited by swapping words"),
    _chapter("16", "image_gpt", "Image GPT", "Predict the next token", "IV", "15", "06 15",
             "Clothes written token by token, half pictures finished, and a model that reads its own source"),
    _chapter("17", "masked_tokens", "Masked tokens", "Predict many at once", "IV", "16",
             "06 15 16", "Whole pictures in a few strokes, holes mended, and the price of haste"),
    _chapter("18", "text_to_image", "Text to image", "Write a line, get a picture", "IV",
             "08 16", makes="Write a sentence, get the picture; which sentences never seen are obeyed, and which code makes it possible"),
    _chapter("19", "diffusion", "Diffusion", "From noise, in small steps", "V", "01 13 18"),
    _chapter("20", "words_and_pictures", "Words and pictures", "One space for both", "V",
             "18 19"),
    _chapter("21", "tuning", "Tuning", "Search without fooling yourself", "VI", "06"),
    _chapter("22", "deployment", "Deployment", "Into a page, a phone, a service", "VI", "05"),
    _chapter("23", "trust", "Trust", "Privacy, robustness, misuse", "VI", "06"),
)
# fmt: on
BY_NUMBER = {chapter.number: chapter for chapter in CHAPTERS}


def ready() -> list[Chapter]:
    """Return the chapters that are written, in the order of their numbers."""
    return [chapter for chapter in CHAPTERS if chapter.ready]


def in_order() -> list[Chapter]:
    """Return the written chapters so that each comes after those whose weights it uses."""
    left, found = ready(), []
    while left:
        made = {chapter.number for chapter in found}
        found.append(next(one for one in left if made.issuperset(one.uses)))
        left.remove(found[-1])
    return found


if __name__ == "__main__":
    print(" ".join(chapter.number for chapter in in_order()))
