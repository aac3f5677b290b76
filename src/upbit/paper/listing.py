"""What the paper exchange lists: markets with their names and first prices, currencies with their networks.

Codes and names are the real exchange's; prices stand on the grid of 2026, at least one in every band of it from
2,000,000 KRW down to 0.0001 KRW, and the BTC and USDT markets agree with the KRW ones. Everything about networks
(fees, confirmations, shapes of addresses) is plausible, not copied: nothing here is the real exchange's word, and no
address made from it belongs to anybody. It is frozen data: what happens to it later is the exchange's state.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final, NamedTuple

from ..rules import fee, tick_table
from .book import SCALE
from .market import TRAITS, Preset


class Listing(NamedTuple):
    """A market."""

    market: str
    """Its code, quote currency first, e.g. ``KRW-BTC``."""
    korean_name: str
    english_name: str
    price: int
    """The first price, in units of 1e-8 of the quote currency."""
    preset: Preset

    @property
    def quote(self) -> str:
        """The currency prices are in."""
        return self.market.partition("-")[0]

    @property
    def base(self) -> str:
        """The currency volumes are in."""
        return self.market.partition("-")[2]

    @property
    def fee(self) -> Decimal:
        """The share of a trade that maker and taker each pay."""
        return fee(self.market)


class Network(NamedTuple):
    """A chain a currency moves on."""

    net_type: str
    network_name: str
    withdraw_fee: Decimal
    minimum: Decimal
    """The least that can be withdrawn."""
    confirmations: int
    """Blocks until a deposit counts."""
    address: str
    """A regular expression that the addresses match."""
    secondary: str | None
    """What the second part of an address (tag, memo) must match; None where there is none."""


class Currency(NamedTuple):
    """What accounts hold."""

    code: str
    korean_name: str
    english_name: str
    decimals: int
    """Decimals of deposits and withdrawals."""
    networks: tuple[Network, ...]
    """Empty for KRW, which moves through a bank."""


def _market(market: str, korean_name: str, english_name: str, price: str, preset: Preset) -> Listing:
    return Listing(market, korean_name, english_name, int(Decimal(price) * SCALE), preset)


MARKETS: Final = (
    _market("KRW-BTC", "비트코인", "Bitcoin", "110000000", "btc"),
    _market("KRW-ETH", "이더리움", "Ethereum", "3180000", "btc"),
    _market("KRW-XRP", "엑스알피(리플)", "XRP", "2015", "alt-liquid"),
    _market("KRW-SOL", "솔라나", "Solana", "128500", "alt-liquid"),
    _market("KRW-USDT", "테더", "Tether", "1400", "stable"),
    _market("KRW-DOGE", "도지코인", "Dogecoin", "142", "alt-liquid"),
    _market("KRW-ADA", "에이다", "Cardano", "365", "alt-liquid"),
    _market("KRW-BCH", "비트코인캐시", "Bitcoin Cash", "1024000", "alt-liquid"),
    _market("KRW-TAO", "비트텐서", "Bittensor", "512500", "alt-liquid"),
    _market("KRW-LTC", "라이트코인", "Litecoin", "78150", "alt-liquid"),
    _market("KRW-LINK", "체인링크", "Chainlink", "13240", "alt-liquid"),
    _market("KRW-AVAX", "아발란체", "Avalanche", "13810", "alt-liquid"),
    _market("KRW-ETC", "이더리움클래식", "Ethereum Classic", "12160", "alt-thin"),
    _market("KRW-EGLD", "멀티버스엑스", "MultiversX", "6180", "alt-thin"),
    _market("KRW-UNI", "유니스왑", "Uniswap", "4788", "alt-liquid"),
    _market("KRW-ATOM", "코스모스", "Cosmos", "2663", "alt-thin"),
    _market("KRW-TRX", "트론", "TRON", "448", "alt-liquid"),
    _market("KRW-XLM", "스텔라루멘", "Stellar Lumens", "236", "alt-liquid"),
    _market("KRW-SAND", "샌드박스", "The Sandbox", "112", "alt-thin"),
    _market("KRW-CHZ", "칠리즈", "Chiliz", "54.3", "alt-thin"),
    _market("KRW-CPOOL", "클리어풀", "Clearpool", "41.1", "alt-thin"),
    _market("KRW-ZIL", "질리카", "Zilliqa", "6.18", "alt-thin"),
    _market("KRW-SC", "시아코인", "Siacoin", "1.94", "alt-thin"),
    _market("KRW-VTHO", "비토르토큰", "VeThor Token", "0.872", "alt-thin"),
    _market("KRW-XEC", "이캐시", "eCash", "0.0126", "alt-thin"),
    _market("KRW-SHIB", "시바이누", "Shiba Inu", "0.00894", "meme"),
    _market("KRW-PEPE", "페페", "PEPE", "0.00581", "meme"),
    _market("KRW-BTT", "비트토렌트", "BitTorrent", "0.000523", "meme"),
    _market("BTC-ETH", "이더리움", "Ethereum", "0.02890909", "alt-thin"),
    _market("BTC-XRP", "엑스알피(리플)", "XRP", "0.00001832", "alt-thin"),
    _market("BTC-SOL", "솔라나", "Solana", "0.00116818", "alt-thin"),
    _market("BTC-LTC", "라이트코인", "Litecoin", "0.00071045", "alt-thin"),
    _market("BTC-ADA", "에이다", "Cardano", "0.00000332", "alt-thin"),
    _market("BTC-DOGE", "도지코인", "Dogecoin", "0.00000129", "alt-thin"),
    _market("USDT-BTC", "비트코인", "Bitcoin", "78571.43", "alt-thin"),
    _market("USDT-ETH", "이더리움", "Ethereum", "2271.43", "alt-thin"),
    _market("USDT-SOL", "솔라나", "Solana", "91.79", "alt-thin"),
    _market("USDT-XRP", "엑스알피(리플)", "XRP", "1.439", "alt-thin"),
    _market("USDT-TRX", "트론", "TRON", "0.32", "alt-thin"),
    _market("USDT-DOGE", "도지코인", "Dogecoin", "0.1014", "alt-thin"),
)
"""All markets, in the order the exchange names them."""

_HEX: Final = "0x[0-9a-f]{40}"
_BASE58: Final = "[1-9A-HJ-NP-Za-km-z]"
_TAG: Final = "[0-9]{9}"


def _network(
    net_type: str, name: str, fee: str, least: str, confirmations: int, address: str, secondary: str | None = None
) -> Network:
    return Network(net_type, name, Decimal(fee), Decimal(least), confirmations, address, secondary)


def _ethereum(fee: str, least: str) -> Network:
    return _network("ETH", "Ethereum", fee, least, 32, _HEX)


def _tron(fee: str, least: str) -> Network:
    return _network("TRX", "Tron", fee, least, 20, f"T{_BASE58}{{33}}")


def _currency(code: str, korean_name: str, english_name: str, *networks: Network, decimals: int = 8) -> Currency:
    return Currency(code, korean_name, english_name, decimals, networks)


CURRENCIES: Final[Mapping[str, Currency]] = MappingProxyType(
    {
        currency.code: currency
        for currency in (
            _currency("KRW", "원화", "Korean Won", decimals=0),
            _currency(
                "BTC",
                "비트코인",
                "Bitcoin",
                _network("BTC", "Bitcoin", "0.0002", "0.0005", 2, "bc1q[02-9ac-hj-np-z]{38}"),
            ),
            _currency("ETH", "이더리움", "Ethereum", _ethereum("0.003", "0.005")),
            _currency(
                "XRP", "엑스알피(리플)", "XRP", _network("XRP", "XRP Ledger", "0.4", "21", 6, f"r{_BASE58}{{33}}", _TAG)
            ),
            _currency("SOL", "솔라나", "Solana", _network("SOL", "Solana", "0.009", "0.01", 32, f"{_BASE58}{{44}}")),
            _currency("USDT", "테더", "Tether", _ethereum("3", "5"), _tron("1", "2"), decimals=6),
            _currency("DOGE", "도지코인", "Dogecoin", _network("DOGE", "Dogecoin", "5", "10", 60, f"D{_BASE58}{{33}}")),
            _currency(
                "ADA",
                "에이다",
                "Cardano",
                _network("ADA", "Cardano", "0.5", "1", 45, "addr1[02-9ac-hj-np-z]{98}"),
                decimals=6,
            ),
            _currency(
                "BCH",
                "비트코인캐시",
                "Bitcoin Cash",
                _network("BCH", "Bitcoin Cash", "0.001", "0.002", 15, "q[02-9ac-hj-np-z]{41}"),
            ),
            _currency(
                "TAO", "비트텐서", "Bittensor", _network("TAO", "Bittensor", "0.001", "0.01", 12, f"5{_BASE58}{{47}}")
            ),
            _currency(
                "LTC", "라이트코인", "Litecoin", _network("LTC", "Litecoin", "0.01", "0.02", 12, f"L{_BASE58}{{33}}")
            ),
            _currency("LINK", "체인링크", "Chainlink", _ethereum("0.3", "0.6")),
            _currency("AVAX", "아발란체", "Avalanche", _network("AVAX", "Avalanche C-Chain", "0.01", "0.1", 35, _HEX)),
            _currency(
                "ETC",
                "이더리움클래식",
                "Ethereum Classic",
                _network("ETC", "Ethereum Classic", "0.01", "0.02", 13000, _HEX),
            ),
            _currency(
                "EGLD",
                "멀티버스엑스",
                "MultiversX",
                _network("EGLD", "MultiversX", "0.02", "0.04", 15, "erd1[02-9ac-hj-np-z]{58}"),
            ),
            _currency("UNI", "유니스왑", "Uniswap", _ethereum("0.5", "1")),
            _currency(
                "ATOM",
                "코스모스",
                "Cosmos",
                _network("ATOM", "Cosmos Hub", "0.01", "0.1", 20, "cosmos1[02-9ac-hj-np-z]{38}", _TAG),
                decimals=6,
            ),
            _currency("TRX", "트론", "TRON", _tron("1", "2"), decimals=6),
            _currency(
                "XLM",
                "스텔라루멘",
                "Stellar Lumens",
                _network("XLM", "Stellar", "0.01", "1", 6, "G[A-Z2-7]{55}", _TAG),
                decimals=7,
            ),
            _currency("SAND", "샌드박스", "The Sandbox", _ethereum("20", "40")),
            _currency("CHZ", "칠리즈", "Chiliz", _network("CHZ", "Chiliz", "2", "4", 30, _HEX)),
            _currency("CPOOL", "클리어풀", "Clearpool", _ethereum("60", "120")),
            _currency(
                "ZIL", "질리카", "Zilliqa", _network("ZIL", "Zilliqa", "10", "20", 30, "zil1[02-9ac-hj-np-z]{38}")
            ),
            _currency("SC", "시아코인", "Siacoin", _network("SC", "Siacoin", "10", "20", 36, "[0-9a-f]{76}")),
            _currency("VTHO", "비토르토큰", "VeThor Token", _network("VET", "VeChain", "60", "120", 12, _HEX)),
            _currency(
                "XEC",
                "이캐시",
                "eCash",
                _network("XEC", "eCash", "100", "1000", 15, "q[02-9ac-hj-np-z]{41}"),
                decimals=2,
            ),
            _currency("SHIB", "시바이누", "Shiba Inu", _ethereum("200000", "400000")),
            _currency("PEPE", "페페", "PEPE", _ethereum("400000", "800000")),
            _currency("BTT", "비트토렌트", "BitTorrent", _tron("2000000", "4000000")),
        )
    }
)
"""Everything that can be held, by code."""

_BY_CODE: Final[Mapping[str, Listing]] = MappingProxyType({entry.market: entry for entry in MARKETS})


def listing(market: str) -> Listing:
    """The market of this code; KeyError if it is not listed."""
    return _BY_CODE[market]


def listings(preset: Preset | None = None) -> Mapping[str, Listing]:
    """All markets by their codes; each with its own preset, or all with the one given."""
    return {one.market: one if preset is None else one._replace(preset=preset) for one in MARKETS}


def lot(listed: Listing) -> int:
    """The volume of a typical order, in units of 1e-8: what its preset says in KRW, at the first prices."""
    krw = SCALE if listed.quote == "KRW" else _BY_CODE[f"KRW-{listed.quote}"].price
    return TRAITS[listed.preset].lot * SCALE**3 // (listed.price * krw)


class Grid:
    """The steps of prices from each bound on, in units of 1e-8; called with a price it says the step there."""

    __slots__ = ("_bounds", "_steps")

    def __init__(self, bounds: list[int], steps: list[int]) -> None:
        self._bounds = bounds
        self._steps = steps

    def __call__(self, price: int) -> int:
        """The step at a price."""
        return self._steps[bisect_right(self._bounds, price) - 1]


def ticks(market: str, *, on: date | None = None) -> Callable[[int], int]:
    """The step of the grid at a price, both in units of 1e-8, by the tick table of a day (None: today's)."""
    bands = tick_table(market, on=on).bands[::-1]
    bounds = [int(bound * SCALE) for bound, _ in bands]
    steps = [int(step * SCALE) for _, step in bands]
    return Grid(bounds, steps)
