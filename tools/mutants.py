"""Break the code on purpose, one place at a time, and see whether a test notices.

    python -m tools.mutants             # the whole table
    python -m tools.mutants sampling    # only those whose file or name holds the word

Each mutant is made in a copy of the book; the tests that should notice it run there. A
mutant that lives is a test that is missing; a mutant whose text is gone from the code
asks for a new line in the table. Exit status 1 if any lives or cannot be made.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from book.chapters import ROOT

STOPPED = "the code is as it was; mutants live in a copy."


class Mutant(NamedTuple):
    """Say what to break: in which file, which text by which, and who should notice."""

    name: str
    file: str
    old: str
    new: str
    tests: str


H, C = "tests/helpers", "tests/checks"
TABLE = (
    Mutant("pictures depend on their batch", "helpers/gan.py",
           "network(z, training=False)", "network(z, training=True)",
           f"{H}/test_gan.py"),
    Mutant("one random number for all steps", "helpers/sampling.py",
           "key = (seed, step)", "key = (seed, 0)", f"{H}/test_sampling.py"),
    Mutant("temperature after top-p", "helpers/sampling.py",
           "tf.nn.softmax(order)", "tf.nn.softmax(order * temperature)",
           f"{H}/test_sampling.py"),
    Mutant("length check one too lenient", "helpers/sampling.py",
           "shape[1] + count > length + 1", "shape[1] + count > length + 2",
           f"{H}/test_sampling.py"),
    Mutant("no dropout on attention", "helpers/transformer.py",
           "x = x + self.drop(found, training=training)", "x = x + found",
           f"{H}/test_transformer.py"),
    Mutant("no dropout on embeddings", "helpers/transformer.py",
           'layers.Dropout(dropout, name="drop")(', 'layers.Dropout(0.0, name="drop")(',
           f"{H}/test_transformer.py"),
    Mutant("tokens begin ten times as wide", "helpers/transformer.py",
           "RandomNormal(stddev=0.02)", "RandomNormal(stddev=0.2)",
           f"{H}/test_transformer.py"),
    Mutant("places begin otherwise", "helpers/transformer.py",
           "initializers.RandomNormal(0.02)", "initializers.RandomNormal(0.0, 0.02)",
           f"{H}/test_transformer.py"),
    Mutant("discriminator without dropout", "helpers/networks.py",
           "x = layers.Dropout(dropout)(x) if dropout else x", "x = x",
           f"{H}/test_networks.py {H}/test_gan.py"),
    Mutant("another slope", "helpers/networks.py",
           "x = layers.LeakyReLU(0.2)(x)", "x = layers.LeakyReLU(0.3)(x)",
           f"{H}/test_networks.py {H}/test_gan.py"),
    Mutant("state written in place", "helpers/store/manifest.py",
           "os.replace(temporary, path)", "shutil.copyfile(temporary, path)",
           f"{H}/test_manifest.py {H}/test_resuming.py"),
    Mutant("kernel's error half", "helpers/metrics.py",
           "4 * second_ab / (m * n)", "2 * second_ab / (m * n)",
           f"{H}/test_metrics.py"),
    Mutant("compare takes the first rows", "helpers/metrics.py",
           "rng.permutation(real)[:count]", "real[:count]",
           f"{H}/test_metrics.py"),
    Mutant("judge passes unclear pictures", "helpers/obedience.py",
           "unclear.mean() > 0.02", "unclear.mean() > 0.3", f"{H}/test_obedience.py"),
    Mutant("judge passes another background", "helpers/obedience.py",
           "> 0.01 * nearest.size", "> 0.2 * nearest.size", f"{H}/test_obedience.py"),
    Mutant("a diagonal is a relation", "helpers/shapes.py",
           "if abs(down) == abs(right):", "if down == right == 0:",
           f"{H}/test_shapes.py {H}/test_obedience.py"),
    Mutant("style weights not normalised", "helpers/style_transfer.py",
           "w / total * relative_distance", "w * relative_distance",
           f"{H}/test_style_transfer.py"),
    Mutant("decoded pictures unclipped", "helpers/tokenizer.py",
           "np.clip(self._run(self.decoder, found, batch_size), -1, 1)",
           "self._run(self.decoder, found, batch_size)", f"{H}/test_tokenizer.py"),
    Mutant("codebook can be trained", "helpers/tokenizer.py",
           "trainable=False", "trainable=True", f"{H}/test_tokenizer.py"),
    Mutant("answers broadcast", "checks/kit.py",
           "value.shape == target.shape and ", "", f"{C}"),
    Mutant("open ends belong to it", "checks/stretches.py",
           "self.low < value < self.high", "self.low <= value <= self.high",
           f"{C}/test_numbers.py"),
    Mutant("chapter 15: the means run the wrong way", "notebooks/15_image_tokens.ipynb",
           "counts = d * layer.counts + (1 - d) *",
           "counts = (1 - d) * layer.counts + d *",
           "tests/house/test_chapter_15.py"),
    Mutant("chapter 15: straight through no more", "notebooks/15_image_tokens.ipynb",
           "return x + ops.stop_gradient(q - x)", "return q + ops.stop_gradient(x - q)",
           "tests/house/test_chapter_15.py"),
    Mutant("chapter 05: any g_loss passes", "checks/ch05.py",
           "if not close(g_loss, -generated.mean()):", "if False:", C),
    Mutant("chapter 18: a wide tolerance", "checks/ch18.py", "1e-5", "0.3", C),
    Mutant("chapter 18: 270 for 272", "checks/ch18.py", "272", "270", C),
    Mutant("a moved copy is no copy", "tools/board.py",
           "(places + by[:, None]) % SIDE", "(places + 0 * by[:, None]) % SIDE",
           "tests/house/test_board.py"),
    Mutant("the interval of one group", "tools/board.py",
           "np.sqrt((GROUPS - 1) * np.var(left))", "np.sqrt(np.var(left))",
           "tests/house/test_board.py"),
    Mutant("a bar ends the cell", "tools/page_text.py",
           "`{|}", "`{}", "tests/house/test_board.py"),
)  # fmt: skip


def copy(folder: Path) -> None:
    """Put what git knows of, and what it does not ignore, into `folder`."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "-z"],
        capture_output=True, check=True, text=True,
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, listed):
        source, target = ROOT / name, folder / name
        if not source.is_file():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if name.startswith("helpers/assets/"):
            os.link(source, target) if _same_disk(source, folder) else shutil.copy2(
                source, target
            )
        else:
            shutil.copy2(source, target)


def _same_disk(one: Path, other: Path) -> bool:
    return one.stat().st_dev == other.stat().st_dev


def tried(tests: Iterable[str], folder: Path) -> int:
    """Run tests in the copy and return pytest's exit status."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, *tests],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
    ).returncode


def lives(mutant: Mutant, folder: Path) -> str:
    """Return what became of a mutant: "killed", "LIVES" or why it cannot be made."""
    path = folder / mutant.file
    before = path.read_text("utf8")
    count = before.count(mutant.old)
    if count == 0:
        return "its text is gone: write a new line into tools/mutants.py"
    path.write_text(before.replace(mutant.old, mutant.new), "utf8")
    status = tried(mutant.tests.split(), folder)
    path.write_text(before, "utf8")
    if status not in (0, 1):
        return f"pytest could not run {mutant.tests}"
    return "killed" if status else "LIVES"


def main(words: list[str]) -> int:
    """Run the table, or the part of it that the words choose."""
    chosen = [m for m in TABLE if not words or any(w in m.name + m.file for w in words)]
    verdicts = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        folder = Path(name)
        copy(folder)
        if tried(sorted({t for m in chosen for t in m.tests.split()}), folder):
            print("The tests fail on the code as it is: mend that first (make unit).")
            return 1
        for mutant in chosen:
            started = time.perf_counter()
            verdicts.append(lives(mutant, folder))
            seconds = time.perf_counter() - started
            told = f"{mutant.name:34s}{mutant.file:30s}{seconds:5.0f} s  {verdicts[-1]}"
            print(told, flush=True)
    killed = verdicts.count("killed")
    print(f"mutants: {killed} killed, {len(verdicts) - killed} not")
    return 0 if killed == len(verdicts) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
