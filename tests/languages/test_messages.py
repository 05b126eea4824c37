"""A Message is its English text, and can be shown in any language."""

import copy
import json

from hypothesis import given
from hypothesis import strategies as st

from ganlab import languages
from ganlab.languages import CHINESE, Message, _, capital, into, joined, listed, speaking, tr
from ganlab.live.wire import decode, encode
from ganlab.registry import SpecError

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="{}"), max_size=20)


@given(WORDS, WORDS)
def test_a_message_is_its_english_text_everywhere(first, second):
    message = Message("{a} of {b}", {"a": first, "b": second})
    assert message == f"{first} of {second}" and f"{message}" == str(message)
    assert into("en", message) == str(message) == into("xx", message)
    assert json.loads(json.dumps(message)) == str(message)
    assert copy.deepcopy([message])[0].template == "{a} of {b}"
    assert message + "!" == f"{message}!" and "!" + message == f"!{message}"
    assert joined(", ", (message, second)) == f"{message}, {second}"
    assert capital(message) == str(message)[:1].upper() + str(message)[1:]


def test_messages_in_messages_are_translated_and_other_texts_stay():
    loss = _("non-saturating")
    assert into(CHINESE, loss) == "非饱和"
    assert into(CHINESE, _("Run {letter}: {title}", letter="B", title=loss)) == "运行 B：非饱和"
    assert into(CHINESE, {"k": [loss, ("G", 1)]}) == {"k": ["非饱和", ["G", 1]]}
    assert into(CHINESE, listed([loss, _("batch")])) == "非饱和、批量"
    assert into(CHINESE, "batch") == "batch", "a plain str may be a name: it is no text"


def test_sentences_that_follow_each_other_have_no_gap_in_chinese():
    both = joined(" ", (_("All lessons"), _("Stop")))
    assert both == "All lessons Stop" and into(CHINESE, both) == "所有课程停止"


def test_an_error_is_english_until_it_is_shown():
    error = SpecError("k", 7, _("an integer"))
    assert str(error) == "k = 7 is not allowed; it must be an integer"
    assert into(CHINESE, error.words) == "k = 7 不可用；应为整数"


def test_a_reader_is_spoken_to_in_its_language():
    assert tr("Stop") == "Stop"
    with speaking(CHINESE):
        assert tr("Stop") == tr(_("Stop")) == "停止"
    assert tr("Stop") == "Stop"


def test_the_nearest_language_of_a_browser():
    for tag in ("zh", "zh-CN", "zh-TW", "zh_Hans", "zh-CN,zh;q=0.9"):
        assert languages.nearest(tag) == CHINESE
    for tag in ("", None, "de", "en-GB", "*"):
        assert languages.nearest(tag) == languages.ENGLISH


def test_a_live_message_keeps_its_arrays_in_another_language():
    import numpy as np

    numbers = np.arange(5, dtype=np.float32)
    message = encode({"type": "scene", "title": _("losses"), "id": "losses"}, {"x": numbers})
    header, arrays = decode(message.into(CHINESE))
    assert header == {"type": "scene", "title": "损失", "id": "losses"}
    assert arrays["x"].tolist() == numbers.tolist()
    assert message.into("en") is message and decode(message)[0]["title"] == "losses"
