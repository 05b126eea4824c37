"""The outbox: newest wins, few frames in flight, and which browsers count as watching."""

import asyncio
import threading

import pytest

from ganlab.live import subscriber as module
from ganlab.live.subscriber import IN_FLIGHT, Subscriber


def run(test):
    async def whole():
        box = Subscriber(asyncio.get_running_loop())
        box.put("scene", b"first scene")
        assert await box.next() == b"first scene"
        await asyncio.wait_for(test(box), 5)

    asyncio.run(whole())


async def nothing(box: Subscriber) -> bool:
    """Whether no message is available now."""
    task = asyncio.ensure_future(box.next())
    await asyncio.sleep(0.02)
    if task.done():
        return False
    task.cancel()
    return True


def test_newest_of_each_kind_wins_in_a_fixed_order():
    async def test(box):
        for text in (b"1", b"2", b"3"):
            for kind in ("frame", "curves", "status", "figure"):
                box.put(kind, kind.encode() + text)
        got = [await box.next() for _ in range(4)]
        assert got == [b"status3", b"curves3", b"figure3", b"frame3"]
        assert await nothing(box)

    run(test)


def test_a_scene_voids_what_was_before_it():
    async def test(box):
        box.put("frame", b"old frame")
        box.put("curves", b"old curves")
        box.put("scene", b"scene")
        box.put("frame", b"new frame")
        assert [await box.next(), await box.next()] == [b"scene", b"new frame"]
        assert await nothing(box)

    run(test)


def test_nothing_comes_before_the_first_scene():
    async def test(_):
        box = Subscriber(asyncio.get_running_loop())
        for kind in ("frame", "curves", "status", "figure"):
            box.put(kind, b"early")
        assert not box.ready_for_frame and box.watching
        assert await nothing(box)
        box.put("scene", b"scene")
        assert box.ready_for_frame
        box.put("status", b"status")
        assert [await box.next(), await box.next()] == [b"scene", b"status"]
        assert await nothing(box)

    run(test)


def test_frames_in_flight_are_limited_and_the_newest_waits():
    async def test(box):
        for i in range(IN_FLIGHT):
            assert box.ready_for_frame
            box.put("frame", b"%d" % i)
            assert not box.ready_for_frame  # one is waiting already
            assert await box.next() == b"%d" % i
        assert not box.ready_for_frame
        box.put("frame", b"late")
        box.put("frame", b"newest")
        assert await nothing(box)
        box.put("status", b"status")  # other kinds pass
        assert await box.next() == b"status"
        waiting = asyncio.ensure_future(box.next())
        await asyncio.sleep(0)
        box.drawn(1)  # cumulative: the first of two
        assert await waiting == b"newest"
        box.drawn(1)
        box.put("frame", b"more")
        assert await nothing(box)  # two are still in flight
        box.drawn(3)
        assert await box.next() == b"more"

    run(test)


@pytest.mark.parametrize("total", [10**30, 5])
def test_acknowledging_more_than_was_sent_gives_no_credit(total):
    async def test(box):
        box.put("frame", b"1")
        await box.next()
        box.drawn(total)
        for i in range(IN_FLIGHT):
            box.put("frame", b"%d" % i)
            await box.next()
        box.put("frame", b"too many")
        assert await nothing(box)

    run(test)


def test_a_stale_browser_is_not_watching_until_it_draws(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])

    async def test(box):
        now[0] = 1000.0
        assert box.watching  # a paused run sends no frames, and is watched for ever
        box.put("frame", b"1")
        await box.next()
        now[0] += 9
        assert box.watching
        box.drawn(0)  # no progress
        now[0] += 2
        assert not box.watching and not box.ready_for_frame
        box.drawn(1)
        assert box.watching and box.ready_for_frame
        now[0] += 1000
        assert box.watching

    run(test)


def test_hidden_and_closed_are_not_watching():
    async def test(box):
        assert box.watching
        box.visible = False
        assert not box.watching and not box.ready_for_frame
        box.visible = True
        assert box.watching
        waiting = asyncio.ensure_future(box.next())
        await asyncio.sleep(0)
        box.close()
        assert await waiting is None and await box.next() is None
        assert not box.watching

    run(test)


def test_no_wake_up_is_lost_between_threads():
    count = 3000

    async def test(box):
        def feed():
            for i in range(count):
                box.put("status", b"%d" % i)

        thread = threading.Thread(target=feed)
        thread.start()
        seen = []
        while not seen or seen[-1] != count - 1:
            seen.append(int(await box.next()))
        thread.join()
        assert seen == sorted(set(seen))

    run(test)


def test_putting_after_the_loop_has_ended_is_harmless():
    boxes = []

    async def test(box):
        boxes.append(box)

    run(test)
    boxes[0].put("status", b"x")
    assert boxes[0].closed and not boxes[0].watching


def test_the_loop_is_woken_once_for_many_messages():
    class Loop:
        calls = []

        def call_soon_threadsafe(self, call):
            self.calls.append(call)

    box = Subscriber(Loop())
    box.put("scene", b"scene")
    for _ in range(5):
        box.put("frame", b"frame")
        box.drawn(0)
    assert len(Loop.calls) == 1
    Loop.calls[0]()
    assert box._event.is_set()
    box.put("status", b"status")
    assert len(Loop.calls) == 2


def test_a_granted_frame_need_not_wait_for_those_in_flight_and_is_only_one():
    async def test(box):
        for number in range(IN_FLIGHT):
            box.put("frame", b"%d" % number)
            await box.next()
        box.put("frame", b"waits")
        assert await nothing(box)
        box.grant()
        box.put("frame", b"at once")
        assert await box.next() == b"at once"
        box.put("frame", b"next")
        assert await nothing(box)
        box.drawn(2)
        assert await box.next() == b"next"

    run(test)
