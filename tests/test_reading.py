"""Files that others wrote: a zip file's directory is bounded before it is read."""

import io
import struct

import numpy as np
import pytest

from ganlab.reading import Arrays


def beyond_4_gb(content: bytes, members: int | None = None, size: int | None = None) -> bytes:
    """The same .npz with its directory's size in a zip64 record, as in files beyond 4 GB."""
    at = content.rindex(b"PK\x05\x06")
    number, length, offset = struct.unpack_from("<HII", content, at + 10)
    members, size = members or number, size or length
    counts = struct.pack("<IIQQQQ", 0, 0, members, members, size, offset)
    record = b"PK\x06\x06" + struct.pack("<QHH", 44, 45, 45) + counts
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, at, 1)
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 2**16 - 1, 2**16 - 1, *[2**32 - 1] * 2, 0)
    return content[:at] + record + locator + end


@pytest.fixture
def content() -> bytes:
    out = io.BytesIO()
    np.savez(out, a=np.arange(6.0), b=np.ones((2, 3), np.float32))
    return out.getvalue()


def test_a_zip64_directory_is_found(content, tmp_path):
    path = tmp_path / "large.npz"
    path.write_bytes(beyond_4_gb(content))
    with Arrays(path) as arrays:
        assert set(arrays.heads) == {"a", "b"}
        np.testing.assert_array_equal(arrays.read("a"), np.arange(6.0))


@pytest.mark.parametrize("claims", [{"members": 10**12}, {"size": 10**12}], ids=str)
def test_a_zip64_directory_is_bounded_by_what_it_claims(content, tmp_path, claims):
    path = tmp_path / "forged.npz"
    path.write_bytes(beyond_4_gb(content, **claims))
    with pytest.raises(ValueError, match="too many members"):
        Arrays(path)


def test_a_zip64_record_must_be_where_the_file_says(content, tmp_path):
    path, large = tmp_path / "astray.npz", beyond_4_gb(content)
    for place in (large.rindex(b"PK\x06\x06") + 1, 10**9):
        locator = struct.pack("<IQI", 0, place, 1)
        path.write_bytes(large[: large.rindex(b"PK\x06\x07") + 4] + locator + large[-22:])
        with pytest.raises(ValueError, match="no zip"):
            Arrays(path)
