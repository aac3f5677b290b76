"""The fields of every event on the socket in wire order, and their short names (format `SIMPLE`).

The typed events, the frames and the paper exchange all read this one table. Which fields may be absent, and what they
hold, is said elsewhere. Source: upbit-api 6.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias, cast

StreamType: TypeAlias = Literal["SNAPSHOT", "REALTIME", "RECOVERED"]
"""`SNAPSHOT`: the state when it was asked for; `RECOVERED`: not from the socket, learned by REST after a gap."""


def _table(text: str) -> Mapping[str, str]:
    return MappingProxyType(dict(cast("tuple[str, str]", pair.split("=")) for pair in text.split()))


KEYS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "ticker": _table(
            """type=ty code=cd opening_price=op high_price=hp low_price=lp trade_price=tp prev_closing_price=pcp
            acc_trade_price=atp change=c change_price=cp signed_change_price=scp change_rate=cr signed_change_rate=scr
            ask_bid=ab trade_volume=tv acc_trade_volume=atv trade_date=tdt trade_time=ttm trade_timestamp=ttms
            acc_ask_volume=aav acc_bid_volume=abv highest_52_week_price=h52wp highest_52_week_date=h52wdt
            lowest_52_week_price=l52wp lowest_52_week_date=l52wdt trade_status=ts market_state=ms
            market_state_for_ios=msfi is_trading_suspended=its delisting_date=dd market_warning=mw timestamp=tms
            acc_trade_price_24h=atp24h acc_trade_volume_24h=atv24h stream_type=st"""
        ),
        "trade": _table(
            """type=ty code=cd timestamp=tms trade_date=td trade_time=ttm trade_timestamp=ttms trade_price=tp
            trade_volume=tv ask_bid=ab prev_closing_price=pcp change=c change_price=cp sequential_id=sid
            best_ask_price=bap best_ask_size=bas best_bid_price=bbp best_bid_size=bbs stream_type=st"""
        ),
        "orderbook": _table(
            """type=ty code=cd timestamp=tms total_ask_size=tas total_bid_size=tbs orderbook_units=obu stream_type=st
            level=lv"""
        ),
        "candle": _table(
            """type=ty code=cd candle_date_time_utc=cdttmu candle_date_time_kst=cdttmk opening_price=op high_price=hp
            low_price=lp trade_price=tp candle_acc_trade_volume=catv candle_acc_trade_price=catp timestamp=tms
            stream_type=st"""
        ),
        "myOrder": _table(
            """type=ty code=cd uuid=uid ask_bid=ab order_type=ot state=s trade_uuid=tuid price=p avg_price=ap volume=v
            remaining_volume=rv executed_volume=ev trades_count=tc reserved_fee=rsf remaining_fee=rmf paid_fee=pf
            locked=l executed_funds=ef time_in_force=tif trade_fee=tf is_maker=im identifier=id smp_type=smpt
            prevented_volume=pv prevented_locked=pl trade_timestamp=ttms order_timestamp=otms timestamp=tms
            stream_type=st"""
        ),
        "myAsset": _table("type=ty asset_uuid=astuid assets=ast asset_timestamp=asttms timestamp=tms stream_type=st"),
        "announcement": _table(
            """type=ty uuid=uid event_type=et category=cat title=tt url=url body=bd first_listed_at=flat listed_at=lat
            timestamp=tms stream_type=st"""
        ),
        "indicator": _table(
            """type=ty code=cd timeframe=tf indicator=ind params=p value=v candle_date_time_utc=cdttmu timestamp=tms
            stream_type=st"""
        ),
        "indicator_signal": _table(
            """type=ty code=cd timeframe=tf indicator=ind params=p trigger=tr event_params=ep value=v
            candle_date_time_utc=cdttmu timestamp=tms stream_type=st"""
        ),
        "LIST_SUBSCRIPTIONS": _table("method=mthd result=rslt ticket=tckt"),
    }
)
"""The fields of every kind of event in wire order, and their short names. All candles share one row."""

INNER_KEYS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "orderbook_units": _table("ask_price=ap bid_price=bp ask_size=as bid_size=bs"),
        "assets": _table("currency=cu balance=b locked=l"),
        "params": _table(
            "type=t period=p short_period=shp long_period=lop multiplier=m fast=f slow=s signal_period=sgp"
        ),
        "event_params": _table("threshold=th multiplier=mul"),
        "value": _table(
            """volume=vol avg_volume=av ratio=rto rsi=rsi value=value ma_short=mas ma_long=mal bb_upper=bbu
            bb_middle=bbm bb_lower=bbl macd=macd macd_signal=macds histogram=hist"""
        ),
        "result": _table("type=ty codes=cds level=lv"),
    }
)
"""The same for the objects that stand inside a field."""
