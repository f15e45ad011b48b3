"""The paintings keep their contract, and each shows the rule it was drawn by."""

import numpy as np
import pytest
from skimage.color import rgb2gray, rgb2lab
from skimage.feature import structure_tensor, structure_tensor_eigenvalues
from skimage.transform import resize

from helpers import paintings


def coherence(picture):
    """Mean anisotropy of the structure tensor: 1 for parallel strokes, 0 for no
    direction."""
    tensor = structure_tensor(rgb2gray((picture + 1) / 2), sigma=3, order="rc")
    large, small = structure_tensor_eigenvalues(tensor)
    return np.average((large - small) / (large + small + 1e-9), weights=large)


@pytest.mark.parametrize("name", paintings.STYLES)
def test_contract(name):
    picture = paintings.paint(name, 64, 3)
    assert picture.shape == (64, 64, 3) and picture.dtype == np.float32
    assert picture.min() >= -1 and picture.max() <= 1
    assert picture.std() > 0.2  # a picture, not a wash
    np.testing.assert_array_equal(picture, paintings.paint(name, 64, 3))
    assert np.abs(picture - paintings.paint(name, 64, 4)).mean() > 0.02


@pytest.mark.parametrize("name", paintings.STYLES)
def test_same_painting_at_another_size(name):
    small = paintings.paint(name, 64, 1).ravel()
    large = resize(paintings.paint(name, 256, 1), (64, 64), anti_aliasing=True).ravel()
    assert np.corrcoef(small, large)[0, 1] > 0.93


def test_strokes_follow_the_flow_and_dots_do_not():
    assert (
        coherence(paintings.paint("swirls"))
        > coherence(paintings.paint("pointillism")) + 0.2
    )


def test_de_stijl_uses_few_colours():
    colours = (paintings.paint("de_stijl", 128) + 1).reshape(-1, 3) / 2
    palette = (
        np.array(
            [
                [208, 31, 38],
                [29, 63, 148],
                [244, 200, 21],
                [242, 237, 224],
                [18, 18, 20],
            ]
        )
        / 255
    )
    near = np.linalg.norm(colours[:, None] - palette, axis=-1).min(1) < 0.2
    assert near.mean() > 0.9
    dots = (paintings.paint("pointillism", 128) + 1).reshape(-1, 3) / 2
    assert (np.linalg.norm(dots[:, None] - palette, axis=-1).min(1) < 0.2).mean() < 0.4


def test_stained_glass_is_panes_between_dark_lead():
    lab = rgb2lab((paintings.paint("stained_glass") + 1) / 2)
    dark = lab[..., 0] < 15
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    assert 0.1 < dark.mean() < 0.4
    assert np.median(chroma[~dark]) > 40 > 20 > np.median(chroma[dark])


@pytest.mark.parametrize(
    ("arguments", "kind", "word"),
    [
        (("cubism",), ValueError, "name"),
        (("waves", 0), ValueError, "size"),
        (("waves", 12.5), ValueError, "size"),
        (("waves", True), TypeError, "size"),
        (("waves", 9000), ValueError, "size"),
        (("waves", 64, -1), ValueError, "seed"),
        (("waves", 64, "a"), TypeError, "seed"),
        ((["waves"],), ValueError, "name"),
    ],
)
def test_refusals_name_the_argument(arguments, kind, word):
    with pytest.raises(kind, match=word) as caught:
        paintings.paint(*arguments)
    assert str(caught.value).count(".") == 1 or "12.5" in str(caught.value)
