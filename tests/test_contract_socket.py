"""Everything that the 2023 document lists of the WebSocket, asked over a real one and again in process."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
from collections.abc import Callable, Generator, Mapping
from typing import Any
from uuid import UUID

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import PerMessageDeflate

from tests.contract.document import DOCUMENT
from tests.contract.doors import Door, Http, opened
from upbit.paper import running
from upbit.paper.broadcast import CUT, Hub
from upbit.websocket import UpbitWebSocket
from upbit.wire.frames import PUBLIC

SOCKET = DOCUMENT["websocket"]
CODES = ["KRW-BTC"]


@pytest.fixture(scope="module", params=["http-sync", "inside-sync"])
def open_door(request: pytest.FixtureRequest) -> Generator[Door]:
    with opened(request.param) as door:
        yield door


@pytest.fixture
def door(open_door: Door) -> Door:
    open_door.step(1)
    return open_door


def said(kind: str, *, form: str = "DEFAULT", **more: Any) -> str:
    field = UpbitWebSocket.generate_type_field(kind, **({"codes": CODES} | more))
    return UpbitWebSocket.generate_payload([field], format=form)


def heard(door: Door, payload: str, frames: int = 1, seconds: float = 0) -> Any:
    found = [json.loads(frame) for frame in door.listen(payload, frames, seconds)]
    assert frames == len(found)
    return found[0] if frames == 1 else found


def failure(door: Door, payload: object) -> str:
    name: str = heard(door, json.dumps(payload))["error"]["name"]
    return name


# -- what is said ------------------------------------------------------------------------------------


def ticket_is_needed(door: Door) -> None:
    assert "ticker" == heard(door, json.dumps([{"ticket": "a"}, {"type": "ticker", "codes": CODES}]))["type"]
    assert "NO_TICKET" == failure(door, [{"type": "ticker", "codes": CODES}])


def type_is_needed(door: Door) -> None:
    for kind in ("ticker", "trade", "orderbook"):
        assert kind == heard(door, said(kind))["type"]
    assert "NO_TYPE" == failure(door, [{"ticket": "a"}, {"codes": CODES}])


def codes_are_needed(door: Door) -> None:
    both = heard(door, said("trade", codes=["KRW-BTC", "KRW-ETH"], isOnlySnapshot=True), 2)
    assert ["KRW-BTC", "KRW-ETH"] == [one["code"] for one in both]
    assert "NO_CODES" == failure(door, [{"ticket": "a"}, {"type": "ticker"}])
    book = heard(door, said("orderbook", codes=UpbitWebSocket.generate_orderbook_codes(CODES, [3])))
    assert ("KRW-BTC", 3) == (book["code"], len(book["orderbook_units"]))
    assert 15 == len(heard(door, said("orderbook"))["orderbook_units"])


def only_a_snapshot(door: Door) -> None:
    several = door.listen(
        UpbitWebSocket.generate_payload(
            [
                UpbitWebSocket.generate_type_field("trade", CODES, isOnlySnapshot=True),
                UpbitWebSocket.generate_type_field("ticker", CODES),
            ]
        ),
        6,
        30,
    )
    kinds = [(one["type"], one["stream_type"]) for one in map(json.loads, several)]
    assert [("trade", "SNAPSHOT"), ("ticker", "SNAPSHOT"), *[("ticker", "REALTIME")] * 4] == kinds


def only_what_happens(door: Door) -> None:
    frames = heard(door, said("trade", isOnlyRealtime=True), 3, 30)
    assert ["REALTIME"] * 3 == [one["stream_type"] for one in frames]


def both_without_asking(door: Door) -> None:
    frames = heard(door, said("trade"), 3, 30)
    assert ["SNAPSHOT", "REALTIME", "REALTIME"] == [one["stream_type"] for one in frames]


def format_shortens_the_names(door: Door) -> None:
    assert "code" in heard(door, said("trade"))
    assert "cd" in heard(door, said("trade", form="SIMPLE"))
    assert "code" in heard(door, json.dumps([{"ticket": "a"}, {"type": "trade", "codes": CODES}]))


SHOWN: Mapping[str, tuple[Callable[[Door], None], ...]] = {
    "ticket": (ticket_is_needed,),
    "type": (type_is_needed,),
    "codes": (codes_are_needed,),
    "isOnlySnapshot": (only_a_snapshot, both_without_asking),
    "isOnlyRealtime": (only_what_happens,),
    "format": (format_shortens_the_names,),
}


def test_everything_that_can_be_said_is_said() -> None:
    assert {one["name"] for part in SOCKET["request"].values() for one in part} == SHOWN.keys()


@pytest.mark.parametrize(("name", "show"), [(name, show) for name, shows in SHOWN.items() for show in shows])
def test_a_field_of_a_request_does_what_it_says(name: str, show: Callable[[Door], None], door: Door) -> None:
    show(door)


# -- what is heard -----------------------------------------------------------------------------------

TYPES: Mapping[str, tuple[type, ...]] = {
    "String": (str,),
    "Double": (int, float),
    "Long": (int,),
    "Boolean": (bool,),
    "List of Objects": (list,),
    "Date": (str, type(None)),
}
PATTERNS = {"yyyyMMdd": r"\d{8}", "HHmmss": r"\d{6}", "yyyy-MM-dd": r"\d{4}-\d\d-\d\d", "HH:mm:ss": r"\d\d:\d\d:\d\d"}


@pytest.mark.parametrize("spelling", ["name", "simple"])
@pytest.mark.parametrize("kind", SOCKET["responses"])
def test_a_frame_has_every_field_in_its_type_and_no_other(kind: str, spelling: str, door: Door) -> None:
    fields = SOCKET["responses"][kind]
    frame = heard(door, said(kind, form="SIMPLE" if spelling == "simple" else "DEFAULT"))
    inside = "inside_simple" if spelling == "simple" else "inside"
    assert {one[spelling] for one in fields if inside not in one} == frame.keys()
    for one in fields:
        places = [frame] if inside not in one else frame[one[inside]]
        for place in places:
            value = place[one[spelling]]
            if one.get("deprecated"):
                assert value is None
                continue
            assert isinstance(value, TYPES[one["type"]]), one
            assert not isinstance(value, bool) or one["type"] == "Boolean"
            patterns = [PATTERNS.get(text, re.escape(text)) for text in one["values"]]
            assert not patterns or re.fullmatch("|".join(patterns), value), one


def test_a_ticker_has_the_fields_of_the_example_in_their_order(door: Door) -> None:
    for example in SOCKET["ticker_example"]:
        ticker = heard(door, said("ticker", codes=[example["code"]]))
        assert list(example) == list(ticker)
        assert example["code"] == ticker["code"]


def test_a_ping_is_answered(door: Door) -> None:
    assert SOCKET["ping"]["receive"] == heard(door, SOCKET["ping"]["send"])
    if isinstance(door, Http):
        answer = asyncio.run(UpbitWebSocket(door.ws_url).ping())
        assert SOCKET["ping"]["receive"] == answer


def test_an_idle_socket_is_cut_after_the_documented_time(door: Door) -> None:
    patience = SOCKET["idle_timeout_s"]
    if isinstance(door, Http):

        async def wait(at: Http) -> None:
            async with at.socket() as connection:
                await (await connection.ping())
                at.clock.step((patience - 1) * 1000)
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(connection.recv(), 0.1)
                at.clock.step(1_000)
                with pytest.raises(ConnectionClosed):
                    await asyncio.wait_for(connection.recv(), 5)

        asyncio.run(wait(door))
    else:
        session = Hub(door.exchange).open(PUBLIC, None, door.now)
        session.pulse(door.now + patience * 1000 - 1)
        assert None is session.ended
        session.pulse(door.now + patience * 1000)
        assert CUT == session.ended


def test_frames_are_compressed_as_documented(door: Door) -> None:
    if not isinstance(door, Http):
        return

    async def extensions(at: Http) -> list[Any]:
        async with at.socket() as connection:
            return list(connection.protocol.extensions)

    assert SOCKET["compression"].startswith(PerMessageDeflate.name)
    assert [PerMessageDeflate] == [type(one) for one in asyncio.run(extensions(door))]


# -- the class ---------------------------------------------------------------------------------------

CLASS = SOCKET["class"]


def parameters(call: Callable[..., Any]) -> dict[str, bool]:
    """The names a call takes by position, and which it needs."""
    taken = inspect.signature(call).parameters.values()
    return {
        one.name: one.default is inspect.Parameter.empty
        for one in taken
        if one.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    }


def listed(rows: list[dict[str, Any]]) -> dict[str, bool]:
    return {row["name"]: row["required"] for row in rows}


def test_the_class_is_as_documented() -> None:
    scope: dict[str, Any] = {}
    exec(CLASS["import"], scope)
    assert scope["UpbitWebSocket"] is UpbitWebSocket
    socket = UpbitWebSocket()
    assert (CLASS["repr"], SOCKET["uri"]) == (repr(socket), socket.URI)
    assert listed(CLASS["init"]) == parameters(UpbitWebSocket)
    assert listed(CLASS["connect"]) == parameters(socket.connect)
    assert [] == [name for name in CLASS["members"] if not hasattr(socket, name)]
    before = socket.Connection
    socket.connect(ping_interval=30, ping_timeout=5)
    assert before is not socket.Connection


@pytest.mark.parametrize("name", CLASS["static"])
def test_a_static_function_is_as_documented(name: str) -> None:
    entry = CLASS["static"][name]
    call = getattr(UpbitWebSocket, name)
    needed = {row["name"]: row["required"] for row in entry["params"]}
    taken = parameters(call)
    assert list(needed) == list(taken)
    assert [] == [parameter for parameter, required in taken.items() if required and not needed[parameter]]
    example = entry["example"]
    result = call(**example["call"])
    if "result" in example:
        assert example["result"] == result
    else:
        ticket, *types, form = json.loads(result)
        assert (["ticket"], 4) == (list(ticket), UUID(ticket["ticket"]).version)
        assert (example["call"]["type_fields"], {"format": "SIMPLE"}) == (types, form)


# -- the exchange as anybody starts it ---------------------------------------------------------------


async def test_the_served_exchange_of_2023_talks_to_the_documented_clients() -> None:
    with running(profile="2023", seed=1) as exchange, exchange.client() as client:
        assert {"error"} == client.Order.Order_info(uuid="none")["result"].keys()
        order = client.Order.Order_new(
            market="KRW-BTC", side="bid", ord_type="limit", price="10000000", volume="0.001"
        )["result"]
        assert order["uuid"] == client.Order.Order_info_all()["result"][0]["uuid"]
        assert "cancel" == client.Order.Order_info(**_cancelled(client, order))["result"]["state"]
        async with UpbitWebSocket(exchange.ws_url) as connection:
            await connection.send(said("ticker"))
            frame = await connection.recv()
            assert isinstance(frame, bytes)
            assert "KRW-BTC" == json.loads(frame)["code"]


def _cancelled(client: Any, order: dict[str, Any]) -> dict[str, str]:
    return {"uuid": client.Order.Order_cancel(uuid=order["uuid"])["result"]["uuid"]}
