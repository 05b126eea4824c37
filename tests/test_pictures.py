"""Pictures and films as files: they show the run, and are never left incomplete."""

import base64
import io
import re
import xml.etree.ElementTree as ET

import av
import numpy as np
import pytest
from PIL import Image

from ganlab import Recording, Run, Spec, SpecError, bundle, export, pictures, theme
from ganlab.cli import main
from ganlab.live import messages
from ganlab.live.wire import decode
from ganlab.pictures import encoders, extras, films, options
from ganlab.pictures.isolate import Isolate
from ganlab.pictures.moments import Cast
from ganlab.pictures.options import Options

LINE = Spec(g_hidden=(8,), d_hidden=(8,), batch=16)
PLANE = LINE.replace(target="ring", latent_dim=2)
SMALL = {"width": 640, "height": 360}
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def line():
    run = Run(LINE)
    run.advance(6)
    run.change(k=2)
    run.advance(6)
    return run


@pytest.fixture(scope="module")
def plane():
    run = Run(PLANE.replace(g_lr=0.02, d_lr=0.02))
    run.advance(12)
    return run


def pixels(path):
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def near(image, colour, tolerance=6):
    """Where an image has a colour."""
    return (abs(image - np.array(theme.rgb(colour))) <= tolerance).all(2)


def texts(path):
    return [node.text for node in ET.parse(path).getroot().iter(f"{SVG}text")]


def steady(value):
    """A number as `plot.js` writes it, for sizes from 0.0005 to 10."""
    return f"{value:.{2 if abs(value) >= 1 else 3}f}".replace("-", "−")


@pytest.mark.parametrize("name", theme.THEMES)
def test_the_png_has_two_pixels_for_each_of_the_page_and_the_colours_of_the_theme(
    tmp_path, plane, name
):
    place = export.picture(plane, tmp_path / "x.png", theme=name, **SMALL)
    image = pixels(place)
    assert place == tmp_path / "x.png" and image.shape == (720, 1280, 3)
    colours = theme.THEMES[name]
    for corner in (image[0, 0], image[0, -1], image[-1, 0], image[-1, -1]):
        assert tuple(corner) == theme.rgb(colours.background)
    for role in ("data", "G", "D", "accent"):
        assert near(image, colours.roles[role]).sum() > 20, role


def box_of_line(width, height, u):
    """The rectangle of the densities in CSS pixels, as theme.Line says."""
    place = theme.LINE
    left, head = round(place.left * u), round(place.head * u)
    base = round(height - max(place.below * u, (height - head) * place.below_share))
    return left, width - left - round(place.right * u), head, base


def test_p_g_is_drawn_where_it_is(tmp_path, line):
    """Against the densities themselves: where the line of p_g must be, there is its colour."""
    shot = line.snapshot()
    layers = [one["id"] for one in Cast([line])._source.scene[0]["layers"]]
    hidden = [name for name in layers if name != "p_g"]
    place = export.picture(line, tmp_path / "x.png", parts="picture", hidden=hidden, **SMALL)
    green = near(pixels(place), theme.THEMES["light"].roles["G"], 40)
    # Of the whole: 12 px around it, 28 above for the numbers, a row of 20 below for the legend.
    width, height = 640 - 24, 360 - 24 - 28 - 20
    left, wide, head, base = box_of_line(width, height, 1)
    probe, p_g = shot.probes[0], shot.picture["p_g"][0]
    (low, high), (x,) = probe.target.box[0], probe.centres
    top = theme.LINE.top * Cast([line])._source.scene[1]["p_data"].max()
    checked = 0
    for i in range(5, len(x) - 5, 4):
        if p_g[i] > 0.9 * top or abs(p_g[i + 1] - p_g[i - 1]) > 0.1 * top:
            continue
        column = 12 + left + wide * (x[i] - low) / (high - low)
        row = 12 + 28 + base - (base - head) * p_g[i] / top
        around = green[round(2 * row) - 4 : round(2 * row) + 5, round(2 * column)]
        assert around.any(), (i, row, column)
        checked += 1
    assert checked > 10


def test_the_field_of_d_has_the_colours_of_its_values(tmp_path, plane):
    d = plane.snapshot().picture["d"][0]
    layers = [one["id"] for one in Cast([plane])._source.scene[0]["layers"]]
    hidden = [name for name in layers if name != "d"]
    place = export.picture(plane, tmp_path / "x.png", parts="picture", hidden=hidden, **SMALL)
    image = pixels(place)
    side = 360 - 24 - 28 - 20 - theme.PLANE.below - theme.PLANE.pad
    left = (640 - 24 - theme.PLANE.left - theme.PLANE.pad - side) // 2 + theme.PLANE.left + 12
    top = 12 + 28 + theme.PLANE.pad
    low, middle, high = (np.array(theme.rgb(one)) for one in theme.THEMES["light"].field)
    rows, columns = d.shape
    for i, j in ((10, 10), (32, 32), (50, 20), (20, 55)):
        value = float(d[i, j]) / 255 if d.dtype == np.uint8 else float(d[i, j])
        mixed = (
            low + (middle - low) * 2 * value
            if value < 0.5
            else middle + (high - middle) * (2 * value - 1)
        )
        y = top + side * (1 - (i + 0.5) / rows)
        x = left + side * (j + 0.5) / columns
        assert abs(image[round(2 * y), round(2 * x)] - mixed).max() < 12, (i, j, value)


def test_the_svg_has_the_numbers_and_the_words_as_text(tmp_path, line):
    shot = line.snapshot(picture=False)
    place = export.picture(line, tmp_path / "x.svg", theme="dark", **SMALL)
    words = texts(place)
    for name in ("jsd", "w1", "value", "c_g", "d_loss", "g_loss"):
        assert steady(shot.metrics[name][0]) in words, name
    assert "12" in words and "k 1→2" in words and "p_data" in words
    root = ET.parse(place).getroot()
    assert (root.get("width"), root.get("height")) == ("640", "360")
    assert (
        theme.THEMES["dark"].background in place.read_text() or "rgb(20,23,28)" in place.read_text()
    )


def test_in_the_svg_of_the_plane_dots_are_discs_and_only_the_field_is_an_image(tmp_path, plane):
    text = export.picture(plane, tmp_path / "x.svg", parts="picture", **SMALL).read_text()
    root = ET.fromstring(text)
    (image,) = root.iter(f"{SVG}image")
    content = base64.b64decode(image.get("href").split(",")[1])
    assert Image.open(io.BytesIO(content)).width == int(image.get("width"))
    # Two arcs make a disc: 1,500 generated and 500 real samples, and two in the legend.
    assert text.count("A") >= 2 * (1500 + 500 + 2)
    assert "pixels:" not in text


def test_runs_side_by_side_have_their_labels_and_numbers(tmp_path, plane):
    other = Run(plane.spec.replace(k=5))
    other.advance(12)
    words = texts(export.picture([plane, other], tmp_path / "x.svg", **SMALL))
    assert {"A", "B"} <= set(words) and words.count("k = 1") == words.count("k = 5") == 2
    for run in (plane, other):
        assert f"JSD {steady(run.snapshot(picture=False).metrics['jsd'][0])}" in words


def test_a_run_that_has_diverged_says_so(tmp_path):
    run = Run(LINE.replace(optimizer="sgd", g_lr=100, d_lr=100))
    run.advance(500)
    assert run.stopped
    words = texts(export.picture(run, tmp_path / "x.svg", **SMALL))
    assert str(run.diverged[0]) in words


@pytest.mark.parametrize(("ending", "fps"), [("mp4", 30), ("webm", 25)])
def test_a_film_decodes_to_its_frames_and_begins_and_ends_as_the_pictures_do(
    tmp_path, plane, ending, fps
):
    size = {"width": 640, "height": 360, "parts": "picture"}
    place = export.film(plane, tmp_path / f"x.{ending}", seconds=0.2, fps=fps, **size)
    with av.open(str(place)) as file:
        (stream,) = file.streams.video
        assert stream.average_rate == fps and (stream.width, stream.height) == (640, 360)
        frames = [one.to_ndarray(format="rgb24").astype(int) for one in file.decode(stream)]
    assert len(frames) == round(0.2 * fps)
    errors = []
    for frame, run in ((frames[0], plane.at(0)), (frames[-1], plane)):
        still = Image.open(export.picture(run, tmp_path / "x.png", **size)).convert("RGB")
        still = np.asarray(still.resize((640, 360), Image.Resampling.BOX)).astype(int)
        # Video has a quarter of the colours' pixels.
        errors.append(abs(frame - still).mean())
    assert max(errors) < 4 and abs(frames[0] - frames[-1]).mean() > 3 * max(errors)
    assert all(abs(a - b).max() > 20 for a, b in zip(frames, frames[1:], strict=False))


def test_a_gif_plays_at_its_speed_forever(tmp_path, line):
    shares = []
    asked = SMALL | {"seconds": 0.3, "fps": 10, "first": 9, "tell": shares.append}
    place = export.film(line, tmp_path / "x.gif", **asked)
    assert shares == sorted(shares) and shares[-1] == 1 and shares[0] > 0
    with Image.open(place) as image:
        assert (image.n_frames, image.size) == (3, (640, 360))
        assert (image.info["duration"], image.info["loop"]) == (100, 0)


@pytest.mark.parametrize("name", theme.THEMES)
def test_the_colours_of_a_gif_are_those_of_the_theme(name):
    found, own = encoders.colours(name), theme.THEMES[name]
    assert len(found) <= 256
    for colour in (own.background, own.text, *own.roles.values(), *own.field):
        assert theme.rgb(colour) in found


@pytest.fixture
def drawn(monkeypatch):
    """The frames that a film in MP4 has, instead of a file of them."""
    found = []

    def keep(path, frames, *_):
        found.extend(frame.copy() for frame in frames)
        path.write_bytes(b"film")

    monkeypatch.setitem(encoders.ENCODERS, ".mp4", keep)
    return found


def test_axes_stay_and_a_line_moves(tmp_path, line, drawn):
    export.film(line, tmp_path / "x.mp4", seconds=0.2, parts="curves", **SMALL)
    first, *_, last = drawn
    labels = slice(0, 12 + round(theme.COLUMN.left) - 2)
    below = slice(42, None)  # the numbers are above
    assert (first[below, labels] == last[below, labels]).all()
    text = np.array(theme.rgb(theme.THEMES["light"].text))

    def cursor(frame):
        """The column in which a vertical line is darkest."""
        inside = abs(frame[42:, 12 + 42 :].astype(int) - text).sum(2) < 60
        return int(inside.sum(0).argmax())

    places = [cursor(frame) for frame in drawn]
    assert places == sorted(places) and places[0] < 6 < 400 < places[-1]


def test_a_stretch_with_fewer_iterations_than_frames_repeats_them(tmp_path, line, drawn):
    export.film(line, tmp_path / "x.mp4", first=10, last=11, seconds=0.2, **SMALL)
    assert len(drawn) == 6
    assert len({frame.tobytes() for frame in drawn}) == 2


@pytest.mark.parametrize("recorded", [True, False])
def test_moments_are_those_of_the_run_in_one_forward_pass(monkeypatch, recorded):
    run = Run(PLANE)
    if recorded:
        Recording(run)
    run.advance(4)
    run.change(k=3)
    run.advance(6)
    made, real = [0], Run._play

    def counted(self, players):
        made[0] += len(players)
        real(self, players)

    monkeypatch.setattr(Run, "_play", counted)
    steps = [0, 2, 3, 7, 7, 10]
    frames = list(Cast([run]).moments(steps))
    monkeypatch.undo()
    assert made[0] <= run.updates
    assert frames[3] is frames[4]
    for iteration, message in zip(steps, frames, strict=True):
        header, arrays = decode(message)
        alone = Run(PLANE, events=run.past)
        alone.advance(iteration)
        _, wanted = messages.frame(0, alone.snapshot(), "")
        assert header["iteration"] == iteration
        assert arrays.keys() == wanted.keys()
        for name, array in wanted.items():
            assert np.array_equal(arrays[name], np.asarray(array, arrays[name].dtype), True), name


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"theme": "blue"}, "theme"),
        ({"width": 100}, "width"),
        ({"width": 1.5}, "width"),
        ({"height": 10**6}, "height"),
        ({"parts": "some"}, "parts"),
        ({"hidden": ["nothing"]}, "hidden"),
        ({"hidden": "gradient"}, "hidden"),
        ({"path": "x.bmp"}, "path"),
        ({"path": 3}, "path"),
        ({"source": [1]}, "run"),
        ({"source": []}, "runs"),
    ],
)
@pytest.mark.parametrize("make", [export.picture, export.film])
def test_what_is_not_allowed_is_named_and_nothing_is_written(tmp_path, line, make, given, named):
    asked = {"source": line, "path": tmp_path / ("x.png" if make is export.picture else "x.mp4")}
    asked |= SMALL | given
    if isinstance(asked["path"], str):
        asked["path"] = str(tmp_path / asked["path"])
    with pytest.raises(SpecError) as caught:
        make(asked.pop("source"), asked.pop("path"), **asked)
    assert caught.value.name == named and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"seconds": 0}, "seconds"),
        ({"seconds": float("nan")}, "seconds"),
        ({"seconds": True}, "seconds"),
        ({"seconds": 200, "fps": 60}, "seconds"),
        ({"seconds": 100, "width": 3840, "height": 2160}, "seconds"),
        ({"fps": 0}, "fps"),
        ({"fps": 61}, "fps"),
        ({"fps": 30, "path": "x.gif"}, "fps"),
        ({"first": -1}, "first"),
        ({"first": 13}, "first"),
        ({"last": 13}, "last"),
        ({"first": 5, "last": 4}, "last"),
        ({"width": 641}, "width"),
    ],
)
def test_a_film_has_bounds(tmp_path, line, given, named):
    asked = SMALL | {"path": "x.mp4"} | given
    with pytest.raises(SpecError) as caught:
        export.film(line, tmp_path / asked.pop("path"), **asked)
    assert caught.value.name == named and not list(tmp_path.iterdir())


def test_an_interrupted_film_leaves_the_old_file_and_no_other(tmp_path, line):
    place = tmp_path / "x.mp4"
    place.write_bytes(b"old")

    def stop(share):
        if share > 0.7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export.film(line, place, seconds=0.3, tell=stop, **SMALL)
    assert place.read_bytes() == b"old" and list(tmp_path.iterdir()) == [place]


@pytest.mark.parametrize(
    ("module", "ending"), [("py_mini_racer", "png"), ("skia", "svg"), ("av", "mp4")]
)
def test_without_the_extra_the_error_says_how_to_install_it(
    tmp_path, line, monkeypatch, module, ending
):
    real = extras.import_module

    def gone(name):
        if name == module:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name)

    monkeypatch.setattr(extras, "import_module", gone)
    make = export.film if ending == "mp4" else export.picture
    with pytest.raises(RuntimeError, match=r'pip install "ganlab\[film\]"'):
        make(line, tmp_path / f"x.{ending}", **SMALL)
    assert not list(tmp_path.iterdir())


def test_a_run_on_images_is_a_grid_of_its_samples(tmp_path):
    run = Run(LINE.replace(target="drawn_digits"))
    image = pixels(export.picture(run, tmp_path / "x.png", theme="dark", **SMALL))
    x = np.clip(run.sample(100, seed=0), 0, 1).reshape(10, 10, 28, 28)
    times = len(image) // (10 * 30 + 2)
    small = image[times // 2 :: times, times // 2 :: times, 0]
    for row, column in ((0, 0), (3, 7), (9, 9)):
        top, left = 2 + 30 * row, 2 + 30 * column
        shown = small[top : top + 28, left : left + 28]
        assert abs(shown - 255 * x[row, column]).max() <= 1
    with pytest.raises(SpecError, match=r"ends in \.png"):
        export.picture(run, tmp_path / "x.svg")
    with pytest.raises(SpecError, match="keeps no earlier"):
        export.film(run, tmp_path / "x.mp4")


def test_the_command_writes_them(tmp_path, line, capsys):
    saved = tmp_path / "run.npz"
    line.save(saved)
    outs = [tmp_path / name for name in ("x.png", "x.svg", "x.gif")]
    asked = ["--theme", "dark", "--width", "640", "--seconds", "0.2", "--from", "2", "--to", "8"]
    named = [part for out in outs for part in ("--out", str(out))]
    assert main(["export", str(saved), *named, *asked]) == 0
    assert pixels(outs[0]).shape == (720, 1280, 3) and "12" in texts(outs[1])
    with Image.open(outs[2]) as image:
        assert (image.n_frames, image.size) == (4, (640, 360))
    assert main(["export", str(saved), "--out", str(tmp_path / "y.mp4"), "--to", "99"]) == 2
    assert "last = 99" in capsys.readouterr().err and not (tmp_path / "y.mp4").exists()


def test_the_front_end_needs_nothing_of_a_browser():
    assert not re.search(r"^export ", bundle.module("plate.js"), re.MULTILINE)
    asked = Options(480, 320, "light", (), "all")
    with Isolate(asked, 1, "", False) as front:
        assert front._v8.eval("typeof frame") == "function"
    assert pictures.FILMS == films.FILMS and options.PARTS[0] == "all"
