from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

from upbit.paper.plugin import seed_of

pytest_plugins = ["pytester"]

PLUGIN = () if entry_points(group="pytest11", name="upbit_paper") else ("-p", "upbit.paper.plugin")
"""How a run finds the plugin: by itself where this package is installed with its entry point, else by name."""


@pytest.fixture(autouse=True)
def alone(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")


def run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess(*PLUGIN, "-p", "no:cacheprovider", *options)


def test_a_test_has_an_exchange_of_its_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("turn", [1, 2])
        def test_it_trades(upbit_paper, turn):
            client = upbit_paper.client()
            assert [] == client.orders.list_closed()
            client.orders.create(market="KRW-BTC", side="bid", ord_type="price", price=10_000)
            upbit_paper.advance(1)
            assert 1 == len(client.orders.list_closed())
            assert "current" == upbit_paper.exchange.profile.name

        def test_it_has_faults_and_a_control(upbit_paper):
            from upbit.paper import Rule
            from upbit.errors import MarketOfflineError

            upbit_paper.chaos.add(Rule(effect="refuse", times=1))
            with pytest.raises(MarketOfflineError):
                upbit_paper.client().accounts.list()
            assert upbit_paper.client().accounts.list()
        """
    )
    run(pytester).assert_outcomes(passed=3)


def test_a_failed_test_says_how_to_run_it_again(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_bot="""
        def test_bad(upbit_paper):
            assert upbit_paper.exchange.seed == 7

        def test_bad_without():
            assert False
        """
    )
    seed = seed_of("test_bot.py::test_bad")
    result = run(pytester)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        ["*- upbit_paper -*", f"seed {seed}", f"pytest 'test_bot.py::test_bad' --upbit-seed {seed}"]
    )
    assert 1 == result.stdout.str().count("--upbit-seed")
    run(pytester, "--upbit-seed", "7", "-k", "bad and not without").assert_outcomes(passed=1, deselected=1)


def test_a_test_has_the_same_market_each_time_and_another_test_another(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_one(upbit_paper):
            print("key", upbit_paper.access_key)

        def test_other(upbit_paper):
            print("key", upbit_paper.access_key)
        """
    )
    first, second = ([line for line in run(pytester, "-s").stdout.lines if "key PAPER" in line] for _ in range(2))
    assert first == second
    assert 2 == len({line.partition("key ")[2] for line in first})


def test_the_profile_is_an_option(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_old(upbit_paper): assert '2023' == upbit_paper.exchange.profile.name")
    run(pytester, "--upbit-profile", "2023").assert_outcomes(passed=1)


def test_loading_the_plugin_loads_nothing_of_the_exchange() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import upbit.paper.plugin; "
        "print(sorted(name for name in set(sys.modules) - before))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "['upbit', 'upbit.paper', 'upbit.paper.plugin']\n" == ran.stdout
