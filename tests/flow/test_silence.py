"""When the silence of a topic is suspicious."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upbit.flow.silence import DAY, FACTOR, ROUNDS, Silence

BTC, ETH, XRP = ("trade", "KRW-BTC"), ("trade", "KRW-ETH"), ("ticker", "KRW-XRP")
ANSWER, LEAST, MOST = 5.0, 15.0, 600.0


class Ear:
    """Hears as a session does."""

    def __init__(self, *keys: tuple[str, str]) -> None:
        self.silence = Silence(answer=ANSWER, least=LEAST, most=MOST)
        self.silence.follow(keys)
        self.silence.begin(0.0)

    def hear(self, now: float, *keys: tuple[str, str], snapshot: bool = False) -> None:
        for key in keys:
            topic = self.silence.topics[key]
            silence, topic.at = now - topic.at, now
            if silence >= topic.longest:
                self.silence.learn(topic, silence)
            if snapshot:
                self.silence.shown = now

    def allowed(self, key: tuple[str, str]) -> float:
        """For how long a topic may be silent from now on."""
        silence, topic = self.silence, self.silence.topics[key]
        return silence._allowed(topic)

    @property
    def silent(self) -> set[tuple[str, str]]:
        return {key for key, _ in self.silence.silent()}


def test_nothing_is_suspicious_without_topics() -> None:
    ear = Ear()
    assert (LEAST, inf) == (ear.silence.look(0.0), ear.silence.look(LEAST))


def test_a_topic_that_says_nothing_from_the_beginning_is_suspicious() -> None:
    ear = Ear(BTC, ETH)
    ear.hear(10.0, ETH)
    assert 25.0 == ear.silence.look(15.0)
    assert {BTC: -inf} == ear.silence.suspects


def test_a_topic_is_suspicious_after_three_times_its_longest_silence() -> None:
    ear = Ear(BTC)
    for now in (0.0, 1.0, 31.0, 32.0):
        ear.hear(now, BTC)
    assert pytest.approx(32 + 30 * FACTOR, abs=3) == ear.silence.look(40.0)
    assert {} == ear.silence.suspects


def test_a_silence_that_ended_with_an_answer_was_healthy() -> None:
    ear = Ear(BTC)
    ear.hear(0.0, BTC)
    ear.silence.look(15.0)
    ear.silence.asked(15.0)
    assert {BTC} == ear.silent
    ear.hear(15.1, BTC, snapshot=True)
    assert ("", {}, set()) == (ear.silence.judge(), ear.silence.suspects, ear.silent)
    assert pytest.approx(FACTOR * 15.1) == ear.allowed(BTC)


def test_the_longest_silence_fades_while_the_topic_is_heard_and_only_then() -> None:
    ear = Ear(BTC, ETH)
    ear.hear(0.0, BTC, ETH)
    ear.hear(100.0, BTC, ETH)
    for second in range(101, 3000):
        ear.hear(float(second), BTC)
        ear.silence.look(float(second))
    assert LEAST == ear.allowed(BTC)
    assert 200 < ear.allowed(ETH)


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_who_answers_is_left_in_peace_neither_too_short_nor_too_long(gaps: list[float]) -> None:
    ear, now = Ear(BTC), 0.0
    for gap in gaps:
        now += gap
        ear.hear(now, BTC)
        ear.silence.look(now)
        assert LEAST <= ear.allowed(BTC) <= MOST


def test_if_nobody_answers_the_connection_is_silent_and_nobody_mute() -> None:
    ear = Ear(BTC, ETH)
    ear.hear(0.0, BTC, ETH)
    ear.silence.look(20.0)
    ear.silence.asked(20.0)
    assert ("silence", set()) == (ear.silence.judge(), ear.silent)


def test_who_is_silent_though_others_answer_is_mute_which_is_news_once() -> None:
    ear = Ear(BTC, ETH)
    now, waits = 0.0, list[float]()
    for turn in range(12):
        ear.silence.begin(now)
        ear.hear(now, ETH)
        begun, now = now, now + ear.allowed(BTC)
        ear.silence.look(now)
        assert BTC in ear.silence.suspects
        ear.silence.asked(now)
        ear.hear(now, ETH)
        assert ("" if turn else "silent subscription", {BTC}) == (ear.silence.judge(), ear.silent)
        waits.append(now - begun)
    assert [15, 45, 135, 405, 1215] == waits[:5]
    assert [DAY, DAY] == waits[-2:]
    ear.hear(now, BTC)
    assert (set(), MOST) == (ear.silent, ear.allowed(BTC))


def test_suspects_may_answer_while_snapshots_still_come_but_not_for_ever() -> None:
    ear = Ear(BTC)
    ear.silence.asked(100.0)
    assert 105 == ear.silence.respite()
    ear.hear(103.0, BTC)
    assert 105 == ear.silence.respite()
    ear.hear(104.0, BTC, snapshot=True)
    assert 109 == ear.silence.respite()
    ear.hear(1000.0, BTC, snapshot=True)
    assert 100 + ROUNDS * ANSWER == ear.silence.respite()


def test_who_was_watched_before_is_known_and_who_is_not_watched_any_more_forgotten() -> None:
    ear = Ear(BTC, ETH)
    ear.hear(0.0, BTC)
    ear.hear(100.0, BTC)
    ear.silence.look(100.0)
    assert {ETH} == ear.silent
    ear.silence.follow([BTC, XRP])
    assert ({BTC, XRP}, set()) == (set(ear.silence.topics), ear.silent)
    assert (MOST > ear.allowed(BTC) > 250, LEAST) == (True, ear.allowed(XRP))


def test_a_connection_begins_with_nobody_heard_and_nobody_suspected() -> None:
    ear = Ear(BTC)
    ear.hear(0.0, BTC)
    ear.silence.look(15.0)
    ear.silence.begin(20.0)
    assert (set(), 35.0) == (ear.silent, ear.silence.look(20.0))
    ear.hear(1e6, BTC)
    assert LEAST == ear.allowed(BTC)
