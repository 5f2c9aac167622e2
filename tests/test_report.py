"""Reports: one file, whole and offline, that says what was run, what came and what to be careful about."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from analysis import compare
from analysis.cli import main
from analysis.report import many
from analysis.report.command import page, report
from analysis.report.page import Page, Section, html
from analysis.sweep import sweep
from scenarios import calm, thin_book
from sim.record import Run
from tests.quick import index_end, quick

VOID = {"meta", "img", "br"}


class Checked(HTMLParser):
    """Tags that close as they opened, and what they refer to."""

    def __init__(self, text):
        super().__init__()
        self.open, self.links, self.words, self.tags = [], [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        self.words.append(text)


def checked(path):
    """The page at `path`: it is whole, and needs nothing from elsewhere."""
    text = Path(path).read_text(encoding="utf-8")
    seen = Checked(text)
    assert seen.links and all(link.startswith("data:image/png;base64,") for link in seen.links)
    assert 'name="viewport"' in text and not re.search(r"https?://", text)
    return seen, " ".join(" ".join(seen.words).split())


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The folder of a short run."""
    folder = tmp_path_factory.mktemp("runs") / "calm"
    calm(seed=1, hours=0.05, noise=50, longs=20, shorts=20, open_interest=100_000).run().save(folder)
    return folder


def test_a_run_has_its_question_its_numbers_its_picture_and_how_to_make_it_again(saved):
    seen, words = checked(report(saved))
    assert "Does a perpetual stay close to its index on an ordinary day?" in words
    assert "basis_mean_bps" in words and "volume_contracts" in words and seen.tags.count("img") == 1
    assert "Who won and who lost" in words and "NoiseTraders" in words
    assert "This is one seed." in words and f"perpsim run {saved}/about.json" in words and "100000" in words


def test_a_run_beside_its_twin_shows_what_differs(saved):
    calm(seed=1, hours=0.05, noise=50, longs=20, shorts=20, open_interest=100_000, makers=3).run().save(saved / "twin")
    seen, words = checked(report(saved))
    assert "twin less base" in words and seen.tags.count("img") == 2


def test_a_crash_says_what_its_numbers_leave_out(tmp_path):
    run = thin_book(seed=1, fall=0.2, depth=0.02, hours=0.6, step_s=2.0).run()
    run.save(tmp_path / "run")
    _, words = checked(report(tmp_path / "run"))
    assert "The liquidation engine still holds" in words and "a side of the book was empty" in words


def test_a_sweep_has_means_with_errors_what_failed_and_what_a_twin_changed(tmp_path):
    done = sweep(
        quick, seeds=range(3), noise=[3, 5], metrics=[index_end], twins={"still": {"spot_impact": 0.0}}, processes=0,
        out=tmp_path / "sweep",
    )  # fmt: skip
    _, words = checked(report(done.folder))
    assert "12 runs, 2 points, 3 seeds, 0 failed" in words and "Twin less base of the same seed" in words
    assert len(re.findall(r"± \d", words)) == 6 and "standard errors of so few" in words


def test_a_comparison_has_its_picture_and_table(tmp_path):
    rows = list(compare.compared("venue_comparison", ["BITMEX", "OKX"], 1, seed=1, hours=0.05))
    compare.save(rows, tmp_path, scenario="venue_comparison", seed=1)
    _, words = checked(report(tmp_path))
    assert "BITMEX" in words and "OKX" in words and "perpsim compare BITMEX OKX" in words


def test_estimates_have_intervals_or_say_why_there_are_none(saved, tmp_path):
    _, words = checked(report(saved))
    assert "Relaxation of the premium: a series must" in words
    assert "Returns of a minute: there must be 500 finite" in words
    calm(seed=1, hours=10.0, step_s=30.0, noise=60, longs=60, shorts=60, open_interest=1_000_000).run().save(
        tmp_path / "run"
    )
    _, words = checked(report(tmp_path / "run"))
    assert "relaxation time of the premium, s" in words and "tail index (Hill), returns of a minute" in words


def test_an_error_that_is_only_rounding_is_none():
    assert many.rounded(0.01, 5.8e-19) == 0.0 and many.rounded(0.01, 1e-4) == 1e-4 and many.rounded(0.0, 0.0) == 0.0


def test_what_a_user_wrote_is_shown_and_not_run():
    text = html(
        Page(title="<script>alert(1)</script>", story="a & b", sections=(Section(title="x", code=("</pre>",)),))
    )
    assert "<script>" not in text and "&lt;script&gt;" in text and "a &amp; b" in text and "&lt;/pre&gt;" in text


def test_another_folder_is_refused_in_one_sentence(tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        main(["report", str(tmp_path)])
    assert (
        left.value.code == 1
        and "must be the folder of a run, a twin, a comparison or a sweep" in capsys.readouterr().err
    )


def test_a_run_stopped_early_says_so(saved):
    run = Run.load(saved)
    run.about["finished"] = False
    from analysis.report.run import cautions

    assert "The run was stopped before its end." in list(cautions(run))
    assert page(saved).title.startswith("Does a perpetual")
