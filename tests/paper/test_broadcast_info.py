from __future__ import annotations

from typing import Any

import pytest

from tests.paper.studio import Studio
from upbit.paper.broadcast import NORMAL_CLOSURE
from upbit.wire.frames import INFO, KEYS

MINUTE = 60_000
RSI = {"type": "rsi", "params": {"period": 14}}
CROSS = {"type": "moving_average", "params": {"type": "SMA", "period": 5}}


def asked(
    *indicators: dict[str, Any], kind: str = "indicator", codes: tuple[str, ...] = ("KRW-BTC",)
) -> dict[str, Any]:
    return {"type": kind, "codes": list(codes), "timeframe": "5m", "indicators": list(indicators)}


def test_an_indicator_is_told_when_its_candle_closes_and_has_no_snapshot() -> None:
    studio = Studio()
    session = studio.private(permissions=(), path=INFO)
    bands = {"type": "bollinger_bands", "params": {"multiplier": 2, "period": 20}}
    assert [] == studio.ask(session, asked(RSI, bands, codes=("KRW-BTC", "BTC-ETH", "KRW-NOPE")))
    studio.step(MINUTE)
    assert [] == studio.pulse(session)
    studio.step(MINUTE)
    first, second = studio.pulse(session)
    assert list(KEYS["indicator"]) == list(first)
    assert ("indicator", "KRW-BTC", "5m", "rsi", {"period": 14}, "REALTIME") == tuple(
        first[key] for key in ("type", "code", "timeframe", "indicator", "params", "stream_type")
    )
    assert 0 < float(first["value"]["rsi"]) < 100
    assert ["period", "multiplier"] == list(second["params"])
    assert ["bb_upper", "bb_middle", "bb_lower"] == list(second["value"])
    assert ("2026-09-21T14:10:00", 1_790_000_100_000) == (first["candle_date_time_utc"], first["timestamp"])


def test_a_signal_tells_its_trigger_and_short_names_are_short_all_the_way_down() -> None:
    studio = Studio()
    session = studio.private(path=INFO)
    above = {**CROSS, "trigger": "price_cross_above"}
    spike = {
        "type": "volume",
        "params": {"period": 10},
        "trigger": "volume_spike",
        "event_params": {"multiplier": 2},
    }
    assert [] == studio.ask(session, asked(above, spike, kind="indicator_signal", codes=("KRW-ETC",)), format="SIMPLE")
    frames: list[bytes] = []
    for _ in range(60):
        session.touch(studio.step(5 * MINUTE))
        frames += session.pulse(studio.exchange.now)
    crossed = next(frame for frame in frames if b'"moving_average"' in frame)
    assert crossed.startswith(
        b'{"ty":"indicator_signal","cd":"KRW-ETC","tf":"5m","ind":"moving_average","p":{"t":"SMA","p":5},'
        b'"tr":"price_cross_above","ep":{},"v":{"value":"'
    )
    spiked = next(frame for frame in frames if b'"volume"' in frame)
    assert b'"p":{"p":10},"tr":"volume_spike","ep":{"mul":2},"v":{"vol":"' in spiked
    assert 2 < len(frames) < 60


def test_one_combination_that_is_not_to_be_had_rejects_the_whole_request() -> None:
    studio = Studio()
    session = studio.private(path=INFO)
    studio.ask(session, asked(RSI))
    (error,) = studio.ask(session, asked(RSI), asked({"type": "rsi", "params": {"period": 15}}))
    assert ("INVALID_PARAM", NORMAL_CLOSURE) == (error["error"]["name"], session.ended)
    studio.step(5 * MINUTE)
    assert [] == studio.pulse(session)


def test_more_than_a_hundred_combinations_are_too_many() -> None:
    studio = Studio()
    codes = tuple(code for code in studio.exchange.listings if code.startswith("KRW-"))[:15]
    many = asked(*[{"type": "rsi", "params": {"period": period}} for period in range(2, 9)], codes=codes)
    (error,) = studio.ask(studio.private(path=INFO), many)
    assert "INVALID_PARAM" == error["error"]["name"]


def test_all_who_ask_for_the_same_share_it_until_the_last_has_left() -> None:
    studio = Studio()
    first, second = studio.private(path=INFO), studio.private(path=INFO)
    studio.ask(first, asked(RSI))
    studio.step(6 * MINUTE)
    studio.pulse(first)
    studio.ask(second, asked(RSI))
    studio.step(5 * MINUTE)
    now = studio.exchange.now
    (one,), (other,) = first.pulse(now), second.pulse(now)
    assert one is other
    first.close()
    studio.step(5 * MINUTE)
    assert 1 == len(studio.pulse(second))
    second.close()
    studio.step(5 * MINUTE)
    assert [] == studio.pulse(second)


@pytest.mark.parametrize("kind", ["ticker", "myOrder"])
def test_other_types_have_no_place_here(kind: str) -> None:
    studio = Studio()
    (error,) = studio.ask(studio.private(path=INFO), {"type": kind, "codes": ["KRW-BTC"]})
    assert "INVALID_PARAM" == error["error"]["name"]
