"""Speed of the GAN's step, of drawing pictures and of saving. Run: python
benchmarks/bench_gan.py

A step's time is the fastest of several rounds: other work on the machine can only add
to it.
"""

import tempfile
import time

import numpy as np

from helpers import gan, runtime

keras, tf = runtime.keras, runtime.tf
REAL = np.tanh(np.random.default_rng(0).standard_normal((256, 28, 28, 1))).astype(
    "float32"
)


def make(width=32, head=64, dropout=0.3):
    model = gan.NonSaturatingGAN(
        gan.build_generator(width=width),
        gan.build_discriminator(width, head=head, dropout=dropout),
        latent_dim=64,
    )
    model.compile(*(keras.optimizers.Adam(1e-3, beta_1=0.5) for _ in range(2)))
    return model


def fastest(function, rounds=20):
    function()
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def main():
    print(
        f"{runtime.device()}, TensorFlow {tf.__version__}, Keras {keras.__version__}; "
        f"matrix product {runtime.matmul_gflops():.0f} GFLOP/s"
    )
    for width in (16, 32, 64):
        for batch_size in (64, 256):
            batch, step = (
                tf.constant(REAL[:batch_size]),
                tf.function(make(width).train_step),
            )
            seconds = fastest(lambda step=step, batch=batch: step(batch))
            print(
                f"train_step  width {width:3}  batch {batch_size:3}  "
                f"{1e3 * seconds:7.1f} ms  {batch_size / seconds:7.0f} images/s"
            )
    model = make()
    seconds = fastest(lambda: model.generate(2_000), rounds=5)
    print(f"generate    2,000 images            {2_000 / seconds:7.0f} images/s")
    with tempfile.TemporaryDirectory() as folder:
        callback = gan.ResumeTraining(folder)
        callback.set_model(model)
        callback.restore(model)
        seconds = fastest(lambda: callback.on_epoch_end(0, {}), rounds=5)
        size = callback.path.stat().st_size
        print(f"ResumeTraining saves {size / 1e6:.1f} MB in {1e3 * seconds:.0f} ms")


if __name__ == "__main__":
    main()
