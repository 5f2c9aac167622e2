"""`perpsim claims`: run every claim, print what became of it, and write it down."""

import json
from pathlib import Path

from analysis.claims.claim import HOLDS, SEEDS, judge, run
from analysis.sweep.front import cores
from analysis.sweep.pool import LocalPool
from sim.record import plain
from sim.spelling import unknown


def claims(names, folder, seeds=SEEDS, processes=None, say=print):
    """[Verdict] of the claims of the scenarios named, of all if none is; runs that are done are not repeated."""
    from analysis.claims.shipped import CLAIMS

    known = {each.name: each for each in CLAIMS}
    for name in names:
        if name not in known:
            raise ValueError(unknown("claim", name, known))
    if len(seeds) < 2:
        raise ValueError(f"a claim must be judged over two seeds or more (got {len(seeds)}); one has no standard error")
    chosen = [each for each in CLAIMS if not names or each.name in names]
    differences = []
    with LocalPool(processes or cores()) as pool:
        for each in chosen:
            say(f"{each.label}: {each.says}")
            differences.append(run(each, Path(folder) / each.label, seeds, executor=pool))
    verdicts = judge(chosen, differences)
    write(verdicts, Path(folder))
    return verdicts


def table(verdicts):
    """Verdicts as a table to read: what was claimed, what was seen."""
    rows = [("scenario", "metric", "claimed", "seen", "p (Holm)", "verdict")]
    for each in verdicts:
        claim = each.claim
        rows.append(
            (
                claim.label, claim.metric.__name__, f"{claim.low:g} to {claim.high:g}",
                f"{each.mean:.4g} +- {each.standard_error:.2g} (n = {each.seeds})", f"{each.adjusted:.1e}",
                each.verdict + (f", {each.failed} failed" if each.failed else ""),
            )
        )  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(f"{word:<{width}}" for word, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    held = sum(each.verdict == HOLDS for each in verdicts)
    return "\n".join([*lines, "", f"{len(verdicts)} claims: {held} hold"])


def page(verdicts):
    """The same as a page of Markdown, each claim with its sentence."""
    parts = [
        "# What the scenarios say to expect\n",
        "Made by `make claims`. Each scenario names an effect and its size; here it is over seeds that were not used "
        "while it was written. The difference is the twin's number less the run's, mean +- standard error; p is "
        "one-sided, of no effect in that direction, adjusted for all claims (Holm). An effect outside the bounds "
        "named is an `other size`, one whose adjusted p is 0.01 or more is `not seen`. Sixteen other seeds were looked "
        "at once before: 27 of 28 held, and that of `flash_crash` was then put in logarithms, for in one seed of "
        "sixteen the makers leave and the discount is ten times as deep.\n",
        "| scenario | metric | change | claimed | seen | p (Holm) | verdict |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in verdicts:
        claim = each.claim
        change = ", ".join(f"{name}={value!r}" for name, value in claim.change.items()) or "-"
        seen = f"{each.mean:.4g} +- {each.standard_error:.2g} (n = {each.seeds})"
        parts.append(
            f"| `{claim.name}` | `{claim.metric.__name__}` | `{change[:80]}` | {claim.low:g} to {claim.high:g} "
            f"| {seen} | {each.adjusted:.1e} | {each.verdict} |"
        )
    said = {each.claim.name: each.claim.says for each in verdicts}
    parts += ["", *(f"- `{name}`: {says}" for name, says in said.items()), ""]
    return "\n".join(parts)


def write(verdicts, folder):
    """Write claims.json and claims.md."""
    rows = [
        {
            "scenario": each.claim.name, "metric": each.claim.metric.__name__, "says": each.claim.says,
            "low": each.claim.low, "high": each.claim.high, "mean": each.mean, "standard_error": each.standard_error,
            "seeds": each.seeds, "failed": each.failed, "p": each.p, "p_holm": each.adjusted, "verdict": each.verdict,
        }
        for each in verdicts
    ]  # fmt: skip
    (folder / "claims.json").write_text(json.dumps(plain(rows), indent=1) + "\n", encoding="utf-8")
    (folder / "claims.md").write_text(page(verdicts), encoding="utf-8")
