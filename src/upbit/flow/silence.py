"""When the silence of a topic (type and market) is suspicious, and what becomes of a topic that was asked.

A topic may be silent for three times as long as it ever was of late. Beyond that it is a suspect: it is asked, by a
request whose answer is a snapshot of every topic. A silence that ends with an answer was healthy, and is learned; a
topic that does not answer, though others do, is mute. No clock, and nothing is said here: a `Session` does that.
Topics without snapshots cannot be asked and are not watched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf
from typing import Literal, TypeAlias

Key: TypeAlias = tuple[str, str]
"""Type and market of a topic: `("trade", "KRW-BTC")`."""
Verdict: TypeAlias = Literal["", "silence", "silent subscription"]
"""Nothing is wrong; nobody answered; somebody did not, though others did."""

FACTOR = 3.0
"""A silence so many times as long as the longest of late is suspicious."""
FORGET = 0.98
"""What is left of the longest silence after each `least` seconds in which the topic was heard: half in nine minutes."""
ROUNDS = 6
"""Snapshots that keep coming put off the verdict on the others, to at most so many times the time for an answer."""
DAY = 86_400.0
"""Seconds after which a topic that never answers is asked again, in the end."""


class Topic:
    """One type and market, and how it is when it is well."""

    __slots__ = ("at", "longest", "mute")

    def __init__(self, longest: float) -> None:
        self.at = -inf
        """When it was heard last on this connection."""
        self.longest = longest
        """Its longest healthy silence of late."""
        self.mute = False
        """It did not answer when it was asked last, though others did."""


class Silence:
    """The topics of one socket. `answer`, `least` and `most` are seconds: see `Times` of `flow.session`."""

    def __init__(self, *, answer: float, least: float, most: float) -> None:
        self.topics: dict[Key, Topic] = {}
        self.suspects: dict[Key, float] = {}
        """Who is asked, and when it was heard last."""
        self.shown = -inf
        """When a snapshot came last."""
        self._asked = -inf
        self._answer = answer
        self._least = least
        self._most = most
        self._forgot = -inf

    def follow(self, keys: Iterable[Key]) -> None:
        """Watch these topics and no others; what is known of them stays known."""
        fresh = self._least / FACTOR
        self.topics = {key: self.topics.get(key) or Topic(fresh) for key in keys}
        self.suspects = {key: at for key, at in self.suspects.items() if key in self.topics}

    def begin(self, now: float) -> None:
        """A connection begins, on which nothing was heard yet."""
        self.suspects = {}
        self.shown = -inf
        self._asked = now
        for topic in self.topics.values():
            topic.at = -inf

    def asked(self, now: float) -> None:
        """All topics were asked to show themselves."""
        self._asked = now

    def learn(self, topic: Topic, silence: float) -> None:
        """Take a silence that ended well for healthy; `inf` is that before the first event of a connection."""
        topic.mute = False
        if silence < inf:
            topic.longest = min(silence, self._most)

    def silent(self) -> Iterator[tuple[Key, Topic]]:
        """Give the topics that are mute, or suspects that did not answer yet."""
        for key, topic in self.topics.items():
            if topic.mute or self.suspects.get(key) == topic.at:
                yield key, topic

    def respite(self) -> float:
        """Until when suspects may answer."""
        return min(max(self._asked, self.shown) + self._answer, self._asked + ROUNDS * self._answer)

    def judge(self) -> Verdict:
        """Say what becomes of the suspects, when their time is over."""
        deaf = [topic for key, at in self.suspects.items() if (topic := self.topics[key]).at == at]
        self.suspects = {}
        for topic in deaf:  # not so soon again
            topic.longest = self._allowed(topic)
        if not deaf:
            return ""
        if not any(topic.at >= self._asked for topic in self.topics.values()):
            return "silence"
        news = not all(topic.mute for topic in deaf)
        for topic in deaf:
            topic.mute = True
        return "silent subscription" if news else ""

    def look(self, now: float) -> float:
        """Find the suspects, and say when to look again; not before `least` seconds after all were asked."""
        due = self._asked + self._least
        if now < due:
            return due
        due = inf
        forget = now - self._forgot >= self._least
        for key, topic in self.topics.items():
            if forget and topic.at > self._forgot:
                topic.longest = max(self._least / FACTOR, topic.longest * FORGET)
            end = max(topic.at, self._asked) + self._allowed(topic)
            if now >= end:
                self.suspects[key] = topic.at
            else:
                due = min(due, end)
        if forget:
            self._forgot = now
        return due

    def _allowed(self, topic: Topic) -> float:
        most = DAY if topic.mute else self._most
        return min(most, max(self._least, FACTOR * topic.longest))
