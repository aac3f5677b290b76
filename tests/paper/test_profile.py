"""What was in force on which day."""

from __future__ import annotations

from datetime import date

import pytest

from upbit.models import AddressCreation
from upbit.paper.profile import DOCUMENT_2023, Profile, read_profile


def test_a_profile_is_named_or_dated() -> None:
    assert Profile("2023", DOCUMENT_2023) == read_profile("2023")
    assert Profile("current", date.max) == read_profile("current")
    assert Profile("2025-07-31", date(2025, 7, 31)) == read_profile("2025-07-31")


def test_another_name_is_refused_with_what_would_be_right() -> None:
    with pytest.raises(ValueError, match="'2024' is no profile: give 2023, current or a date as 2025-07-31"):
        read_profile("2024")


@pytest.mark.parametrize(
    ("first", "name"),
    [
        ("2023-10-24", "limited_by_account"),
        ("2024-01-22", "leveled_books"),
        ("2024-04-22", "order_conditions"),
        ("2024-11-20", "market_events"),
        ("2024-12-04", "identifiers_returned"),
        ("2025-07-02", "self_match_prevention"),
    ],
)
def test_a_change_is_in_force_from_its_day_on(first: str, name: str) -> None:
    day = date.fromisoformat(first)
    before, after = Profile("", date.fromordinal(day.toordinal() - 1)), Profile("", day)
    if name == "limited_by_account":
        assert (True, False) == (before.limited_by_key, after.limited_by_key)
    else:
        assert (False, True) == (getattr(before, name), getattr(after, name))


def test_books_are_thirty_deep_since_july_2025() -> None:
    assert (15, 30) == (read_profile("2025-07-01").book_levels, read_profile("2025-07-02").book_levels)


def test_self_matches_cancel_the_maker_by_default_since_november_2026() -> None:
    assert None is read_profile("2026-11-08").self_match_default
    assert "cancel_maker" == read_profile("2026-11-09").self_match_default


def test_only_the_day_of_the_document_and_before_is_as_documented_in_2023() -> None:
    assert read_profile("2023-05-22").as_documented_2023
    assert not read_profile("2023-05-23").as_documented_2023
    assert [False, True] == [read_profile(name).two_factor_required for name in ("2023", "2023-05-23")]


def test_an_address_that_is_there_already_was_answered_with_200() -> None:
    begun, there = AddressCreation(success=True, message=""), AddressCreation(currency="BTC", net_type="BTC")
    assert (201, 200) == (read_profile("2023").status(201, begun), read_profile("2023").status(201, there))
    assert (201, 201) == (read_profile("current").status(201, begun), read_profile("current").status(201, there))
    assert 201 == read_profile("2023").status(201, None)


def test_orders_of_2023_are_held_to_the_table_that_the_document_prints() -> None:
    assert date(2022, 4, 23) == read_profile("2023").tick_day
    assert [date(2023, 5, 23), date.max] == [read_profile(name).tick_day for name in ("2023-05-23", "current")]


def test_what_is_out_of_scope_was_a_401() -> None:
    assert (401, 403) == tuple(read_profile(name).error_status("out_of_scope", 403) for name in ("2023", "current"))
    assert 404 == read_profile("2023").error_status("order_not_found", 404)


@pytest.mark.parametrize(
    ("name", "then"),
    [
        ("no_authorization_ip", "no_authorization_i_p"),
        ("withdraw_address_not_registered", "withdraw_address_not_registerd"),
        ("nonce_used", "nonce_used"),
    ],
)
def test_two_errors_were_spelled_in_another_way(name: str, then: str) -> None:
    assert then == read_profile("2023").error_name(name)
    assert name == read_profile("current").error_name(name)
