"""Uploaded tables of many kinds, and the numbers read from them."""

import io
import json
import sys
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganlab.tables import MOST_ROWS, Wish, read, read_apart
from ganlab.tables.found import BadTable

XY = np.array([[1.5, 2.25], [-0.5, 1e3], [0.0, -7.125], [3.0, 4.0]])


def text(content: str, name: str = "a.csv", **wish):
    return read(content.encode(), name, Wish(**{"count": 2, **wish}))


CSV = {
    "commas and a header": "x,y\n1.5,2.25\n-0.5,1e3\n0,-7.125\n3,4\n",
    "no header": "1.5,2.25\n-0.5,1000\n0,-7.125\n3,4",
    "semicolons": "x;y\n1.5;2.25\n-0.5;1000\n0;-7.125\n3;4\n",
    "decimal commas": "x;y\n1,5;2,25\n-0,5;1.000,0\n0;-7,125\n3;4\n",
    "decimal commas in quotes": 'x,y\n"1,5","2,25"\n"-0,5","1000"\n"0","-7,125"\n3,4\n',
    "decimal commas and tabs": "1,5\t2,25\n-0,5\t1000\n0\t-7,125\n3\t4\n",
    "thousands": 'x,y\n1.5,2.25\n-.5,"1,000"\n0,-7.125\n3,4\n',
    "tabs": "x\ty\n1.5\t2.25\n-0.5\t1e3\n0\t-7.125\n3\t4\n",
    "spaces": "# x y\n1.5  2.25\n-0.5 1000\n0 -7.125\n 3 4\n",
    "bars": "x|y\n1.5|2.25\n-0.5|1000\n0|-7.125\n3|4\n",
    "a mark of the byte order": "\ufeffx,y\n1.5,2.25\n-0.5,1000\n0,-7.125\n3,4\n",
    "lines of Windows": "x,y\r\n1.5,2.25\r\n-0.5,1000\r\n0,-7.125\r\n3,4\r\n",
    "what Excel says first": "sep=;\nx;y\n1,5;2,25\n-0,5;1000\n0;-7,125\n3;4\n",
    "words beside": 'name,x,y\nAda,1.5,2.25\nBob,-0.5,1000\n"C, D",0,-7.125\nEve,3,4\n',
    "an index by pandas": ",0,1\n0,1.5,2.25\n1,-0.5,1000.0\n2,0.0,-7.125\n3,3.0,4.0\n",
    "blank lines and comments": "# a table\n\nx,y\n1.5,2.25\n\n-0.5,1000\n0,-7.125\n3,4\n\n\n",
    "a minus sign of typesetters": "x,y\n1.5,2.25\n−0.5,1000\n0,−7.125\n3,4\n",
    "JSON's neighbour, quoted": '"x","y"\n"1.5","2.25"\n"-0.5","1000"\n"0","-7.125"\n"3","4"\n',
}


@pytest.mark.parametrize("content", CSV.values(), ids=CSV)
def test_text_that_people_bring(content):
    found = text(content)
    np.testing.assert_array_equal(found.x, XY)
    assert found.total == 4 and len(found.preview) == 4
    assert not any("left out" in note for note in found.notes)


def test_names_and_choice_of_columns():
    found = text("who;größe;Gewicht;alter\nA;1,8;70;30\nB;1,6;55;25\n")
    assert found.names == ("größe", "Gewicht")
    assert [c.numbers for c in found.columns] == [False, True, True, True]
    again = text("who;größe;Gewicht;alter\nA;1,8;70;30\nB;1,6;55;25\n", columns=(3, 1))
    assert again.names == ("alter", "größe")
    np.testing.assert_array_equal(again.x, [[30, 1.8], [25, 1.6]])
    assert text("x,x\n1,2\n3,4\n").names == ("x", "x (2)")
    with pytest.raises(BadTable, match="two columns of numbers: it has 1 among 2"):
        text("a,b\nx,1\ny,2\n")
    with pytest.raises(BadTable, match="column 9: it has 2"):
        text("a,b\n3,1\n4,2\n", columns=(1, 8))


def test_cells_without_a_number_are_named_with_their_row():
    found = text("t,x,y\na,1,2\nb,oops,3\nc,4,NaN\nd,,5\n\ne,6,7\nf,n/a,x\ng,8,9\n")
    np.testing.assert_array_equal(found.x, [[1, 2], [6, 7], [8, 9]])
    assert found.total == 7
    (note,) = [note for note in found.notes if "left out" in note]
    assert note == (
        "4 rows left out, without a number: row 3 (x: “oops”), row 4 (y: no value), "
        "row 5 (x: no value) and 1 more"
    )
    with pytest.raises(BadTable, match="at least two rows of numbers: it has 1"):
        text("x,y\n1,2\n3,\n", columns=(0, 1))


def test_rows_that_are_too_short_or_too_long():
    found = text("x,y\n1,2\n3\n4,5,6\n7,8\n")
    np.testing.assert_array_equal(found.x, [[1, 2], [4, 5], [7, 8]])
    assert any("row 3 (y: no value)" in note for note in found.notes)


def test_lines_above_a_table_are_left_out_and_said():
    found = text(
        "Measurement 2024\nStation Zürich\n\ntime,temp,wind\n1,2,3\n2,4,5\n", columns=(1, 2)
    )
    assert found.names == ("temp", "wind")
    np.testing.assert_array_equal(found.x, [[2, 3], [4, 5]])
    assert "2 lines above the table left out: “Measurement 2024”" in found.notes
    short = text("1\n1,2\n3,4\n5,6\n")  # a number is no title
    assert not any("above the table" in note for note in short.notes)


def test_a_cell_that_is_no_number_is_named():
    with pytest.raises(BadTable, match="none among 2; “12.3 %” in row 2 is no number"):
        text("a,b\n12.3 %,1 %\n4 %,2 %\n")


def test_one_column():
    for content in ("1.5\n2\n-3\n", "height\n1.5\n2\n-3\n", "height\n1,5\n2,0\n-3,0\n"):
        found = text(content, count=1)
        np.testing.assert_array_equal(found.x[:, 0], [1.5, 2, -3])
    assert any("decimal commas" in n for n in text("1,5\n2,0\n-3,0\n", count=1).notes)
    found = text("1,5\n2,0\n-3,0\n", count=1, separator="semicolon", decimal="comma")
    np.testing.assert_array_equal(found.x[:, 0], [1.5, 2, -3])


def test_encodings():
    content = "größe;y\n1,5;2\n2;3\n"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        assert read(content.encode(encoding), "a.csv", Wish(2)).names == ("größe", "y"), encoding
    with pytest.raises(BadTable, match="this file is none"):
        read(b"\x89PNG\x00\x00" * 10, "a.csv", Wish(2))


def npz(compressed: bool = False, **arrays: np.ndarray) -> bytes:
    out = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(out, **arrays)
    return out.getvalue()


def npy(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def parquet(**columns) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def excel(rows: list[list]) -> bytes:
    """A workbook with one sheet, by hand: the format's least parts."""

    def cell(value) -> str:
        if value is None:
            return "<c/>"
        if isinstance(value, str):
            return f'<c t="inlineStr"><is><t>{value}</t></is></c>'
        return f"<c><v>{value}</v></c>"

    body = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    xml = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="a" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="Data" sheetId="1" r:id="a"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="a" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>'
        "</Relationships>",
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData>'
        "</worksheet>",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in xml.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{content}')
    return out.getvalue()


LISTS = XY.tolist()
OTHERS = {
    "lists.json": json.dumps(LISTS).encode(),
    "named.json": json.dumps([["x", "y"], *LISTS]).encode(),
    "objects.json": json.dumps([{"who": "A", "x": x, "y": y} for x, y in LISTS]).encode(),
    "columns.json": json.dumps(dict(zip("xy", XY.T.tolist(), strict=True))).encode(),
    "inside.json": json.dumps({"data": LISTS, "about": "a table"}).encode(),
    "lines.jsonl": "\n".join(json.dumps({"x": x, "y": y}) for x, y in LISTS).encode(),
    "table.parquet": parquet(who=list("ABCD"), x=XY[:, 0], y=XY[:, 1]),
    "array.npy": npy(XY),
    "fortran.npy": npy(np.asfortranarray(XY.astype(np.float32))),
    "fields.npy": npy(np.array([tuple(r) for r in LISTS], [("x", "f8"), ("y", "f4")])),
    "one.npz": npz(x=XY),
    "two.npz": npz(True, x=XY[:, 0], y=XY[:, 1], labels=np.arange(9)),
    "table.xlsx": excel([["who", "x", "y"], *(["A", *row] for row in LISTS)]),
    "bare.xlsx": excel(LISTS),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_formats(name):
    found = read(OTHERS[name], name, Wish(2))
    np.testing.assert_allclose(found.x, XY, rtol=1e-7)
    assert found.total == 4


def test_missing_values_of_other_formats():
    for content, name in (
        (
            json.dumps([{"x": 1, "y": 2}, {"x": 3}, {"x": "four", "y": 5}, {"x": 6, "y": 7}]),
            "a.json",
        ),
        (parquet(x=["1", "3", "four", "6"], y=[2.0, None, 5.0, 7.0]), "a.parquet"),
        (excel([["x", "y"], [1, 2], [3, None], ["four", 5], [6, 7]]), "a.xlsx"),
    ):
        content = content.encode() if isinstance(content, str) else content
        found = read(content, name, Wish(2))
        np.testing.assert_array_equal(found.x, [[1, 2], [6, 7]])
        (note,) = [note for note in found.notes if "left out" in note]
        assert "(y: no value)" in note and "(x: “four”)" in note


@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        (b"", "a.csv", "empty"),
        (b"x,y\n", "a.csv", "at least two rows|of numbers"),
        (b"x,y\n1,2\n", "a.csv", "rows of numbers: it has 1$"),
        (b"hello", "a.pdf", "a name that ends in .csv"),
        (b"%PDF-1.4\n1 0 obj", "a.csv", "this file is a PDF"),
        (b"[1, 2", "a.json", "JSON"),
        (b"[" * 100_000, "a.json", "nested|JSON"),
        (b"3", "a.json", "a list of"),
        (b"PAR1 nothing", "a.parquet", "a Parquet file"),
        (b"\x93NUMPY\x01\x00", "a.npy", "as NumPy writes it"),
        (npy(np.zeros((4, 4)))[:200], "a.npy", "cut off"),
        (npy(np.zeros((2, 2, 2))), "a.npy", r"\(n, columns\)"),
        (b"PK\x03\x04", "a.npz", "a complete file"),
        (b"PK\x03\x04", "a.xlsx", "a complete file"),
        (b"\xd0\xcf\x11\xe0nothing", "a.xls", "an Excel file"),
    ],
)
def test_what_is_no_table_is_refused_in_plain_words(content, name, why):
    with pytest.raises(BadTable, match=why):
        read(content, name, Wish(2))


def test_arrays_with_objects_are_never_unpickled():
    out = io.BytesIO()
    np.save(out, np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(BadTable, match="without objects"):
        read(out.getvalue(), "a.npy", Wish(1))


def test_what_unpacks_to_too_much_is_refused(monkeypatch):
    monkeypatch.setattr("ganlab.tables.formats._MOST_UNPACKED", 1_000_000)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", bytes(1_000_001))
    assert len(out.getvalue()) < 10_000
    for name in ("a.npz", "a.xlsx"):
        with pytest.raises(BadTable, match="at most 1 MB when it is unpacked"):
            read(out.getvalue(), name, Wish(1))


def test_too_many_rows_are_refused(monkeypatch):
    assert MOST_ROWS == 1_000_000
    with pytest.raises(BadTable, match="at most 1,000,000 rows"):
        read(npy(np.zeros(MOST_ROWS + 1, np.uint8)), "a.npy", Wish(1))
    monkeypatch.setattr(sys.modules["ganlab.tables.read"], "MOST_ROWS", 1000)
    assert read(b"1\n" * 999 + b"2\n", "a.csv", Wish(1)).total == 1000
    with pytest.raises(BadTable, match="at most 1,000 rows"):
        read(b"1\n" * 1001, "a.csv", Wish(1))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_damaged_files_give_clear_errors_only(data):
    known = [*OTHERS.items(), *((f"{i}.csv", c.encode()) for i, c in enumerate(CSV.values()))]
    name, content = data.draw(st.sampled_from(known))
    whole = bytearray(content)
    match data.draw(st.sampled_from(["cut", "changed", "random"])):
        case "cut":
            del whole[data.draw(st.integers(0, len(whole))) :]
        case "changed":
            for _ in range(data.draw(st.integers(1, 4))):
                whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
        case _:
            whole[:] = data.draw(st.binary(max_size=200))
    try:
        found = read(bytes(whole), name, Wish(data.draw(st.sampled_from([1, 2]))))
    except BadTable as error:
        assert error.why and "Traceback" not in error.why
    else:
        assert np.isfinite(found.x).all() and len(found.x) >= 2


def test_in_a_process_of_its_own_the_same_is_found_or_said():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100_000, 2)).round(4)
    lines = [f"{i};{a:.4f};{b:.4f}".replace(".", ",") for i, (a, b) in enumerate(x)]
    lines[70] = "70;oops;1,0"
    content = ("id;x;y\n" + "\n".join(lines)).encode()
    found = read_apart(content, "big.csv", Wish(2))
    np.testing.assert_array_equal(found.x, np.delete(x, 70, 0))
    here = read(content, "big.csv", Wish(2))
    assert (found.columns, found.notes, found.total) == (here.columns, here.notes, 100_000)
    assert "1 row left out, without a number: row 72 (x: “oops”)" in found.notes
    with pytest.raises(BadTable, match="this file is none"):
        read_apart(b"\x00" * 100, "a.csv", Wish(2))
