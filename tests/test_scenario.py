"""A scenario checks its keywords, and its market knows where it came from."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from analysis.values import parse, spoken
from scenarios import scenario
from scenarios.scenario import text
from sim.mark import LastPrice
from sim.market import Market
from sim.venues import BITMEX


@scenario
def dips(*, seed, buyers=100, dip_bps=100.0, file=None, **market):
    """Do dip buyers narrow the discount?"""
    return Market(seed=seed, hours=0.1, **market)


def test_a_misspelt_keyword_is_answered_with_the_nearest_of_the_scenario_or_the_market():
    with pytest.raises(TypeError, match="scenario dips: unknown option 'buyer'; did you mean 'buyers'"):
        dips(seed=1, buyer=3)
    with pytest.raises(TypeError, match="unknown option 'venu'; did you mean 'venue'"):
        dips(seed=1, venu=BITMEX)


def test_a_scenario_without_market_options_knows_only_its_own():
    @scenario
    def closed(*, seed):
        return Market(seed=seed)

    with pytest.raises(TypeError, match="unknown option 'hours'; known are: seed"):
        closed(seed=1, hours=2.0)


def test_a_seed_is_asked_for():
    with pytest.raises(TypeError, match="scenario dips must be given 'seed'"):
        dips()


def test_a_scenario_is_refused_positional_keywords_no_seed_and_no_market():
    with pytest.raises(TypeError, match=r"must take keywords only; put `\*` before 'buyers'"):
        scenario(lambda buyers, *, seed: None)
    with pytest.raises(TypeError, match="must take `seed`"):
        scenario(lambda *, buyers: None)
    with pytest.raises(TypeError, match="must return its Market .got None."):
        scenario(lambda *, seed: None)(seed=1)


def test_a_market_keeps_its_scenario_with_every_argument(tmp_path):
    (tmp_path / "prices.csv").write_text("1,2\n")
    origin = dips(seed=7, dip_bps=50.0, file=tmp_path / "prices.csv", venue=BITMEX).about["scenario"]
    assert (origin["name"], origin["file"]) == ("dips", str(Path(__file__).resolve()))
    assert origin["sha256"] == sha256(Path(__file__).read_bytes()).hexdigest()
    path = str(tmp_path / "prices.csv")
    expected = {"seed": "7", "buyers": "100", "dip_bps": "50.0", "file": repr(path), "venue": "BITMEX"}
    assert origin["arguments"] == expected
    assert origin["files"] == {path: sha256(b"1,2\n").hexdigest()}


PRESETS = [value for value in spoken().values() if not isinstance(value, type)]
PLAIN = [1, -2.5, float("inf"), None, True, "a text", (1, 2.0), [3], {"a": 1}]
CHANGED = replace(BITMEX, mark=LastPrice())


@pytest.mark.parametrize("value", [*PLAIN, *PRESETS, CHANGED], ids=lambda value: repr(value)[:40])
def test_an_argument_is_rebuilt_from_its_text_without_evaluating_it(value):
    assert parse(text(value)) == value and parse(repr(value)) == value


@pytest.mark.parametrize("word", ["__import__('os')", "().__class__", "1 + 1", "[x for x in (1,)]", "f'{1}'"])
def test_what_is_no_literal_is_not_evaluated(word):
    with pytest.raises((SyntaxError, ValueError)):
        parse(word)
