"""Every class of fault, seen by our own client in the process and over a port; rules that are certain, not chances."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import sent_once
from upbit import errors
from upbit.api import Orders
from upbit.client import Upbit
from upbit.flow.steps import Timeout
from upbit.models import Order
from upbit.paper import PaperExchange, Rule
from upbit.paper.chaos import BODY, DISK, FEED, FRAME, KEPT, MEMORY, PROFILES, REQUEST, SOCKET, Chaos, Moment
from upbit.paper.clock import Clock
from upbit.paper.damage import STRANGE
from upbit.paper.exchange import Exchange
from upbit.paper.server import threaded
from upbit.wire.frames import INFO, PRIVATE, PUBLIC

START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
START_MS = int(START.timestamp() * 1000)
ORDER = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "price": "90000000", "volume": "0.001"}
Options = dict[str, Any]


class Meeting:
    """A client, and the exchange that it meets, wherever that is."""

    def __init__(self, client: Upbit, chaos: Chaos, exchange: Exchange, anew: Callable[[], Upbit]) -> None:
        self.client = client
        self.anew = anew
        self.chaos = chaos
        self.exchange = exchange

    def now(self) -> int:
        """The time of the exchange, which another thread may be running."""
        return self.exchange.clock()

    def add(self, effect: str, **options: Any) -> None:
        self.chaos.add(Rule(**{"effect": effect, **options}))

    def place(self, **options: Any) -> Order:
        """Place an order in one request, so that its fault is seen."""
        return sent_once(self.client, Orders.create, **{**ORDER, **options})

    @property
    def open_orders(self) -> int:
        return len(self.exchange.engine.register.open_orders(self.exchange.account))

    @property
    def faults(self) -> list[str]:
        return [fault.effect for fault in self.chaos.faults]


@contextmanager
def inside(timeout: Timeout) -> Generator[Meeting]:
    paper = PaperExchange(start=START, limited=False)
    client = paper.client(max_retries=0, timeout=timeout)
    yield Meeting(client, paper.chaos, paper.exchange, lambda: paper.client(max_retries=0))


@contextmanager
def outside(timeout: Timeout) -> Generator[Meeting]:
    with threaded(lambda: Exchange(clock=Clock()), host="127.0.0.1", port=0, limited=False) as server:
        key = server.exchange.first_key
        with Upbit(key.access_key, key.secret, base_url=server.base_url, max_retries=0, timeout=timeout) as client:
            yield Meeting(client, server.chaos, server.exchange, lambda: client)


Door = Callable[[Timeout], Any]


@pytest.fixture(params=[inside, outside])
def door(request: pytest.FixtureRequest) -> Door:
    found: Door = request.param
    return found


@pytest.fixture
def met(door: Door) -> Generator[Meeting]:
    with door((2.0, 2.0)) as meeting:
        yield meeting


@pytest.fixture
def hurried(door: Door) -> Generator[Meeting]:
    """Somebody who waits for 100 ms only."""
    with door((0.1, 0.1)) as meeting:
        yield meeting


# -- requests ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("effect", ["slow_before", "slow_after"])
def test_c1_latency_is_waited_for(met: Meeting, effect: str) -> None:
    met.add(effect, milliseconds=60, times=1)
    before = met.now()
    met.place()
    assert 60 <= met.now() - before
    assert 1 == met.open_orders


def test_c1_latency_before_the_commit_lets_an_order_appear_after_its_client_gave_up(hurried: Meeting) -> None:
    hurried.add("slow_before", milliseconds=250, times=1)
    with pytest.raises(errors.APITimeoutError) as caught:
        hurried.place(identifier="late")
    assert caught.value.sent
    with pytest.raises(errors.OrderNotFoundError):
        hurried.client.orders.retrieve(identifier="late")
    pass_time(hurried, 0.3)
    assert "wait" == hurried.client.orders.retrieve(identifier="late").state


def pass_time(meeting: Meeting, seconds: float) -> None:
    clock = meeting.exchange.clock
    assert isinstance(clock, Clock)
    if clock.mode == "stepped":
        clock.step(round(seconds * 1000))
    else:
        time.sleep(seconds)


def test_c1_latency_after_the_commit_leaves_the_order_there(hurried: Meeting) -> None:
    hurried.add("slow_after", milliseconds=250, times=1)
    with pytest.raises(errors.APITimeoutError) as caught:
        hurried.place()
    assert (True, 1) == (caught.value.sent, hurried.open_orders)


@pytest.mark.parametrize("manner", ["close", "reset", "silence"])
@pytest.mark.parametrize(("effect", "placed"), [("lost_answer", 1), ("lost_request", 0)])
def test_c2_c3_c8_what_is_lost_may_or_may_not_have_happened(
    hurried: Meeting, manner: str, effect: str, placed: int
) -> None:
    hurried.add(effect, manner=manner, method="POST", times=1)
    kind = errors.APITimeoutError if manner == "silence" else errors.APIConnectionError
    with pytest.raises(kind) as caught:
        hurried.place()
    assert (True, placed) == (caught.value.sent, hurried.open_orders)
    assert [effect] == hurried.faults
    hurried.place()
    assert placed + 1 == hurried.open_orders


def test_an_exchange_that_cannot_be_reached_was_sent_nothing() -> None:
    with inside((1, 1)) as met:
        met.add("unreachable", times=1)
        with pytest.raises(errors.APIConnectionError, match="refused") as caught:
            met.place()
        assert (False, 0) == (caught.value.sent, met.open_orders)


@pytest.mark.parametrize(
    ("form", "name", "message"),
    [
        ("json", "too_many_requests", ""),
        ("text", None, "Too many API requests."),
        ("empty", None, ""),
        ("bare", "too_many_requests", ""),
    ],
)
def test_c4_a_429_has_any_form(met: Meeting, form: str, name: str | None, message: str) -> None:
    met.add("too_many_requests", form=form, group="order", times=1)
    met.client.accounts.list()
    with pytest.raises(errors.RateLimitError) as caught:
        met.place()
    assert (name, message) == (caught.value.name, caught.value.message)
    headers = {key.lower(): value for key, value in caught.value.headers.items()}
    assert (None if form == "bare" else "group=order; min=0; sec=0") == headers.get("remaining-req")
    assert 0 == met.open_orders


def test_c5_a_block_grows_while_its_caller_goes_on() -> None:
    with inside((2, 2)) as met:
        met.add("penalty", milliseconds=4_000, times=2)
        for seconds in ("4", "8", "16"):
            with pytest.raises(errors.RateLimitPenaltyError) as caught:  # a new client, which does not know of it
                met.anew().tickers.list("KRW-BTC")
            assert (seconds, "rate_limit_exceeded_penalty") == (caught.value.headers["Retry-After"], caught.value.name)
        pass_time(met, 16)
        assert met.anew().tickers.list("KRW-BTC")


def test_c5_a_block_is_forgotten_after_a_quiet_minute() -> None:
    chaos = Chaos()
    assert [4_000, 8_000] == [chaos.block("a", 4_000, now) for now in (0, 3_999 + MEMORY)]
    assert 4_000 == chaos.block("a", 4_000, 3_999 + MEMORY + 8_000 + MEMORY)


def test_c5_a_block_is_seen_over_a_port() -> None:
    with outside((2, 2)) as met:
        met.add("penalty", milliseconds=60, times=1)
        with pytest.raises(errors.RateLimitPenaltyError):
            met.place()
        time.sleep(1)  # clients read whole seconds
        assert met.place()


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("committed", [False, True])
def test_c6_what_stands_before_the_exchange_fails(met: Meeting, status: int, committed: bool) -> None:
    met.add("gateway", status=status, committed=committed, times=1)
    with pytest.raises(errors.InternalServerError) as caught:
        met.place()
    assert (status, int(committed)) == (caught.value.status_code, met.open_orders)
    assert ("html" in caught.value.message) == (status != 500)


def test_c6_a_gateway_knows_no_such_path(met: Meeting) -> None:
    met.add("gateway", status=404, path="/v1/acc*")
    assert met.client.tickers.list("KRW-BTC")
    with pytest.raises(errors.NotFoundError, match="no Route matched with those values"):
        met.client.accounts.list()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("market_offline", errors.MarketOfflineError),
        ("expired_access_key", errors.KeyExpiredError),
        ("no_authorization_ip", errors.IPNotAllowedError),
        ("out_of_scope", errors.OutOfScopeError),
        ("open_api_withdraw_locked", errors.WithdrawLockedError),
    ],
)
def test_c7_the_exchange_refuses(met: Meeting, name: str, kind: type[errors.APIStatusError]) -> None:
    met.add("refuse", name=name, market="KRW-BTC", times=1)
    with pytest.raises(kind) as caught:
        met.place()
    assert (name, 0) == (caught.value.name, met.open_orders)


def test_c7_orders_are_refused_to_keep_them_stable(met: Meeting) -> None:
    met.add("refuse", name="order_stabilization", status=503, message="잠시 후 다시 시도해 주세요.", group="order")
    with pytest.raises(errors.InternalServerError, match="order_stabilization: 잠시 후") as caught:
        met.place()
    assert (503, 0) == (caught.value.status_code, met.open_orders)


@pytest.mark.parametrize("effect", ["truncated_body", "bad_chunk", "bad_gzip"])
def test_c8_a_damaged_answer_is_a_lost_one(met: Meeting, effect: str) -> None:
    met.add(effect, times=1)
    with pytest.raises(errors.APIConnectionError, match="was lost") as caught:
        met.place()
    assert (True, 1) == (caught.value.sent, met.open_orders)
    assert met.client.accounts.list()


def test_c8_a_body_that_drips_arrives(met: Meeting) -> None:
    met.add("slow_drip", milliseconds=2, times=1)
    before = met.now()
    assert met.client.accounts.list()
    assert met.now() - before >= 30


def test_c11_a_read_lags_behind_a_write(met: Meeting) -> None:
    old = met.place()
    pass_time(met, 0.05)
    lag = met.now() - int(met.exchange.engine.register.orders(met.exchange.account)[0].created) - 1
    met.add("stale", milliseconds=lag)
    new = met.place()
    met.client.orders.cancel(uuid=old.uuid)
    listed = [(order.uuid, order.state) for order in met.client.orders.list_open()]
    with pytest.raises(errors.OrderNotFoundError):
        met.client.orders.retrieve(uuid=new.uuid)
    assert [(old.uuid, "wait")] == listed
    met.chaos.clear()
    assert [(new.uuid, "wait")] == [(order.uuid, order.state) for order in met.client.orders.list_open()]


def test_c12_the_clock_in_the_header_is_off(met: Meeting) -> None:
    met.add("skew", milliseconds=-3_600_000, times=1)
    off, right = (
        parsedate_to_datetime(met.client.replies.accounts.list().response.header("Date") or "") for _ in range(2)
    )
    assert timedelta(minutes=59) < right - off < timedelta(minutes=61)


def test_c12_the_clock_jumps(met: Meeting) -> None:
    clock = met.exchange.clock
    assert isinstance(clock, Clock)
    before = met.now()
    clock.step(60_000)
    assert met.client.tickers.list("KRW-BTC")[0].timestamp >= before + 60_000


def test_c14_a_new_field_and_a_new_value_do_no_harm(met: Meeting) -> None:
    met.add("unknown_field", times=1)
    met.add("new_enum", field="state", nth=2)
    first = met.place()
    assert (first.uuid, STRANGE) == (first.uuid, met.client.orders.retrieve(uuid=first.uuid).state)
    assert ["unknown_field", "new_enum"] == met.faults


def test_c14_a_null_where_there_is_always_a_value_is_loud(met: Meeting) -> None:
    met.add("null_field", field="uuid", times=1)
    with pytest.raises(errors.ResponseError, match=r"orders\.create: the answer does not fit: .*uuid"):
        met.place()
    assert 1 == met.open_orders


@pytest.mark.parametrize("field", ["volume", "price"])
def test_c14_a_number_instead_of_a_text_is_read_all_the_same(met: Meeting, field: str) -> None:
    met.add("swapped_type", field=field, times=1)
    placed = met.place()
    assert (90_000_000, "0.001") == (placed.price, str(placed.volume))
    assert ["swapped_type"] == met.faults


async def test_an_awaited_client_meets_the_same_faults_in_the_process() -> None:
    for options in ({"start": START}, {}):
        paper = PaperExchange(limited=False, **options)
        async with paper.async_client(max_retries=0, timeout=0.1) as client:
            paper.chaos.add(Rule(effect="slow_before", milliseconds=20, times=1))
            before = paper.exchange.advance()
            assert await client.accounts.list()
            assert 20 <= paper.exchange.advance() - before
            paper.chaos.add(Rule(effect="lost_answer", manner="silence", times=1))
            with pytest.raises(errors.APITimeoutError):
                await client.accounts.list()
            paper.chaos.add(Rule(effect="lost_answer", method="POST", times=1))
            assert "wait" == (await client.orders.create(**ORDER)).state
            assert 1 == len(await client.orders.list_open())


# -- rules ---------------------------------------------------------------------------------------------


def strikes(chaos: Chaos, count: int = 1, **moment: Any) -> list[int]:
    return [place for place in range(1, count + 1) if chaos.choose(Moment(START_MS, **moment), REQUEST)]


def test_a_rule_counts_what_matches() -> None:
    chaos = Chaos(rules=[Rule(effect="slow_before", milliseconds=1, method="POST", nth=3)])
    assert [] == strikes(chaos, 5, method="GET")
    assert [3] == strikes(chaos, 5, method="POST")


def test_a_rule_ends_after_so_many_times() -> None:
    assert [1, 2] == strikes(Chaos(rules=[Rule(effect="lost_answer", times=2)]), 5)


@pytest.mark.parametrize(
    ("options", "right", "wrong"),
    [
        ({"path": "/v1/orders*"}, {"path": "/v1/orders/open"}, {"path": "/v1/order"}),
        ({"group": "order"}, {"group": "order"}, {"group": "default"}),
        ({"market": "KRW-BTC"}, {"markets": ("KRW-ETH", "KRW-BTC")}, {"markets": ("KRW-ETH",)}),
        ({"identifier": "a"}, {"identifiers": ("a",)}, {"identifiers": ()}),
    ],
)
def test_a_rule_waits_for_what_it_names(options: Options, right: Options, wrong: Options) -> None:
    chaos = Chaos(rules=[Rule(effect="lost_answer", **options)])
    assert ([], [1]) == (strikes(chaos, **wrong), strikes(chaos, **right))


def test_a_rule_has_its_time() -> None:
    chaos = Chaos(rules=[Rule(effect="lost_answer", since=START_MS, until=START_MS + 10)])
    hit = [offset for offset in (-1, 0, 9, 10) if chaos.choose(Moment(START_MS + offset), REQUEST)]
    assert [0, 9] == hit


@given(st.integers(0, 2**32), st.floats(0, 1))
def test_chance_comes_from_the_seed(seed: int, probability: float) -> None:
    rule = Rule(effect="lost_answer", probability=probability)
    first, second = (strikes(Chaos(seed, rules=[rule]), 50) for _ in range(2))
    assert first == second


def test_chance_strikes_as_often_as_it_says() -> None:
    hit = strikes(Chaos(7, rules=[Rule(effect="lost_answer", probability=0.2)]), 5_000)
    assert 900 < len(hit) < 1_100


def test_profiles_follow_the_rules_of_the_script() -> None:
    chaos = Chaos(profile="mild", rules=[Rule(effect="lost_answer")])
    assert ["lost_answer", *(rule.effect for rule in PROFILES["mild"])] == [
        rule.effect for rule in chaos.rules.values()
    ]
    chaos.change("harsh")
    assert len(PROFILES["harsh"]) + 1 == len(chaos.rules)
    chaos.clear()
    assert (0, "none") == (len(chaos.rules), chaos.profile)


def test_profiles_touch_no_disk_and_every_class_of_the_rest() -> None:
    effects = {rule.effect for rule in PROFILES["harsh"]}
    assert not effects & (DISK | FEED)
    for kind in (REQUEST, BODY, FRAME, SOCKET):
        assert effects & kind


def test_a_bot_lives_through_a_harsh_day() -> None:
    paper = PaperExchange(seed=5, start=START, chaos="harsh", limited=False)
    client = paper.client(timeout=1)
    placed, failed = 0, set[str]()
    for number in range(400):
        try:
            sent_once(client, Orders.create, **{**ORDER, "volume": "0.0001", "identifier": f"bot-{number}"})
            placed += 1
        except errors.APIError as error:
            failed.add(type(error).__name__)
        paper.advance(0.2)
    assert placed > 250
    assert {"RateLimitError", "InternalServerError", "MarketOfflineError"} <= failed
    assert [] == paper.exchange.engine.faults(paper.exchange.wallet.locks())
    assert len({fault.effect for fault in paper.chaos.faults}) > 5


def out(chaos: Chaos, offsets: range, path: str = PUBLIC) -> list[int]:
    return [offset for offset in offsets if chaos.outage(path, START_MS + offset) is not None]


@pytest.mark.parametrize(
    ("options", "times"),
    [
        ({}, [0, 10, 20, 30]),
        ({"milliseconds": 15, "times": 1}, [0, 10]),
        ({"milliseconds": 15}, [0, 10, 20, 30]),
        ({"since": START_MS + 10, "until": START_MS + 30}, [10, 20]),
        ({"since": START_MS + 5, "milliseconds": 11, "times": 1}, [10, 20]),
        ({"milliseconds": 100, "until": START_MS + 30}, [0, 10, 20]),
    ],
)
def test_c15_an_outage_lasts(options: Options, times: list[int]) -> None:
    chaos = Chaos(rules=[Rule(effect="outage", **options)])
    assert times == out(chaos, range(0, 40, 10))


def test_c15_an_outage_is_one_fault_for_all_sockets_it_is_about() -> None:
    chaos = Chaos(rules=[Rule(effect="outage", path="/websocket/v1/*", milliseconds=100, times=1)])
    assert [] == out(chaos, range(0, 30, 10))
    assert [30] == out(chaos, range(30, 31), INFO)
    assert list(range(40, 130, 10)) == out(chaos, range(40, 200, 10), PRIVATE)
    assert [(START_MS + 30, "outage", INFO)] == [(fault.time, fault.effect, fault.path) for fault in chaos.faults]


def test_c15_an_outage_ends_when_all_rules_are_dropped() -> None:
    chaos = Chaos(rules=[Rule(effect="outage")])
    assert [0] == out(chaos, range(1))
    chaos.clear()
    chaos.add(Rule(effect="outage", since=START_MS + 20))
    assert [20] == out(chaos, range(10, 30, 10))


def test_faults_are_remembered_and_told() -> None:
    chaos, told = Chaos(rules=[Rule(effect="lost_answer", market="KRW-BTC")]), list[Any]()
    chaos.listen(told.append)
    for _ in range(KEPT + 1):
        chaos.choose(Moment(START_MS, "POST", "/v1/orders", markets=("KRW-BTC",), identifiers=("a",)), REQUEST)
    assert (KEPT, KEPT + 1) == (len(chaos.faults), len(told))
    fault = chaos.faults[0]
    assert (START_MS, 1, "POST", "/v1/orders", "KRW-BTC", "a") == (
        *(fault.time, fault.rule, fault.method, fault.path),
        *(fault.market, fault.identifier),
    )


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"effect": "late"}, "late needs milliseconds"),
        ({"effect": "slow_after", "milliseconds": -1}, "not below 0"),
        ({"effect": "lost_answer", "probability": 1.5}, "1.5 is no probability"),
        ({"effect": "lost_answer", "nth": 0}, "count from 1"),
        ({"effect": "lost_answer", "type": "ticker"}, "a request has no type"),
        ({"effect": "gateway", "status": 200}, "no gateway answers 200"),
        ({"effect": "refuse", "name": "nothing"}, "nothing is no error of the exchange"),
        ({"effect": "refuse_socket", "status": 200}, "200 refuses nothing"),
        ({"effect": "outage", "status": 200}, "200 refuses nothing"),
        ({"effect": "outage", "manner": "reset"}, "a close with the code 1006"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(options: Options, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Rule(**options)
