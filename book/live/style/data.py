"""The grid of repainted pictures of chapter 10, with the pictures they were made of."""

import io

import numpy as np
from PIL import Image

from book.live.lib import weights as live_weights
from helpers import data, images, style_transfer
from helpers.store import packing, records

NAME = "10/grid"
ASSETS = [NAME]
QUALITY = 92  # of the three pictures beside the grid, which it has not


def jpeg(picture: np.ndarray) -> np.ndarray:
    """Return a picture (H, W, 3) in [-1, 1] as the bytes of a JPEG."""
    file = io.BytesIO()
    Image.fromarray(images.to_uint8(picture)).save(
        file, "JPEG", quality=QUALITY, subsampling=0
    )
    return np.frombuffer(file.getvalue(), np.uint8)


def files() -> dict[str, bytes]:
    """Return the files that this figure fetches."""
    record = records.shipped(NAME)
    settings, values = record.settings, packing.values_of(record)
    (photo, painting), size = settings["pair"], settings["size"]
    content, style = data.picture(photo, size), data.style(painting, size)
    told = {name: settings[name] for name in ("size", "steps", "weights", "starts")}
    told |= {
        "layers": list(settings["layers"]),
        "parts": [list(part) for part in settings["layers"].values()],
        "content": np.round(values["content"].astype(float), 4).tolist(),
        "style": np.round(values["style"].astype(float), 4).tolist(),
    }
    return {
        "grid.bin": live_weights.pack(
            told,
            {
                "sprite": values["sprite"],
                "photograph": jpeg(content),
                "painting": jpeg(style),
                "recoloured": jpeg(style_transfer.match_colours(content, style)),
            },
        )
    }
