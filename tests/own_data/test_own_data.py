"""Data of users: their canonical form, their store, addresses and files of runs."""

import base64
import io
import json
import os
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganlab.comparison import Comparison
from ganlab.engine import Run
from ganlab.limits import limited
from ganlab.own_data import STORE, Data, Example, Examples, from_text, members, to_text
from ganlab.own_data import store as store_module
from ganlab.record import Recording, RunFile
from ganlab.registry import Param, SpecError
from ganlab.spec import Spec
from ganlab.targets import TARGETS, TargetEntry, base
from ganlab.targets.base import frozen
from ganlab.targets.kernels import Kernels1D

EXAMPLES = Examples("heights")
EXAMPLES.add(Example(name="two", title="two bumps", make=lambda: heights(1.0, 0.0, 2.0)))


def heights(*values: float) -> Data:
    return Data("heights", {"y": np.array(values, np.float32)}, {"title": "my bumps"})


def build(data: str) -> Kernels1D:
    y = EXAMPLES.find(data).arrays["y"]
    return Kernels1D(y, [0.0], [1.0], [0.3], frozen([[-3.0, 9.0]]))


@pytest.fixture(autouse=True)
def target():
    param = Param("data", "data", "two", kind="data", choices=EXAMPLES, doc="Heights.")
    entry = TargetEntry(name="heights", title="heights", equation="x", doc="D.", params=(param,),
                        build=build)  # fmt: skip
    TARGETS.add(entry)
    yield entry
    del TARGETS.entries["heights"]


def spec(*values: float) -> Spec:
    return Spec(target="heights", target_params={"data": STORE.put(heights(*values))})


def lose() -> None:
    """Empty the memory and the folder, as another machine has them."""
    STORE.forget()
    base._build_large.cache_clear()
    store_module._place("x").parent.mkdir(parents=True, exist_ok=True)
    for file in store_module._place("x").parent.iterdir():
        file.unlink()


ARRAYS = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True),
    st.builds(
        lambda dtype, shape, fill: (np.arange(np.prod(shape)) + fill).reshape(shape).astype(dtype),
        st.sampled_from([np.float32, np.float64, np.uint8]),
        st.lists(st.integers(0, 4), max_size=3).map(lambda sides: tuple(map(int, sides))),
        st.floats(0, 1e3),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=30, deadline=None)
@given(ARRAYS, st.dictionaries(st.just("title"), st.text(st.characters(codec="utf-8"), max_size=9)))
def test_data_survive_their_canonical_form(arrays, texts):
    data = Data("points", arrays, texts)
    again = Data.decode(data.encode())
    assert (again.kind, again.texts, again.name) == ("points", texts, data.name)
    assert len(data.name) == 32 and len(data.encode()) == data.nbytes
    for name, array in arrays.items():
        assert again.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(again.arrays[name], array)
        assert not again.arrays[name].flags.writeable


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_data_are_refused_and_nothing_else_happens(data):
    whole = bytearray(heights(1, 2, 3).encode())
    kind = data.draw(st.sampled_from(["cut", "changed", "more", "random"]))
    if kind == "cut":
        del whole[data.draw(st.integers(0, len(whole) - 1)) :]
    elif kind == "changed":
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at] ^= data.draw(st.integers(1, 255))
    elif kind == "more":
        whole += data.draw(st.binary(min_size=1, max_size=50))
    else:
        whole[13:] = data.draw(st.binary(max_size=300))
    try:
        made = Data.decode(bytes(whole))
    except SpecError:
        return
    # Other numbers, or another letter in a text, make other data.
    assert kind in ("changed", "random") and made.name != heights(1, 2, 3).name


def test_what_is_no_data_is_refused():
    for arrays in ({}, {"x": np.array([np.nan])}, {"x": np.arange(3)}, {"X": np.zeros(1)}):
        with pytest.raises(SpecError):
            Data("points", arrays)
    with pytest.raises(SpecError, match="at most 12,000,000"):
        Data("points", {"x": np.zeros((1_500_001, 1))})
    # A head that promises more numbers than there are bytes costs nothing.
    head = json.dumps({"arrays": [["x", "f8", 10**6, 10**6]], "kind": "p", "texts": {}})
    content = b"ganlab-data\x01" + len(head).to_bytes(2, "little") + head.encode()
    with pytest.raises(SpecError, match="as many numbers as their header says"):
        Data.decode(content)


def test_another_process_finds_data_in_the_folder_and_damaged_files_count_as_none():
    name = STORE.put(heights(4, 5))
    STORE.forget()
    np.testing.assert_array_equal(STORE.get(name).arrays["y"], [4, 5])
    STORE.forget()
    place = store_module._place(name)
    place.write_bytes(heights(4, 6).encode())
    assert STORE.get(name) is None, "its hash is not its name"
    place.write_bytes(b"nonsense")
    assert STORE.get(name) is None
    assert STORE.get("../../etc/passwd") is None


def test_the_folder_keeps_what_was_used_last():
    lose()
    big = [Data("p", {"x": np.full(8_000_000, i, np.uint8)}) for i in range(4)]
    with limited(own_data_mb=20.0):
        for i, data in enumerate(big):
            STORE.put(data)
            os.utime(store_module._place(data.name), (i, i))
    STORE.forget()
    assert [STORE.get(data.name) is not None for data in big] == [False, False, True, True]
    lose()


def test_small_data_stand_in_the_address():
    wanted = spec(1, 5, 2)
    query = wanted.to_query()
    assert len(query) < 3500 and "own=" in query
    lose()
    assert Spec.from_query(query) == wanted
    assert Spec.from_query(query).to_query() == query
    many = spec(*np.random.default_rng(0).random(3000))
    assert "own=" not in many.to_query()
    assert Spec.from_query(many.to_query()) == many


def test_an_address_without_its_data_says_what_to_do():
    query = spec(1, 5, 3).to_query()
    lose()
    without = "&".join(part for part in query.split("&") if not part.startswith("own="))
    with pytest.raises(SpecError, match="upload the file again, or open the exported run"):
        Spec.from_query(without)
    ignored = []
    assert Spec.from_query(without, ignored).target_params["data"] == "two"
    assert [error.name for error in ignored] == ["t.data"]


def test_data_of_another_hash_are_refused():
    query = spec(1, 2, 7).to_query()
    own = to_text(STORE.put(heights(9, 9)))
    lose()
    other = "&".join(f"own={own}" if p.startswith("own=") else p for p in query.split("&"))
    with pytest.raises(SpecError, match="whose hash is in another field"):
        Spec.from_query(other)
    assert STORE.get(from_text(own).name) is None, "data that nobody names are not kept"


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60) | st.from_regex(r"[A-Za-z0-9_-]{0,200}", fullmatch=True))
def test_texts_that_are_no_data_are_refused(text):
    with pytest.raises(SpecError):
        from_text(text)


def test_a_short_text_cannot_stand_for_much():
    text = base64.urlsafe_b64encode(zlib.compress(bytes(1_500_000), 9)).decode().rstrip("=")
    assert len(text) <= 2000
    with pytest.raises(SpecError, match="cut off or changed"):
        from_text(text)


def test_runs_on_two_data_sets_side_by_side_in_one_address():
    first = spec(1, 2, 8)
    other = STORE.put(heights(3, 1, 1))
    both = Comparison.by(first, {"t.data": (first.target_params["data"], other)})
    query = both.to_query()
    lose()
    assert Comparison.from_query(query) == both
    assert Comparison.by(first, {"k": (1, 2)}).to_query().count("own=") == 1
    assert "my bumps" in both.labels[1]


@pytest.mark.parametrize("suffix", ["ganlab", "npz"])
def test_a_file_of_a_run_holds_its_data(tmp_path, suffix):
    run = Run(spec(*range(1, 2000)).replace(g_hidden=(4,), d_hidden=(4,), batch=8))
    Recording(run)
    run.advance(3)
    path = tmp_path / f"run.{suffix}"
    run.save(path)
    lose()
    again = Run.load(path)
    assert again.spec == run.spec and again.state.equals(run.state)
    again.advance(2)
    run.advance(2)
    assert again.state.equals(run.state)


def test_a_file_with_data_that_are_wrong_or_not_used_is_refused(tmp_path):
    run = Run(spec(1, 2, 9).replace(g_hidden=(4,), d_hidden=(4,)))
    file, path = io.BytesIO(), tmp_path / "run.ganlab"
    RunFile.of(run).write(file)
    name = members.PREFIX + run.spec.own_data[0]

    def rewritten(change) -> None:
        with zipfile.ZipFile(file) as old, zipfile.ZipFile(path, "w") as new:
            for member in old.namelist():
                change(new, member, old.read(member))

    def npy(array: np.ndarray) -> bytes:
        out = io.BytesIO()
        np.save(out, array)
        return out.getvalue()

    for content in (heights(8, 8).encode(), b"x", b""):
        wrong = npy(np.frombuffer(content, np.uint8))
        rewritten(lambda z, m, c, w=wrong: z.writestr(m, w if m == f"{name}.npy" else c))
        lose()
        with pytest.raises(SpecError):
            RunFile.load(path)
    more = heights(7, 7)

    def add(archive, member, content) -> None:
        archive.writestr(member, content)
        if member == "curves.npy":
            extra = npy(np.frombuffer(more.encode(), np.uint8))
            archive.writestr(f"{members.PREFIX}{more.name}.npy", extra)

    rewritten(add)
    with pytest.raises(SpecError, match="only the arrays of a run"):
        RunFile.load(path)


def test_a_parameter_of_kind_data_or_text_takes_one_line():
    param = TARGETS["heights"].params[0]
    assert param.check("two") == param.parse("two") == "two"
    for wrong in ("three", "A" * 32, "0" * 31, 5, None, b"two"):
        with pytest.raises(SpecError, match="the hash of own data, or one of two"):
            param.check(wrong)
    text = Param("f", "f", "x", kind="text", longest=9)
    assert text.parse(text.format("x + 1")) == "x + 1" == text.words("x + 1")
    for wrong in ("x" * 10, "a\nb", 3):
        with pytest.raises(SpecError, match="one line of at most 9"):
            text.check(wrong)
