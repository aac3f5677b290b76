"""Explanations: one for everything that can go wrong, in both languages, exact where details are known."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from inspect import cleandoc

import pytest

from upbit import errors
from upbit.errors import (
    BY_STATUS,
    EXCHANGE_ERRORS,
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    Halted,
    OrderOutcomeUnknown,
    RiskRefused,
    UpbitError,
    quotation_refusal,
    refusal,
)
from upbit.explain import Explanation, Language, explain
from upbit.explain.answers import ANSWERS, SAME
from upbit.explain.kinds import KINDS, UNSENT
from upbit.explain.orders import RULES
from upbit.explain.wording import said
from upbit.wire.frames import SocketError

LANGUAGES: list[Language] = ["en", "ko"]
CLASSES = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, UpbitError)]
SOCKET = re.findall(r"`([A-Z_]{5,})`", SocketError.__doc__ or "")
UNKNOWN = {lang: explain("something new", lang) for lang in LANGUAGES}
TABLES = {**ANSWERS, **KINDS, **RULES}


# Completeness


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_name_of_the_exchange_class_and_rule_has_an_explanation_of_its_own(lang: Language) -> None:
    names = {*EXCHANGE_ERRORS, *SOCKET, *RULES, *(one.__name__ for one in CLASSES)} - {"APIStatusError"}
    assert 7 == len(SOCKET)
    assert [] == [name for name in names if explain(name, lang) == UNKNOWN[lang]]
    assert [] == [name for name in names if not all(explain(name, lang))]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_error_that_the_exchange_can_answer_with_is_explained_as_its_name_is(lang: Language) -> None:
    for name in EXCHANGE_ERRORS:
        assert explain(name, lang) == explain(refusal(name, currency="KRW"), lang)
    for status, kind in BY_STATUS.items():
        assert explain(kind.__name__, lang) == explain(status, lang)
        assert explain(kind.__name__, lang) == explain(quotation_refusal(status, "no"), lang)
    assert explain("InternalServerError", lang) == explain(503, lang)


def test_what_is_refused_with_a_name_nobody_knows_is_explained_by_its_class() -> None:
    assert explain("BadRequestError") == explain(errors.BadRequestError(400, "brand_new", "?"))
    assert UNKNOWN["en"] == explain(APIStatusError(402, None, "?"))


def test_a_class_that_was_made_elsewhere_is_explained_as_the_one_it_comes_from() -> None:
    class StrangerError(errors.TradingError):
        pass

    assert explain("TradingError", "ko") == explain(StrangerError("x"), "ko")


def test_the_tables_name_each_thing_once_and_lead_somewhere() -> None:
    assert len(TABLES) == len(ANSWERS) + len(KINDS) + len(RULES)
    assert set() == SAME.keys() & TABLES.keys()
    assert set() == set(SAME.values()) - TABLES.keys()


@pytest.mark.parametrize("name", TABLES)
def test_every_explanation_has_a_last_wording_without_details_and_the_same_details_in_both_languages(name: str) -> None:
    *detailed, last = TABLES[name]
    assert frozenset() == last.places
    for wording in detailed:
        assert wording.places
        assert places(wording.en) == places(wording.ko)
    assert detailed == sorted(detailed, key=lambda one: -len(one.places))


def places(texts: Iterable[str]) -> set[str]:
    return set(re.findall(r"\{(\w+)", "".join(texts)))


@pytest.mark.parametrize("name", TABLES)
def test_korean_is_korean_and_english_is_not(name: str) -> None:
    for wording in TABLES[name]:
        assert re.search("[가-힣]", "".join(wording.ko))
        assert not re.search(r"[가-힣]", "".join(wording.en).replace("주문조회", "").replace("자산조회", ""))
        for text in (*wording.en, *wording.ko):
            assert text == cleandoc(text).removesuffix(".")


# Details


def test_a_refused_price_is_explained_by_its_market() -> None:
    asked = {"market": "KRW-ADA", "price": "500.05"}
    error = refusal("invalid_price_bid")
    assert Explanation("500.05 is off the 1 KRW grid", "500 or 501") == explain(error, **asked)
    assert "500.05는 1 KRW 단위에 맞지 않습니다: 500 또는 501" == str(explain(error, "ko", **asked))
    assert explain(error, **asked) == explain("price_grid", **asked) == explain("InvalidPriceError", **asked)


@pytest.mark.parametrize(
    "details",
    [
        {},
        {"price": 500},
        {"market": "KRW-ADA"},
        {"market": "KRW-ADA", "price": None},
        {"market": "KRW-ADA", "price": "a lot"},
        {"market": "KRW-ADA", "price": 500},
        {"market": "KRW-ADA", "price": 0},
        {"market": "ADA", "price": "500.05"},
        {"market": 7, "price": "500.05"},
    ],
)
def test_details_that_explain_nothing_leave_the_explanation_general(details: dict[str, object]) -> None:
    assert explain("InvalidPriceError") == explain("invalid_price_ask", **details)


def test_what_an_error_knows_of_itself_is_in_its_explanation() -> None:
    unknown = OrderOutcomeUnknown("mine-1", "KRW-BTC", APITimeoutError("late"))
    assert "whether order mine-1 on KRW-BTC was placed could not be found out" == explain(unknown).cause
    assert explain(RiskRefused("per_order", Decimal("1E+6"), Decimal("1500000.50"))).cause.startswith(
        "per_order would be 1500000.5, the limit is 1000000;"
    )
    assert "(loss)" in explain(Halted("HALT", "loss"), "ko").cause
    assert explain("Halted") == explain(Halted("HALT", ""))


def test_details_that_are_given_come_before_those_of_the_error() -> None:
    assert "per_day would be 2" in explain(RiskRefused("per_order", 1, 2), rule="per_day").cause


@pytest.mark.parametrize("kind", [APIConnectionError, APITimeoutError])
def test_whether_a_request_may_have_arrived_decides_what_to_do(kind: type[APIConnectionError]) -> None:
    assert explain(kind.__name__) == explain(kind("gone", sent=True))
    assert "it is safe to try again" in explain(kind("gone", sent=False)).cure
    assert explain(UNSENT) == explain(kind("gone", sent=False))


def test_what_a_socket_refuses_is_explained_by_its_name() -> None:
    assert explain("INVALID_AUTH") == explain(SocketError("INVALID_AUTH", "no"))
    assert explain("SocketError") == explain(SocketError("NEW", "no"))


@pytest.mark.parametrize(
    ("detail", "topic"),
    [
        ("500", "500은"),
        ("500.05", "500.05는"),
        (Decimal("7.50"), "7.5는"),
        (1, "1은"),
        (3, "3은"),
        ("0.9", "0.9는"),
        ("원화", "원화는"),
        ("비트코인", "비트코인은"),
        ("KRW", "KRW은(는)"),
        ("", "은(는)"),
    ],
)
def test_a_korean_particle_follows_the_sound_of_the_detail(detail: object, topic: str) -> None:
    assert topic == said("", "", "{it:은는}", "").filled("ko", {"it": detail}).cause
