from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upbit.cli.words import amount, language, percent, signed, speaker


@pytest.mark.parametrize(
    ("expected", "args", "environ"),
    [
        ("en", [], {}),
        ("ko", [], {"LANG": "ko_KR.UTF-8"}),
        ("en", [], {"LANG": "C.UTF-8"}),
        ("en", [], {"LANG": "de_DE.UTF-8"}),
        ("ko", [], {"LC_MESSAGES": "ko_KR", "LANG": "en_US"}),
        ("en", [], {"LC_ALL": "en_US", "LC_MESSAGES": "ko_KR", "LANG": "ko_KR"}),
        ("ko", [], {"LC_ALL": "", "LANG": "ko"}),
        ("ko", ["--lang", "ko", "demo"], {"LANG": "en_US"}),
        ("en", ["--lang=en"], {"LANG": "ko_KR"}),
        ("ko", ["--lang"], {"LANG": "ko_KR"}),
        ("ko", ["demo", "--lang", "en"], {"LANG": "ko_KR"}),
    ],
)
def test_the_option_rules_then_the_locale_then_english(
    expected: str, args: Sequence[str], environ: dict[str, str]
) -> None:
    assert expected == language(args, environ)


def test_a_speaker_chooses_its_own_wording() -> None:
    assert ["yes", "예"] == [speaker(spoken)("yes", "예") for spoken in ("en", "ko")]


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        ("110,007,000", "110007000.00000000"),
        ("0.00909033", "0.00909033"),
        ("8,999,500.067723845", "8999500.067723845"),
        ("10", "1E+1"),
        ("100", "100"),
        ("0", "0.000"),
        ("-1,000.5", "-1000.50"),
    ],
)
def test_an_amount_has_separators_and_no_idle_zeros(expected: str, value: str) -> None:
    assert expected == amount(Decimal(value))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8))
def test_an_amount_is_written_to_its_last_digit(value: Decimal) -> None:
    assert value == Decimal(amount(value).replace(",", ""))


@pytest.mark.parametrize(("expected", "value"), [("+1,000", "1000"), ("-0.5", "-0.50"), ("0", "0"), ("0", "-0.0")])
def test_a_change_has_a_sign(expected: str, value: str) -> None:
    assert expected == signed(Decimal(value))


@pytest.mark.parametrize(("expected", "rate"), [("+1.17%", "0.0116516461"), ("-0.05%", "-0.0005"), ("+0.00%", "0")])
def test_a_rate_is_written_as_percent(expected: str, rate: str) -> None:
    assert expected == percent(Decimal(rate))
