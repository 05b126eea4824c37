"""Text from others becomes one short line of plain text, also as Markdown."""

import pytest

from ganlab.ui.plain import code

EVIL = (
    "\n\n[click](http://evil.example) ![i](http://evil.example/t)",
    "\r\r# heading",
    "`` ` `` ![i](http://evil.example)",
    "a\x00b\x1b[31m\u202ec\u2028d",
    "x" * 10**7,
    "",
)


@pytest.mark.parametrize("text", EVIL, ids=lambda t: repr(t[:20]))
def test_foreign_text_cannot_leave_its_code(text):
    shown = code(text)
    assert shown[0] == shown[-1] == "`" and shown.count("`") == 2 and 2 < len(shown) <= 44
    assert shown[1:-1].isprintable()
