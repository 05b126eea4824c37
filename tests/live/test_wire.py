"""Binary messages: a round trip, at the offsets where the front end reads."""

import json
import math

import numpy as np
import pytest

from ganlab.live.wire import decode, encode


@pytest.mark.parametrize("dtype", ["float32", "uint8", "int16", "int32"])
@pytest.mark.parametrize("shape", [(0,), (1,), (7,), (3, 5), (0, 2), (2, 3, 2)])
def test_round_trip(dtype, shape):
    array = (np.arange(math.prod(shape)) * 37 % 251).reshape(shape).astype(dtype)
    header, arrays = decode(encode({"type": "t", "n": 3}, {"a": array, "b": array[::-1]}))
    assert header == {"type": "t", "n": 3}
    for name, want in (("a", array), ("b", array[::-1])):
        assert arrays[name].dtype == dtype and arrays[name].shape == shape
        np.testing.assert_array_equal(arrays[name], want)


def test_layout_is_the_protocols():
    """uint32 length, JSON padded to 8, arrays padded to 8, parsed here without `decode`."""
    first, second = np.array([1, 2, 3], np.uint8), np.array([[1.5], [-2.0]], np.float32)
    for extra in ("", "x", "xx", "xxx", "xxxx", "xxxxx", "xxxxxx", "xxxxxxx"):
        message = encode({"type": "t", "extra": extra}, {"u": first, "f": second})
        size = int.from_bytes(message[:4], "little")
        assert (4 + size) % 8 == 0
        header = json.loads(message[4 : 4 + size].decode("utf-8"))
        assert header["arrays"] == [["u", "u1", [3]], ["f", "f4", [2, 1]]]
        rest = message[4 + size :]
        assert rest == b"\x01\x02\x03" + bytes(5) + second.astype("<f4").tobytes()


def test_a_message_may_have_no_arrays():
    header, arrays = decode(encode({"type": "status", "text": "D(x) → ½"}))
    assert header == {"type": "status", "text": "D(x) → ½"} and arrays == {}


def test_header_without_numbers_that_json_lacks():
    header = {"a": math.nan, "b": [math.inf, 1.0, {"c": -math.inf}], "d": (np.float64("nan"), 2)}
    raw = encode(header)
    assert b"NaN" not in raw and b"Infinity" not in raw
    assert decode(raw)[0] == {"a": None, "b": [None, 1.0, {"c": None}], "d": [None, 2]}


def test_float64_becomes_float32_without_overflow():
    values = np.array([0.1, 1e300, -1e300, np.nan, np.inf, -np.inf, 1e-300])
    got = decode(encode({}, {"a": values}))[1]["a"]
    assert got.dtype == np.float32
    np.testing.assert_array_equal(
        got, np.array([0.1, 3e38, -3e38, np.nan, 3e38, -3e38, 0.0], np.float32)
    )


def test_arrays_in_any_memory_order():
    array = np.arange(12.0).reshape(3, 4)
    for view in (array.T, np.asfortranarray(array), array[:, ::2], array[::-1]):
        np.testing.assert_array_equal(decode(encode({}, {"a": view}))[1]["a"], view)


def test_a_type_the_front_end_cannot_read_is_refused():
    with pytest.raises(KeyError):
        encode({}, {"a": np.arange(3, dtype=np.int64)})
