"""The book's contents as data: every chapter, its line on the map, and what it builds
on.

The map, the lists on the pages and their tests read this. A chapter counts as ready
when its notebook is there; until then the pages show it as planned, without a link.
"""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

PARTS = {
    "I": "Learning to generate",
    "II": "DCGAN",
    "III": "Style and translation",
    "IV": "Images as a language",
    "V": "Into the world",
}


@dataclass(frozen=True)
class Chapter:
    """One chapter: two-digit number, slug, short title, one-line idea, part, what it
    needs."""

    number: str
    slug: str
    title: str
    idea: str
    part: str
    needs: tuple[str, ...] = ()

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
        """Tell whether the notebook is there."""
        return self.path.is_file()


CHAPTERS = (
    Chapter(
        "01", "noise_to_image", "From noise to image", "What it means to generate", "I"
    ),
    Chapter("02", "gan_objective", "The objective", "What the two networks want", "I"),
    Chapter(
        "03",
        "losses_and_optimizers",
        "Losses and optimizers",
        "Other games, better play",
        "I",
        ("02",),
    ),
    Chapter("04", "dcgan", "DCGAN", "Both networks from arithmetic", "II", ("02",)),
    Chapter(
        "05",
        "training_loop",
        "The training loop",
        "Fifteen lines, then fast",
        "II",
        ("04",),
    ),
    Chapter("06", "evaluation", "Evaluation", "A ruler for pictures", "II", ("05",)),
    Chapter(
        "07",
        "when_gans_fail",
        "When GANs fail",
        "Collapse, circling, and cures",
        "II",
        ("05", "06"),
    ),
    Chapter(
        "08",
        "conditional_gan",
        "Conditional GAN",
        "Ask for a digit by name",
        "II",
        ("05",),
    ),
    Chapter(
        "09",
        "progressive_growing",
        "Progressive growing",
        "Small pictures first",
        "II",
        ("05",),
    ),
    Chapter(
        "10", "style_transfer", "Style transfer", "Content and style as numbers", "III"
    ),
    Chapter(
        "11",
        "fast_style_transfer",
        "Fast style transfer",
        "One pass, not hundreds",
        "III",
        ("10",),
    ),
    Chapter(
        "12",
        "image_to_image",
        "Image to image",
        "A picture as the condition",
        "III",
        ("08", "11"),
    ),
    Chapter(
        "13",
        "restoration",
        "Restoration",
        "Fill, sharpen, remove noise",
        "III",
        ("12",),
    ),
    Chapter(
        "14",
        "self_supervised",
        "Self-supervision",
        "Guess the hidden part",
        "IV",
    ),
    Chapter(
        "15",
        "image_tokens",
        "Image tokens",
        "A picture as a sentence",
        "IV",
        ("14",),
    ),
    Chapter("16", "image_gpt", "Image GPT", "Predict the next token", "IV", ("15",)),
    Chapter(
        "17",
        "masked_tokens",
        "Masked tokens",
        "Predict many at once",
        "IV",
        ("16",),
    ),
    Chapter(
        "18",
        "text_to_image",
        "Text to image",
        "Write a line, get a picture",
        "IV",
        ("08", "16"),
    ),
    Chapter(
        "19",
        "diffusion",
        "Diffusion",
        "From noise, in small steps",
        "IV",
        ("01", "13", "18"),
    ),
    Chapter("20", "tuning", "Tuning", "Search without fooling yourself", "V", ("06",)),
    Chapter(
        "21",
        "deployment",
        "Deployment",
        "Into a page, a phone, a service",
        "V",
        ("05",),
    ),
    Chapter("22", "trust", "Trust", "Privacy, robustness, misuse", "V", ("06",)),
)
BY_NUMBER = {chapter.number: chapter for chapter in CHAPTERS}
