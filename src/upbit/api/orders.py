"""Orders (주문)."""

from __future__ import annotations

from typing import Literal

from ..models import (
    BatchCancelResult,
    ClosedState,
    OpenState,
    Order,
    OrderChance,
    OrderState,
    OrdType,
    Side,
    SmpType,
    Sort,
    TimeInForce,
)
from ..wire.codec import Markets, Moment, Number, Texts
from .operation import Face, Namespace, Rows, delete, get, post


class Orders(Namespace[Face]):
    """Place, look up and cancel orders (주문)."""

    @post("/v1/orders", group="order", needs="make_orders", repeat="until_known")
    def create(
        self,
        *,
        market: str,
        side: Side,
        ord_type: OrdType,
        volume: Number | None = None,
        price: Number | None = None,
        identifier: str | None = None,
        time_in_force: TimeInForce | None = None,
        smp_type: SmpType | None = None,
    ) -> Order:
        """Place an order (주문 생성).

        - `limit`: `price` per unit and `volume`; `time_in_force` may be `ioc`, `fok` or `post_only`.
        - `price` (market buy): `price` is the total in the quote currency, no `volume`.
        - `market` (market sell): `volume`, no `price`.
        - `best`: a total (`bid`) or a volume (`ask`), and `time_in_force` `ioc` or `fok`.

        `identifier` is your own name for the order, at most 64 characters, never to be used twice. The answer shows
        the order as accepted, in state `wait`: fills follow.

        Raises `InsufficientFundsError`, `UnderMinTotalError`, `InvalidPriceError` (price off the tick size),
        `InvalidOrderError`, `DuplicatedIdentifierError` and others of `upbit.errors`. At most one order comes of a
        call: when no answer arrives, the order is looked up and, if it is not there, sent again under the same
        identifier (one is made when none is given). `OrderOutcomeUnknown` when neither it nor a refusal of it is
        seen in time.
        """
        ...

    @post("/v1/orders/test", group="order-test", needs="make_orders", repeat="safe")
    def test_create(
        self,
        *,
        market: str,
        side: Side,
        ord_type: OrdType,
        volume: Number | None = None,
        price: Number | None = None,
        identifier: str | None = None,
        time_in_force: TimeInForce | None = None,
        smp_type: SmpType | None = None,
    ) -> Order:
        """Check an order without placing it (주문 생성 테스트). Its uuid and identifier name nothing afterwards."""
        ...

    @get("/v1/order", group="default", needs="view_orders")
    def retrieve(self, *, uuid: str | None = None, identifier: str | None = None) -> Order:
        """Look one order up, with its fills (개별 주문 조회). One of the two is needed; `uuid` wins."""
        ...

    @delete("/v1/order", group="default", needs="make_orders", repeat="looked_up")
    def cancel(self, *, uuid: str | None = None, identifier: str | None = None) -> Order:
        """Ask for the cancellation of one order (개별 주문 취소 접수). One of the two is needed; `uuid` wins.

        The answer shows the order as it was when the cancel was accepted, or as it ended when that answer was lost.
        Raises `OrderNotFoundError` when there is no such open order.
        """
        ...

    @post("/v1/orders/cancel_and_new", group="order", needs="make_orders", answers=200, repeat="sent_once")
    def cancel_and_new(
        self,
        *,
        new_ord_type: OrdType,
        prev_order_uuid: str | None = None,
        prev_order_identifier: str | None = None,
        new_volume: Number | Literal["remain_only"] | None = None,
        new_price: Number | None = None,
        new_identifier: str | None = None,
        new_time_in_force: TimeInForce | None = None,
        new_smp_type: SmpType | None = None,
    ) -> Order:
        """Cancel an order and place another on the same market and side once it is gone (취소 후 재주문).

        `new_volume="remain_only"` takes over what was left. The answer is the old order, with `new_order_uuid`; when
        the old one fills first there is no new order.

        Raises `APIConnectionError` or `InternalServerError` when no answer arrived, or one that is not the exchange's,
        and both orders then say that nothing was replaced: this is sent only once.
        """
        ...

    @delete("/v1/orders/uuids", group="default", needs="make_orders")
    def cancel_by_uuids(self, *, uuids: Texts | None = None, identifiers: Texts | None = None) -> BatchCancelResult:
        """Ask for the cancellation of up to 20 orders (id로 주문 목록 취소 접수). Exactly one of the two is needed."""
        ...

    @delete("/v1/orders/open", group="order-cancel-all", needs="make_orders")
    def cancel_open(
        self,
        *,
        cancel_side: Literal["all", "bid", "ask"] | None = None,
        pairs: Markets | None = None,
        quote_currencies: Markets | None = None,
        excluded_pairs: Markets | None = None,
        count: int | None = None,
        order_by: Sort | None = None,
    ) -> BatchCancelResult:
        """Ask for the cancellation of open orders, up to 300 (주문 일괄 취소 접수).

        `pairs` or `quote_currencies`, not both; `excluded_pairs` wins over them; `count` is 20 when not given.
        Orders waiting for a trigger (`watch`) stay.
        """
        ...

    @get("/v1/orders/uuids", group="default", needs="view_orders")
    def list_by_uuids(
        self,
        *,
        uuids: Texts | None = None,
        identifiers: Texts | None = None,
        market: str | None = None,
        order_by: Sort | None = None,
    ) -> Rows[Order]:
        """Look up to 100 orders up (id로 주문 목록 조회). Exactly one of `uuids`, `identifiers` is needed."""
        ...

    @get("/v1/orders/open", group="default", needs="view_orders")
    def list_open(
        self,
        *,
        market: str | None = None,
        state: OpenState | None = None,
        states: Texts | None = None,
        page: int | None = None,
        limit: int | None = None,
        order_by: Sort | None = None,
    ) -> Rows[Order]:
        """List open orders (체결 대기 주문 조회): `wait` when no state is given, newest first, 100 a page."""
        ...

    @get("/v1/orders/closed", group="default", needs="view_orders")
    def list_closed(
        self,
        *,
        market: str | None = None,
        state: ClosedState | None = None,
        states: Texts | None = None,
        start_time: Moment | None = None,
        end_time: Moment | None = None,
        limit: int | None = None,
        order_by: Sort | None = None,
    ) -> Rows[Order]:
        """List closed orders of at most seven days (종료 주문 조회), newest first, up to 1,000 (100 when not given).

        Without times, the last seven days; with one, the seven days after the start or before the end.
        """
        ...

    @get(
        "/v1/orders",
        group="default",
        needs="view_orders",
        deprecated="2024-06: use orders.list_open, list_closed or list_by_uuids",
    )
    def list(
        self,
        *,
        market: str | None = None,
        uuids: Texts | None = None,
        identifiers: Texts | None = None,
        state: OrderState | None = None,
        states: Texts | None = None,
        page: int | None = None,
        limit: int | None = None,
        order_by: Sort | None = None,
    ) -> Rows[Order]:
        """List orders (주문 리스트 조회), `wait` when no state is given; open and closed states cannot be mixed."""
        ...

    @get("/v1/orders/chance", group="default", needs="view_orders")
    def retrieve_chance(self, market: str) -> OrderChance:
        """Say fees, limits and balances for ordering on a market (페어별 주문 가능 정보 조회)."""
        ...
