"""Published numbers, computed again from the project's own table; what the table may say, and how it is refused."""

import ast
import json
import math
import re
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from analysis import check
from analysis.calls import CLOSED, call, find, presets
from analysis.cli import main
from analysis.published import TABLE, Example, read
from analysis.venue_table import chosen, table

HOME = Path(__file__).resolve().parent.parent
PAGE = HOME / "docs" / "published.md"
EXAMPLES = read()
HARMLESS = {"numpy", "sim", "re"} | set(
    "abc bisect collections dataclasses datetime decimal difflib enum fractions functools hashlib heapq itertools "
    "math operator statistics types typing".split()
)
"""What a module may import and still neither read nor write anything."""

GOOD = {
    "id": "mine-1",
    "venue": "Mine",
    "topic": "pnl",
    "function": "sim.contract.pnl_coin",
    "arguments": {"contract": {"class": "sim.contract.Inverse"}, "contracts": 100, "entry": 100, "exit": 200},
    "expected": 0.5,
    "units": "BTC",
    "tolerance": 1e-9,
    "source": "a page",
}


@pytest.fixture
def written(tmp_path):
    """Return a function that writes rows, or text, to a file and returns its path."""

    def write(*rows):
        path = tmp_path / "mine.jsonl"
        path.write_text("\n".join(each if isinstance(each, str) else json.dumps(each) for each in rows))
        return path

    return write


@pytest.fixture
def perpsim(capsys):
    """Return a function that runs one command: (exit status, stdout, stderr)."""

    def command(*arguments):
        with pytest.raises(SystemExit) as left:
            main([str(each) for each in arguments])
        return left.value.code, *capsys.readouterr()

    return command


def result(**changes):
    """Return what comes of the good row with some keys changed."""
    return check.checked(Example(**GOOD | changes))


# ---- the table of published numbers


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each.id)
def test_a_published_number_comes_out_or_its_contradiction_is_documented(example):
    found = check.checked(example)
    assert found.good, check.remark(found)


def test_a_reason_stands_only_where_one_is_needed():
    for each in EXAMPLES:
        assert bool(each.reason) == (check.checked(each).verdict != check.PASS), each.id
        assert (each.ours is None) == (not each.verdict), each.id


def test_the_table_is_laid_out_to_be_read():
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    assert all(len(line) <= 120 and line == line.rstrip() for line in lines)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*-\d+", each.id) for each in EXAMPLES)


# ---- verdicts


def test_a_number_within_its_tolerance_passes_and_one_beyond_is_missed_by_its_distance():
    assert (result().verdict, result().good) == ("pass", True)
    assert result(expected=0.6, tolerance=0.11).verdict == "pass"
    missed = result(expected=0.6, tolerance=0.05)
    assert (missed.verdict, missed.good) == ("missed", False) and missed.size == pytest.approx(0.1)
    assert check.remark(missed) == "off by 0.1 BTC: no reason is recorded"


def test_a_miss_whose_reason_is_recorded_needs_no_further_explanation():
    missed = result(expected=0.6, reason="printed with a slip")
    assert (missed.verdict, missed.good, missed.said) == ("missed", True, "printed with a slip")


def test_a_disagreement_holds_only_as_long_as_the_call_gives_what_is_recorded():
    row = {"verdict": "disagrees", "reason": "its text says otherwise", "expected": 0.6, "tolerance": 0.01}
    assert (result(**row, ours=0.5).verdict, result(**row, ours=0.5).good) == ("disagrees", True)
    drifted = result(**row, ours=0.52)
    assert (drifted.verdict, drifted.good) == ("missed", False) and "0.02 away from what" in drifted.said
    passes = result(**row | {"expected": 0.5}, ours=0.6)
    assert (passes.verdict, passes.good) == ("missed", False) and "within its tolerance now" in passes.said


def test_lists_mappings_and_what_was_not_published_are_compared_entry_by_entry():
    exits = GOOD["arguments"] | {"exit": [200, 50]}
    assert result(arguments=exits, expected=[0.5, -1]).verdict == "pass"
    assert result(arguments=exits, expected=[None, -1]).verdict == "pass"
    assert result(arguments=exits, expected={"1": -1}).verdict == "pass"
    assert result(arguments=exits, expected=[0.5, -2]).place == "1"
    events = {"contract": {"class": "contract.Inverse"}, "events": [{"contracts": 100, "price": 100}]}
    row = {"function": "statement.statement", "arguments": events}
    assert result(**row, expected={"average_entry": 100, "value_coin": math.nan}).verdict == "pass"
    missed = result(**row, expected={"average_entry": 101, "value_coin": math.nan})
    assert (missed.size, missed.place) == (pytest.approx(1), "average_entry")


def test_infinity_and_nan_are_numbers_that_can_be_expected():
    row = {"function": "sim.margin.bankruptcy_price"}
    position = {"contract": {"class": "sim.contract.Inverse"}, "cost": 1, "collateral": 10**14}
    short = result(**row, arguments=position | {"contracts": -1}, expected=math.inf)
    assert short.verdict == "pass"
    assert result(**row, arguments=position | {"contracts": 0}, expected=math.nan).verdict == "pass"
    assert result(**row, arguments=position | {"contracts": -1}, expected=1e9).size == math.inf


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"expected": [0.5]}, "the result must be a list of 1 (got 0.5)"),
        ({"expected": {"gross": 1}}, "unknown part of the result 'gross'"),
        ({"expected": "half"}, "the result must be of the kind of half (got 0.5)"),
        ({"arguments": GOOD["arguments"] | {"entry": 0}}, "ValueError: price must be positive and finite (got 0.0)"),
        ({"arguments": GOOD["arguments"] | {"contracts": {}}}, "contracts must be integers"),
    ],
)
def test_what_cannot_be_computed_or_compared_is_missed_with_the_reason(row, said):
    missed = result(**row)
    assert (missed.verdict, missed.good, missed.got) == ("missed", False, None) and said in missed.said


# ---- values that stand for objects


def test_rules_presets_and_results_of_functions_are_written_as_data():
    rule = {"function": "sim.funding.ClampedPremium.found", "rule": {"damper": 0}}
    assert result(**rule, arguments={"premium": 0.001, "previous": 0}, expected=0.001).verdict == "pass"
    preset = {"function": "BITMEX.funding.found", "rule": {"interest": 0.0002}}
    assert result(**preset, arguments={"premium": 0, "previous": 0}, expected=0.0002).verdict == "pass"
    assert result(arguments=GOOD["arguments"] | {"contract": "BITMEX.contract"}).verdict == "pass"
    flat = {"function": "sim.margin.Tiers.flat", "arguments": {"maintenance": 0.005, "initial": 0.01}}
    at = {"function": "sim.margin.initial_margin", "expected": 0.01, "tolerance": 1e-6}
    contract = {"class": "BITMEX.contract", "fields": {"unit": 1.0e-0, "face": 1e8, "tick": 1e4, "highest": 1e5}}
    arguments = {"contract": contract, "contracts": 1, "price": 1e8, "tiers": flat}
    assert result(**at, arguments=arguments).verdict == "pass"
    isolated = {"contract": "BITMEX.contract", "contracts": 1, "entry": 1e4, "leverage": 10}
    made = {"function": "sim.margin.Tiers.at", "arguments": {"value_coin": 3}, "rule": flat}
    assert result(**made, expected={"0": 0.005, "1": 0.01}).verdict == "pass"
    item = {"function": "sim.margin.isolated", "arguments": isolated, "item": 1}
    assert call("sim.contract.total", {"contracts": 1, "settlement": item})() == 10_000_000


@pytest.mark.parametrize(
    "path",
    [
        *(
            "os.system",
            "sim.contract.np.load",
            "sim.contract.math.sqrt",
            "builtins.eval",
            "sim.os.system",
            "numpy.load",
        ),
        *("sim.contract.__builtins__", "sim.contract.pnl_coin.__globals__", "sim.contract.Inverse.__init__"),
        *("sim.margin._root", "sim.contract.Inverse._price", "sim.find_spec", "sim.check_rooms", "sim", ""),
        *("sim.record.Run.save", "sim.folders.replace_folder", "sim.provenance.provenance", "sim.paths.replay"),
        *("sim.market.Market", "sim.replay.read", "sim.contract.dataclass", "sim.ledger.fill", "sim.mark.deque"),
        *("BITMEX.contract.__class__", "BITMEX.mark.mark.__func__", "analysis.cli.main", "scenarios.calm"),
    ],
)
def test_a_path_leads_to_nothing_but_public_functions_and_classes_of_sim(path):
    with pytest.raises(ValueError, match="unknown function|may not use|must be a function"):
        call(path, {})


def test_what_a_table_may_call_neither_reads_nor_writes_anything():
    for path in (HOME / "sim").rglob("*.py"):
        module = path.relative_to(HOME / "sim").with_suffix("").parts[0]
        if module in CLOSED | {"__init__"}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            outside = {name.partition(".")[0] for name in names} - HARMLESS
            assert not outside, f"{path.name} imports {outside}: name it in analysis.calls.CLOSED if it reads or writes"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("open", "__import__"), f"{path.name}:{node.lineno}"


def test_a_value_is_never_evaluated():
    for word in ("__import__('os').getcwd()", "1+1", "lambda: 0", "{0.__class__}"):
        assert call("sim.spelling.unknown", {"kind": word, "name": "a", "known": []})().startswith(f"unknown {word} ")


# ---- tables that are refused


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            {"function": "sim.contract.pnl_coim"},
            "unknown function 'sim.contract.pnl_coim'; did you mean 'sim.contract.pnl_",
        ),
        ({"function": "sim.contrat.pnl_coin"}, "unknown function 'sim.contrat'; did you mean 'sim.contract'?"),
        ({"function": "sim.margin.Tiers.att"}, "did you mean 'sim.margin.Tiers.at'?"),
        ({"function": "BITMX.funding.found"}, "did you mean 'sim.venues.BITMEX'?"),
        ({"function": "BITMEX.funding.cap"}, "BITMEX.funding.cap must be a function (got float)"),
        ({"function": 3}, "function must be text (got 3)"),
        ({"rule": {"face": 1}}, "sim.contract.pnl_coin must be a method to have a rule (got {'face': 1})"),
        (
            {"arguments": {"contract": 1, "contracts": 1, "enter": 2, "exit": 3}},
            "unknown keyword 'enter'; did you mean 'entry'?",
        ),
        (
            {"arguments": {"contract": 1, "contracts": 1, "entry": 2}},
            "keyword 'exit' must be given (got contract, contracts",
        ),
        (
            {"function": "sim.margin.Tiers.at", "arguments": {"value_coin": 1}, "rule": "BITMEX.funding"},
            "rule must be a sim.margin.Tiers (got a ClampedPremium); give its fields",
        ),
        ({"arguments": [1, 2]}, "arguments must be {name: value} (got [1, 2])"),
        (
            {"arguments": {"contract": {"class": "sim.contract.Invers"}}},
            "unknown class 'sim.contract.Invers'; did you mean",
        ),
        (
            {"arguments": {"contract": {"class": "contract.Inverse", "fields": {"fase": 1}}}},
            "unknown field 'fase'; did you",
        ),
        (
            {"arguments": {"contract": {"class": "contract.Inverse", "fields": {"face": -1}}}},
            "face must be positive and finite",
        ),
        (
            {"arguments": {"contract": {"class": "contract.Inverse", "felds": {}}}},
            "unknown key 'felds'; did you mean 'fields'?",
        ),
        (
            {"arguments": {"contract": "BITMX.contract"}},
            "unknown name 'sim.venues.BITMX'; did you mean 'sim.venues.BITMEX'?",
        ),
        (
            {"arguments": {"contract": {"class": "BITMEX.tiers", "fields": {"row": []}}}},
            "unknown field 'row'; did you mean 'rows'?",
        ),
        ({"arguments": {"contract": {"class": ["contract.Inverse"]}}}, "class must be a dotted path (got ['contract"),
        (
            {"arguments": {"contract": {"class": "contract.Inverse", "fields": [1]}}},
            "fields must be {name: value} (got [1])",
        ),
        (
            {"arguments": {"contract": {"function": "BITMEX.tiers.at", "arguments": {"value_coin": 1}, "item": 7}}},
            "item must be a place or key of what BITMEX.tiers.at returns (got 7)",
        ),
        ({"expectd": 0.5}, "unknown key 'expectd'; did you mean 'expected'?"),
        ({"expected": None}, "expected must be a number, a list or {field: number} (got None)"),
        ({"expected": []}, "expected must be a number, a list"),
        ({"expected": [None]}, "expected must be a number, a list"),
        ({"tolerance": "exact"}, "tolerance must be a number of 0 or more (got 'exact'); 0 is exact"),
        ({"tolerance": -1}, "tolerance must be a number of 0 or more (got -1)"),
        ({"verdict": "pass"}, "verdict must be 'disagrees' or left out (got 'pass')"),
        ({"verdict": "disagrees", "ours": 1}, "a row that disagrees must have a reason"),
        ({"verdict": "disagrees", "reason": "a slip"}, "what the call gives (got ours = None)"),
        ({"source": ""}, "source must be text (got '')"),
    ],
)
def test_a_bad_row_is_refused_in_one_sentence_that_names_it_and_the_nearest_right_name(written, row, said):
    path = written(GOOD, "", GOOD | {"id": "mine-2"} | row)
    with pytest.raises(ValueError) as refused:
        read(path)
    assert said in str(refused.value) and str(refused.value).startswith(f"{path}, row 2 (mine-2, line 3): ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (json.dumps(GOOD)[:-9], "row 2 (line 2): a row must end with } (got the end of the file); it was cut off"),
        (json.dumps(GOOD)[:-1], "row 2 (line 2): a row must end with } (got the end of the file)"),
        (
            json.dumps(GOOD).replace("0.5", "NaN"),
            'row 2 (line 2): a number must be finite or spelled in quotes (got NaN); write "nan"',
        ),
        (json.dumps(GOOD).replace("0.5", "1e999"), "row 2 (line 2): a number must be finite"),
        (json.dumps(GOOD).replace('"id"', '"venue"'), "row 2 (line 2): 'venue' must stand once within its braces"),
        (
            json.dumps(GOOD).replace(":", "", 1),
            "row 2 (line 2): a row must be JSON (got expecting ':' delimiter in line 2)",
        ),
        (json.dumps([GOOD]), "row 2 (line 2): a row must begin with { (got '[{"),
        ("id,venue,topic", "row 2 (line 2): a row must begin with { (got 'id,venue,topic')"),
        (json.dumps(GOOD), "row 2 (mine-1, line 2): id must be its own (got that of row 1)"),
        (
            json.dumps({k: v for k, v in GOOD.items() if k != "expected"}),
            "row 2 (mine-1, line 2): expected must be given (got none)",
        ),
    ],
)
def test_a_broken_table_is_refused_in_one_sentence(written, perpsim, text, said):
    code, out, err = perpsim("check", "--examples", written(GOOD, text))
    assert (code, out, err.count("\n")) == (1, "", 1) and said in err


def test_a_table_without_rows_or_a_file_that_is_not_there_is_refused(written, perpsim):
    assert "must hold rows of published numbers (got none)" in perpsim("check", "--examples", written(""))[2]
    assert "No such file" in perpsim("check", "--examples", "nowhere.jsonl")[2]


# ---- the commands


def test_check_prints_every_row_and_counts_the_verdicts(perpsim, written):
    row = {"verdict": "disagrees", "reason": "a slip of the page", "ours": 0.5, "expected": 0.6}
    path = written(GOOD, GOOD | {"id": "mine-2"} | row, GOOD | {"id": "mine-3", "expected": 0.7, "reason": "known"})
    code, out, err = perpsim("check", "--examples", path)
    assert (code, err) == (0, "") and out.splitlines()[0].split() == list(check.COLUMNS)
    assert "a slip of the page" in out and out.splitlines()[-1] == "3 rows: 1 pass, 1 disagrees, 1 missed"


def test_a_miss_without_a_reason_makes_the_exit_status_1(perpsim, written):
    code, out, _ = perpsim("check", "--examples", written(GOOD | {"expected": 0.6}))
    assert code == 1 and "off by 0.1 BTC: no reason is recorded" in out and out.endswith("1 missed; 1 unexplained\n")


def test_check_writes_all_it_found_as_json(perpsim, written, tmp_path):
    events = {"contract": {"class": "sim.contract.Inverse"}, "events": []}
    nothing = {"id": "mine-2", "function": "sim.statement.statement", "arguments": events}
    path = written(GOOD, GOOD | nothing | {"expected": {"average_entry": "nan"}})
    assert perpsim("check", "--examples", path, "--json", tmp_path / "found.json")[0] == 0
    found = json.loads((tmp_path / "found.json").read_text(), parse_constant=pytest.fail)
    assert found["summary"] == {"pass": 2, "disagrees": 0, "missed": 0, "unexplained": 0}
    assert found["rows"][0] | GOOD == found["rows"][0] and found["rows"][0]["got"] == 0.5
    assert found["rows"][1]["expected"] == found["rows"][1]["got"] == {"average_entry": "nan"}


def test_check_can_be_narrowed_to_a_venue_and_a_topic(perpsim):
    code, out, _ = perpsim("check", "--venue", "kraken", "--topic", "PNL")
    lines = out.splitlines()[1:-2]
    assert code == 0 and lines and all(line.split()[:2] == ["Kraken", "pnl"] for line in lines)
    assert "unknown venue 'Krakn'; did you mean 'Kraken'?" in perpsim("check", "--venue", "Krakn")[2]
    assert "unknown topic 'pln'; did you mean 'pnl'?" in perpsim("check", "--topic", "pln")[2]


def test_the_page_shows_a_row_that_passes_and_explains_every_key(tmp_path):
    text = PAGE.read_text(encoding="utf-8")
    (tmp_path / "shown.jsonl").write_text(re.search(r"```json\n(.*?)```", text, re.DOTALL)[1])
    assert [check.checked(each).verdict for each in read(tmp_path / "shown.jsonl")] == ["pass"]
    first = "".join(line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `"))
    assert {each.name for each in fields(Example)} <= set(re.findall(r"`(\w+)`", first))


def test_venues_prints_every_preset_side_by_side(perpsim):
    code, out, err = perpsim("venues", "--width", "120")
    assert (code, err) == (0, "") and all(len(line) <= 120 for line in out.splitlines())
    assert set(chosen()) <= set(out.split()) and "BITMEX" in chosen()
    for section in ("margin", "tiers", "mark", "funding", "liquidation", "loss allocation"):
        assert f"\n{section}:\n" in out
    for name, venue in chosen().items():
        page = table({name: venue}, width=200)
        assert type(venue.funding).__name__ in page and type(venue.mark).__name__ in page
        assert all(re.search(rf"^{each.name}\b", page, re.MULTILINE) for each in fields(venue)), name


def test_venues_prints_those_that_are_named(perpsim):
    out = perpsim("venues", "bitmex", "--width", "60")[1]
    assert out.split()[0] == "BITMEX" and "POWER" not in out
    assert "unknown venue 'BITMX'; did you mean 'BITMEX'?" in perpsim("venues", "BITMX")[2]


def test_the_front_door_knows_the_presets_of_sim():
    assert find("BITMEX", "preset") is presets()["BITMEX"] is sys.modules["sim.venues"].BITMEX
