"""The board: what a stranger sends is refused with a reason, or measured right."""

import copy
import datetime
import io
import json
import subprocess
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.myst_blocks import myst_block_plugin
from mdit_py_plugins.myst_role import myst_role_plugin
from PIL import Image

from helpers import data, images, metrics
from helpers.store import records
from tools import board, board_entries, board_new, board_page, make_pages, page_text

ENTRY = {
    "name": "Ada",
    "title": "Small shifts",
    "sentence": "The discriminator sees every picture moved by a pixel.",
    "licence": "CC BY 4.0",
    "code": "https://github.com/ada/digits/tree/0123abc",
    "date": "2026-11-24",
    "settings": {"batch": 64, "rate": 1e-3, "loss": "hinge"},
    "seconds_of_two_cores": 287.4,
    "device": "Core i5-8250U",
    "cores": 4,
    "seed": 3,
    "claimed": {"frechet": 6.1},
    "picture_shows": "Sixty generated digits in five rows of twelve.",
}


def random_digits(seed=0):
    """Return what no generator would draw, and no two alike; small when packed."""
    digits = np.zeros((5000, 28, 28), np.uint8)
    rng = np.random.default_rng(seed)
    digits[:, 9:17, 9:17] = rng.integers(0, 255, (5000, 8, 8), np.uint8)
    return digits


SHEET = board_new.png(board_entries.to_sheet(random_digits()))
PICTURE = board_new.png(board_new.enlarged(random_digits()[:60]))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return the folder of a good entry, not measured yet, on a board of its own."""
    monkeypatch.setattr(board_entries, "BOARD", tmp_path / "book" / "board")
    made = board_entries.BOARD / "ada"
    made.mkdir(parents=True)
    (made / "samples.png").write_bytes(SHEET)
    (made / "picture.png").write_bytes(PICTURE)
    (made / "entry.json").write_text(json.dumps(ENTRY), "utf8")
    return made


def put(folder, **changes):
    """Write the entry anew with other values; None takes a key out."""
    entry = {
        key: value for key, value in (ENTRY | changes).items() if value is not None
    }
    (folder / "entry.json").write_text(json.dumps(entry), "utf8")


def faults(folder):
    found = board_entries.faults(folder.name)
    assert all(one.endswith(".") and "\n" not in one for one in found), found
    return " ".join(found)


# --- the entries that are there


@pytest.mark.parametrize("name", board_entries.names())
def test_a_stored_entry_is_good_and_measured(name):
    assert board_entries.faults(name) == []
    entry = board_entries.read(name)
    assert not board_entries.competes(entry) or "measured" in entry


@pytest.mark.slow
def test_the_book_s_own_entries_are_what_its_generators_draw():
    """Measured anew, and beside the card, which floats were measured for."""
    for name in ("dcgan", "training-loop"):
        stored = board_entries.read(name)
        entry, picture = board.own_entry(board.OWN[name])
        for key, value in entry["measured"].items():
            if isinstance(value, float):
                assert stored["measured"][key] == pytest.approx(value, abs=0.01), key
        assert stored.keys() == entry.keys()
        shown = np.asarray(
            board_entries.picture(board_entries.BOARD / name / "picture.png")
        )
        drawn = np.asarray(Image.open(io.BytesIO(picture)))
        assert np.abs(shown.astype(int) - drawn).max() <= 2
        card = records.card(entry["model"])["metrics"]
        assert entry["measured"]["frechet"] == pytest.approx(card["frechet"], abs=0.02)
        assert not board.claim_faults(stored["claimed"], entry["measured"])


# --- refused, with a sentence


def test_the_example_has_no_fault(folder):
    assert faults(folder) == ""


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": None}, "lacks 'title'"),
        ({"seconds_of_two_cores": None}, "lacks 'seconds_of_two_cores'"),
        ({"extra": 1}, "'extra', which an entry does not say"),
        ({"seconds_of_two_cores": 300.5}, "over the 300"),
        ({"seconds_of_two_cores": 10**400}, "over the 300"),
        ({"seconds_of_two_cores": 0}, "from 1 to 300"),
        ({"seconds_of_two_cores": "fast"}, "must be a number"),
        ({"seconds_of_two_cores": True}, "must be a number"),
        ({"device": "NVIDIA T4"}, "processors alone"),
        ({"device": "Core i9 and a gpu"}, "processors alone"),
        ({"cores": 2.5}, "whole number"),
        ({"seed": -1}, "from 0"),
        ({"licence": "all mine"}, "licence must be one of"),
        ({"licence": ["CC0 1.0"]}, "licence must be one of"),
        ({"date": "2099-01-01"}, "yet to come"),
        ({"date": "2026-02-30"}, "must be a day"),
        ({"date": "2026-W48-1"}, "must be a day"),
        ({"date": "1999-01-01"}, "before the book"),
        ({"date": 20261124}, "must be a day"),
        ({"code": "http://example.org/a"}, "https"),
        ({"code": "https://a.org/x) <script>"}, "plain letters"),
        ({"code": "https://a.org/../x"}, "plain letters"),
        ({"code": "javascript:alert(1)"}, "https"),
        ({"title": "<b>Bold</b> shifts"}, "without HTML"),
        ({"title": "Small &lt;shifts"}, "without HTML"),
        ({"sentence": "Two lines,\nthe second of which breaks the table."}, "U+000A"),
        ({"name": "Ada\u202e"}, "U+202E"),
        ({"name": "A\x1b[2Jda"}, "U+001B"),
        ({"name": "A\ud800da"}, "U+D800"),
        ({"name": "A" + "\u0301" * 9}, "heaps marks"),
        ({"name": "..."}, "no letter"),
        ({"name": "The Book"}, "book's own"),
        ({"model": "05/digits-dcgan"}, "book's own"),
        ({"title": "See https://spam.example"}, "an address"),
        ({"sentence": "The best digits you have ever seen!"}, "calm"),
        ({"sentence": "A sentence that does not end"}, "full stop"),
        ({"sentence": "Long. " * 60}, "20 to 240"),
        ({"title": 7}, "a text of"),
        ({"settings": {}}, "1 to 40"),
        ({"settings": {"a b": 1}}, "letters, digits and _"),
        ({"settings": {"layers": [1, 2]}}, "number or a short text"),
        ({"claimed": {}}, "claimed must say"),
        ({"claimed": {"frechet": "low"}}, "claimed frechet"),
        ({"claimed": {"frechet": 6, "precision": 1.2}}, "claimed precision"),
        ({"chapter": "03"}, "written chapter"),
        ({"chapter": "../05"}, "written chapter"),
        ({"measured": {"frechet": 0.1}}, "measured is not as --add"),
        ({"measured": "best"}, "measured must be"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_told_why(folder, changes, said):
    put(folder, **changes)
    assert said in faults(folder)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no good JSON"),
        ("[1]", "one object"),
        ('{"seed": NaN}', "NaN is no number"),
        ('{"seed": 1, "seed": 2}', "'seed' twice"),
        ("[" * 9000, "no good JSON"),
        ('{"name": "' + "a" * 30_000 + '"}', "over the 20,000"),
    ],
)
def test_json_that_cannot_be_is_told(folder, text, said):
    (folder / "entry.json").write_text(text, "utf8")
    assert said in faults(folder)


@pytest.mark.parametrize("name", ["../ada", "Ada", "a/b", "", ".", "a" * 41, "-a", "ä"])
def test_a_name_is_no_path(folder, name):
    assert "small letters" in board_entries.faults(name)[0]


def test_files_that_do_not_belong_are_refused(folder, tmp_path):
    (folder / "run.py").write_text("print()")
    assert "'run.py' does not belong" in faults(folder)
    (folder / "run.py").unlink()
    outside = tmp_path / "outside.png"
    outside.write_bytes(PICTURE)
    (folder / "picture.png").unlink()
    (folder / "picture.png").symlink_to(outside)
    assert "no link" in faults(folder)
    linked = board_entries.BOARD / "linked"
    linked.symlink_to(folder)
    assert "no folder book/board/linked" in board_entries.faults("linked")[0]


def sheet(pixels, **options):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, **({"format": "PNG"} | options))
    return buffer.getvalue()


FEW = board_entries.to_sheet(random_digits()[:4000])
EXIF = Image.Exif()
EXIF[0x010E] = "at home"


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("samples.png", sheet(FEW), "it holds 4,000 digits of the 5,000"),
        ("samples.png", sheet(np.zeros((28, 28, 3), np.uint8)), "it holds 1 digits"),
        ("samples.png", sheet(np.zeros((2800, 1401), np.uint8)), "must be 1400 x 2800"),
        ("samples.png", sheet(np.zeros((2800, 1400, 3), np.uint8)), "the mode RGB"),
        ("samples.png", sheet(np.zeros((2800, 1400), np.uint16)), "the mode I;16"),
        ("samples.png", SHEET[:-30], "no whole PNG"),
        ("samples.png", SHEET + b"PK\x03\x04", "has more behind it"),
        ("samples.png", b"GIF89a" + board_entries.PNG_END, "not a PNG that can be read"),
        ("samples.png", SHEET[:90_000] + SHEET[-12:], "a damaged PNG"),
        ("samples.png", SHEET + b"\0" * 3_000_000, "over the 3,000,000"),
        ("picture.png", sheet(np.zeros((300, 300, 4), np.uint8)), "the mode RGBA"),
        ("picture.png", sheet(np.zeros((20, 20, 3), np.uint8)), "200 to 1600 wide"),
        ("picture.png", PICTURE + b"\0" * 200_000, "over the 200,000"),
        ("picture.png", sheet(np.zeros((300, 300), np.uint8), exif=EXIF), "camera's"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_wrong_file_is_told_why(folder, file, content, said):
    (folder / file).write_bytes(content)
    assert said in faults(folder)


def test_a_picture_alone_is_an_entry_of_the_gallery(folder, capsys):
    (folder / "samples.png").unlink()
    runs = dict.fromkeys(board_entries.COMPETES)
    put(folder, **runs)
    assert "lacks 'chapter'" in faults(folder)
    put(folder, **runs, chapter="10")
    assert faults(folder) == ""
    assert board.main(["ada"]) == 0 and "gallery" in capsys.readouterr().out
    (folder / "picture.png").unlink()
    assert "neither samples.png" in faults(folder)


# --- copies


def real(split="train"):
    return images.to_uint8(data.digits(split)[0]).reshape(-1, 28, 28)


def moved(digits):
    return np.roll(digits, (1, -2), axis=(1, 2))


def noisy(digits):
    noise = np.random.default_rng(0).normal(0, 25, digits.shape)
    return np.clip(digits + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("digits", "said"),
    [
        (lambda: real()[:5000], "5000 of the digits are pictures"),
        (lambda: moved(real()[:5000]), "come with the book"),
        (lambda: noisy(real()[:5000]), "nearer to a training digit"),
        (lambda: noisy(np.resize(real("test"), (5000, 28, 28))), "nearer to a test"),
        (lambda: np.resize(random_digits()[:2500], (5000, 28, 28)), "50.0% of"),
        (lambda: 255 - real()[:5000], "invert them"),
        (lambda: (real()[:5000] > 99).astype(np.uint8), "all black"),
        (lambda: np.full((5000, 28, 28), 9, np.uint8), "all one grey"),
    ],
)  # fmt: skip
def test_what_no_generator_drew_is_refused(digits, said):
    with pytest.raises(ValueError, match=said):
        board.measure(digits())


def test_an_honest_digit_is_no_copy():
    """Unseen digits lie so near to training digits as the mark says: one in twenty."""
    found = board.nearer(
        board.centred(real("test")),
        board.centred(real()[:4000]),
        board.centred(real("validation")),
    )
    assert abs(found - board.CLOSE) < 0.02


def test_nearest_is_the_distance_of_the_nearest_row():
    rng = np.random.default_rng(0)
    points, bank = rng.normal(size=(7, 5)), rng.normal(size=(9, 5))
    wanted = [min(np.sqrt(np.mean((p - b) ** 2)) for b in bank) for p in points]
    np.testing.assert_allclose(board.nearest(points, bank), wanted)


# --- measuring


def test_the_interval_is_the_luck_of_the_drawing():
    """Its width fits how far the distance moves when the pictures are drawn anew."""
    rng = np.random.default_rng(0)
    fixed = rng.normal(size=(500, 4))
    draws = [rng.normal(0.5, 1, size=(1000, 4)) for _ in range(120)]
    scatter = np.std([metrics.frechet_distance(one, fixed) for one in draws], ddof=1)
    widths = []
    for one in draws[:40]:
        value, low, high = board.interval(one, fixed)
        assert low < value < high
        widths.append((high - low) / 2 / 1.96)
    assert 0.8 < np.mean(widths) / scatter < 1.25


def test_a_claim_must_be_what_is_measured():
    measured = {"frechet": 6.05, "precision": 0.757, "recall": 0.902}
    assert board.claim_faults({"frechet": 6.09, "precision": 0.76}, measured) == []
    (said,) = board.claim_faults({"frechet": 5.9, "recall": 0.9}, measured)
    assert "claimed as 5.9 and measured as 6.050, further apart than 0.05" in said


@pytest.mark.slow
def test_from_digits_in_a_file_to_a_row_of_the_page(
    folder, tmp_path, monkeypatch, capsys
):
    """What a reader does: --new, fill in, --add; and what a forger then cannot."""
    digits = board.drawn("05/digits-dcgan", 7)
    np.save(tmp_path / "digits.npy", images.from_uint8(digits[..., None]))
    samples = ["--samples", str(tmp_path / "digits.npy")]
    assert board.main(["--new", "ada-anew", *samples]) == 0
    assert board.main(["--new", "ada-anew", *samples]) == 1
    assert "is there already" in capsys.readouterr().err
    made = board_entries.BOARD / "ada-anew"
    np.testing.assert_array_equal(board_entries.samples(made / "samples.png"), digits)
    assert board.main(["ada-anew"]) == 1
    told = capsys.readouterr().err
    assert "sentence must be" in told and "seconds_of_two_cores must be" in told

    put(made, claimed={"frechet": 1.0})
    assert board.main(["ada-anew", "--add"]) == 1
    told = capsys.readouterr()
    assert "claimed as 1 and measured as" in told.err and "floor 0.20" in told.out
    measured = float(told.out.split("Fréchet ")[1].split()[0])
    put(made, claimed={"frechet": measured})
    assert board.main([str(made), "--add"]) == 0
    entry = board_entries.read("ada-anew")
    assert entry["measured"]["frechet"] == pytest.approx(measured, abs=0.01)

    forged = copy.deepcopy(entry)
    forged["measured"] |= {"frechet": 0.5, "low": 0.4, "high": 0.6}
    (made / "entry.json").write_text(json.dumps(forged), "utf8")
    assert board.main(["ada-anew"]) == 1
    assert "other numbers (frechet, low, high)" in capsys.readouterr().err
    (made / "entry.json").write_text(json.dumps(entry), "utf8")
    (made / "samples.png").write_bytes(SHEET)
    assert "belongs to other digits" in faults(made)


# --- digits of a reader


def saved(folder, array, name="digits.npy"):
    path = folder / name
    np.save(path, array, allow_pickle=True)
    return str(path)


def test_a_reader_s_array_may_be_floats_or_bytes(tmp_path):
    digits = random_digits()
    floats = images.from_uint8(digits[..., None])
    for array in (digits, digits[..., None], floats, floats.astype(np.float64)):
        np.testing.assert_array_equal(board_new.load(saved(tmp_path, array)), digits)
    np.savez(tmp_path / "one.npz", pictures=digits)
    np.testing.assert_array_equal(board_new.load(str(tmp_path / "one.npz")), digits)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((4999, 28, 28, 1), "f4"), "got 4,999: draw more"),
        (np.zeros((5001, 28, 28, 1), "f4"), "got 5,001: take the first"),
        (np.zeros((5000, 32, 32, 1), "f4"), "must have shape"),
        (np.zeros((5000, 28, 28, 3), "f4"), "must have shape"),
        (np.zeros((5000, 784), "f4"), "must have shape"),
        (np.full((5000, 28, 28), np.nan, "f4"), "NaN"),
        (np.linspace(0, 255, 5000, dtype="f4")[:, None, None] + np.zeros((28, 28)), "got float64 .* from 0 to 255"),
        (np.linspace(0, 1, 5000, dtype="f4")[:, None, None] + np.zeros((28, 28)), "from 0 to 1"),
        (np.zeros((5000, 28, 28), int), "floats in .* or uint8, got int64"),
        (np.zeros((5000, 28, 28), bool), "got bool"),
        (np.zeros((5000, 28, 28), complex), "got complex128"),
        (np.array([{"a": 1}], object), "plain numbers"),
    ],
)  # fmt: skip
def test_a_reader_s_wrong_array_is_told_why(tmp_path, array, said):
    with pytest.raises(ValueError, match=said):
        board_new.load(saved(tmp_path, array))


def test_a_reader_s_wrong_file_is_told_why(tmp_path):
    with pytest.raises(ValueError, match="is not there"):
        board_new.load(str(tmp_path / "none.npy"))
    (tmp_path / "text.npy").write_text("digits")
    with zipfile.ZipFile(tmp_path / "photos.npz", "w") as file:
        file.writestr("a.txt", "a")
    for name in ("text.npy", "photos.npz"):
        with pytest.raises(ValueError, match=r"plain numbers|hold an array"):
            board_new.load(str(tmp_path / name))
    np.savez(tmp_path / "two.npz", a=[1], b=[2])
    with pytest.raises(ValueError, match="one array, got 2"):
        board_new.load(str(tmp_path / "two.npz"))


def test_a_photograph_becomes_a_picture_that_fits(folder, tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (900, 1300, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "mine.jpg", exif=EXIF)
    assert board.main(["--new", "mine", "--picture", str(tmp_path / "mine.jpg")]) == 0
    made = board_entries.BOARD / "mine" / "picture.png"
    assert made.stat().st_size <= 200_000 and board_entries.picture(made).mode == "RGB"


# --- the page


def entries(*changes):
    measured = board_entries.read("dcgan")["measured"]
    return {
        f"entry-{i}": ENTRY | {"measured": measured | one.pop("measured", {})} | one
        for i, one in enumerate(changes)
    }


def test_the_best_stands_first_and_the_floor_last(monkeypatch):
    made = entries(
        {"title": "Second", "measured": {"frechet": 5.0, "low": 4.8, "high": 5.2}},
        {"title": "First", "measured": {"frechet": 4.126, "low": 4, "high": 4.3}},
    )
    monkeypatch.setattr(board_page, "_all", lambda: made)
    rows = board_page.board().splitlines()[3:-1]
    assert ["First" in rows[0], "Second" in rows[1], "floor" in rows[2]] == [True] * 3
    assert "| 4.13<br>4.00 to 4.30 | 0.72 |" in rows[0] and "| 287 |" in rows[0]
    assert board_page.details().count("Core i5\\-8250U (4 cores), seed 3; ") == 2


def test_an_entry_that_is_not_measured_stops_the_page(monkeypatch):
    monkeypatch.setattr(board_page, "_all", lambda: {"ada": ENTRY})
    with pytest.raises(ValueError, match=r"tools\.board ada --add"):
        board_page.board()


def test_a_wrong_entry_stops_the_page(folder):
    put(folder, date="2099-01-01")
    with pytest.raises(ValueError, match="ada: date is 2099"):
        board_page.shown()


MARKDOWN = (
    MarkdownIt("commonmark")
    .enable("table")
    .use(dollarmath_plugin)
    .use(myst_role_plugin)
    .use(myst_block_plugin)
)


@given(
    st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S")), min_size=1)
)
def test_no_letter_of_a_stranger_s_text_is_markup(text):
    """A table's cell shows it letter by letter, and a line alone is a paragraph."""
    row = f"| a |\n| --- |\n| {page_text.plain(text)} |\n"
    for source, place in ((row, "td"), (page_text.plain(text), "p")):
        tokens = MARKDOWN.parse(source)
        (inline,) = [t for t in tokens if t.type == "inline"][-1:]
        before = tokens[tokens.index(inline) - 1]
        kinds = {child.type for child in inline.children}
        assert before.tag == place and kinds <= {"text", "text_special"}
        assert "".join(child.content for child in inline.children) == text


def test_board_s_page_is_made_of_all_entries():
    text = (board_entries.ROOT / "book" / "board.md").read_text("utf8")
    for name in board_entries.names():
        entry = board_entries.read(name)
        assert page_text.plain(entry["title"]) in text
        assert ("picture_shows" in entry) == (f"board/{name}/picture.png" in text)
    assert set(make_pages.MADE["board.md"]) == {"board", "details", "shown"}


def test_the_page_tells_the_limits_that_the_command_keeps():
    text = (board_entries.ROOT / "book" / "board.md").read_text("utf8")
    assert f"within {board_entries.SECONDS} seconds of two cores" in text
    assert all(licence in text for licence in board_entries.LICENCES)
    assert f"over {board.MOST_CLOSE:.0%}".replace("%", " %") in text
    assert f"by {board.TOLERANCE['frechet']:g} for the distance" in text
    assert f"draw {board_entries.COUNT:,} digits" in text


def test_what_changed_since_a_commit_is_found(tmp_path, monkeypatch):
    def git(*words):
        who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        subprocess.run(
            ["git", *who, *words], cwd=tmp_path, check=True, capture_output=True
        )

    monkeypatch.setattr(board, "ROOT", tmp_path)
    monkeypatch.setattr(board_entries, "BOARD", tmp_path / "book" / "board")
    for name in ("old", "gone", "new"):
        (board_entries.BOARD / name).mkdir(parents=True)
        (board_entries.BOARD / name / "entry.json").write_text("{}")
    git("init")
    git("add", "book/board/old", "book/board/gone")
    git("commit", "-m", "first")
    for path in (board_entries.BOARD / "gone").iterdir():
        path.unlink()
    (board_entries.BOARD / "gone").rmdir()
    git("add", "-A")
    git("commit", "-m", "second")
    assert board.changed("HEAD^1") == ["new"]
    for bad in ("no-such", "--output=x"):
        with pytest.raises(ValueError, match="knows no commit"):
            board.changed(bad)


def test_a_clock_that_is_wrong_refuses_no_stored_entry(monkeypatch):
    class Early(datetime.date):
        @classmethod
        def today(cls):
            return cls(2020, 1, 1)

    monkeypatch.setattr(board_entries.datetime, "date", Early)
    assert all(board_entries.faults(name) == [] for name in board_entries.names())
