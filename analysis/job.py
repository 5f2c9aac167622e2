"""One run from the command line: simulate, save, sum up, draw."""

import json
import sys
from contextlib import contextmanager
from pathlib import Path

import click

from analysis import lookup
from analysis.options import description, options
from analysis.values import parse
from scenarios.scenario import defaults, question
from sim.folders import check_folder
from sim.provenance import provenance
from sim.record import BESIDE, TABLES, Run, plain

INTERRUPTED = 130  # the exit status of a process ended by Ctrl-C
DPI = 150  # of the pictures
OUTPUT = [
    click.Option(["out", "--out"], type=click.Path(), help="The folder to save the run in; it must be new."),
    click.Option(["force", "--force"], is_flag=True, help="Replace an earlier run in that folder."),
    click.Option(["csv", "--csv"], is_flag=True, help="Write the tables as CSV too."),
]
TWIN = click.Option(
    ["twin", "--twin"], multiple=True, metavar="KEYWORD=VALUE",
    help="Run it again with that changed, and show the difference; repeatable. --twin venue.mark='LastPrice()'",
)  # fmt: skip


def command(name):
    """Return the click command that runs the scenario called `name`."""
    scenario = lookup.find(name)

    own = [TWIN, *OUTPUT]

    def callback(twin, out, force, csv, **typed):
        given = {key: value for key, value in typed.items() if value is not None}
        arguments = {"seed": 1} | defaults(scenario) | given
        folder = Path(out or f"runs/{scenario.__name__}-{arguments['seed']}")
        if twin:
            return status(with_twin(scenario, arguments, twin, folder, force, csv))
        return status(executed(scenario, arguments, folder, force, csv)[0])

    return click.Command(
        name,
        params=options(scenario, taken=[each.name for each in own]) + own,
        callback=callback,
        help=description(scenario),
        short_help=question(scenario),
        context_settings={"token_normalize_func": lambda word: word.replace("_", "-")},
    )


def repeat_command(path):
    """Return the click command that repeats the run whose about.json is `path`."""

    def callback(out, force, csv):
        about, scenario = lookup.past(path)
        for line in lookup.changes(about, provenance()):
            click.echo(f"Note: {line}", err=True)
        arguments = {name: again(word, path) for name, word in about["scenario"]["arguments"].items()}
        folder = Path(out or f"{path.resolve().parent}-again")
        run, _ = executed(scenario, arguments, folder, force, csv)
        click.echo(comparison(run, path.parent))
        return status(run)

    return click.Command(str(path), params=OUTPUT, callback=callback, help="Repeat a past run exactly.")


def again(word, path):
    """Return a recorded argument; ValueError if its text does not rebuild it."""
    try:
        return parse(word)
    except SyntaxError as error:
        raise ValueError(f"{path} holds an argument that only Python can rebuild ({word[:60]})") from error


def comparison(run, folder):
    """Return one sentence that says whether the run in `folder` and this one are the same, bit for bit."""
    try:
        old = Run.load(folder)
    except (ValueError, OSError) as error:
        return f"Not compared with {folder}: {error}"
    other = differing(run, old)
    return f"Differs from {folder} in: {', '.join(other)}" if other else f"Identical to {folder}"


def differing(run, old):
    """Return the names of the tables in which two runs differ, those of further exchanges after their names."""
    found = [name for name in TABLES if not same(getattr(run, name), getattr(old, name))]
    for name in sorted(run.others.keys() | old.others.keys()):
        pair = run.others.get(name), old.others.get(name)
        found += [f"{name}/{table}" for table in differing(*pair)] if all(pair) else [f"the exchange {name}"]
    return found


def same(one, other):
    """Return whether two tables have the same columns, equal bit for bit."""
    names = one.dtype.names
    return names == other.dtype.names and all(one[name].tobytes() == other[name].tobytes() for name in names)


def executed(scenario, arguments, folder, force, csv):
    """Return (run, market) of `scenario`, saved and summed up; that `folder` can be written is checked first."""
    check_folder(folder, force)
    market = scenario(**arguments)
    run = simulated(market)
    run.save(folder, csv=csv, force=force)
    report(run, folder)
    told(run, folder)
    return run, market


def with_twin(scenario, arguments, words, folder, force, csv):
    """Return the run of `scenario`, saved as ever, or its twin's in the folder `twin` under it; shows what differs."""
    from analysis import pair

    different = pair.twin_of(scenario, arguments, pair.changes(scenario, words))
    base, market = executed(scenario, arguments, folder, force, csv)
    if not base.about["finished"]:
        return base
    twin = simulated(scenario(**pair.follow(market, different)))
    twin.save(folder / "twin", csv=csv)
    told(twin, folder / "twin")
    pair.report(base, twin, folder)
    click.echo(f"\nSaved in {folder}; look at {folder / 'difference.png'}")
    return twin


def simulated(market):
    """Return the run of a market, with a progress bar where there is a terminal."""
    with progress_bar(market) as progress:
        return market.run(progress=progress)


def told(run, folder):
    """Say so if a run that is saved in `folder` was interrupted."""
    if not run.about["finished"]:
        click.echo(f"perpsim: interrupted; what was simulated so far is saved in {folder}", err=True)


@contextmanager
def progress_bar(market):
    """Yield a function of the number of steps done that draws a bar, or None where there is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    with tqdm(total=market.length, unit=" steps", unit_scale=True, leave=False) as bar:
        yield lambda done: bar.update(done - bar.n)


def report(run, folder):
    """Sum up a saved run in its folder and on the terminal, beside published facts where it lies over such days; then
    the other exchanges of its market."""
    from analysis import figures, march, summary

    try:
        numbers = json.dumps(plain(summary.summary(run)), indent=2, allow_nan=False)
        (folder / "summary.json").write_text(numbers + "\n", encoding="utf-8")
        click.echo(summary.lines(run))
        figures.overview(run).savefig(folder / "overview.png", dpi=DPI)
        if march.covers(run):
            click.echo("\n" + march.lines(run))
            march.figure(run).savefig(folder / "march_2020.png", dpi=DPI)
    except (OSError, KeyboardInterrupt) as error:
        reason = "interrupted" if isinstance(error, KeyboardInterrupt) else error
        raise OSError(f"the run is saved in {folder}, but not its whole report ({reason})") from error
    pictures = " and ".join(str(each) for each in sorted(folder.glob("*.png")))
    click.echo(f"\nSaved in {folder}; look at {pictures}")
    for name, other in run.others.items():
        click.echo(f"\nBeside it, on {name}:\n")
        report(other, folder / BESIDE / name)


def status(run):
    """Return the exit status that a run leaves."""
    return 0 if run.about["finished"] else INTERRUPTED
