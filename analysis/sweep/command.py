"""`perpsim sweep SCENARIO`: every keyword of the scenario is an axis."""

import click
import pandas

from analysis.options import description, options
from analysis.sweep import spelled
from analysis.sweep.arguments import OF_THE_SWEEP, present
from analysis.sweep.design import DESIGNS
from analysis.sweep.front import MOST_SEEDS, sweep
from analysis.sweep.origin import scenario_named
from scenarios.scenario import question
from sim.record import TABLES

SHOWN_POINTS, SHOWN_METRICS = 40, 6
INTERRUPTED = 130
MEANING = "A,B,C are values, LOW:HIGH:N evenly spaced ones, LOW:HIGH:Nlog so in logarithms"


class Axis(click.ParamType):
    """A value, a list or a range, each of the kind of `default`."""

    name = "AXIS"

    def __init__(self, default):
        self.default = default

    def convert(self, value, param, ctx):
        """Return the value or axis that the typed text stands for."""
        try:
            return spelled.axis(value, self.default) if isinstance(value, str) else value
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Spelled(click.ParamType):
    """What a function of the typed text returns; its ValueError is the user's answer."""

    def __init__(self, name, function):
        self.name, self.function = name, function

    def convert(self, value, param, ctx):
        """Return what the typed text stands for."""
        try:
            return self.function(value) if isinstance(value, str) else value
        except ValueError as error:
            self.fail(str(error), param, ctx)


def precision(word):
    """(metric, standard error) of METRIC:0.01."""
    name, colon, error = word.rpartition(":")
    try:
        return name, float(error)
    except ValueError:
        raise ValueError(f"a precision must be METRIC:STANDARD_ERROR (got {word!r})") from None


OWN = [
    click.Option(["seeds", "--seeds"], type=Spelled("SEEDS", spelled.seeds), required=True, help="FROM:TO, or a list."),
    click.Option(["out", "--out"], type=click.Path(), help="The folder.  [default: named by what is asked, in runs/]"),
    click.Option(
        ["design", "--design"], type=click.Choice(DESIGNS), default="grid", show_default=True,
        help="Cross all values, or spread --points over LOW:HIGH[:log] ranges.",
    ),
    click.Option(["points", "--points"], type=click.IntRange(1), help="Points of a design that is no grid."),
    click.Option(["paired", "--paired"], type=click.Path(), default="", help="CSV file of keywords that go together."),
    click.Option(["metrics", "--metric"], multiple=True, help="A number to keep: a name or FILE.py:FUNCTION."),
    click.Option(
        ["twins", "--twin"], multiple=True, type=Spelled("TWIN", spelled.twin),
        help="[LABEL:]KEYWORD=VALUE: beside each run one with that changed; repeatable.",
    ),
    click.Option(
        ["until_se", "--until-se"], multiple=True, type=Spelled("METRIC:SE", precision),
        help="Add seeds to each point until this standard error is met; repeatable.",
    ),
    click.Option(
        ["max_seeds", "--max-seeds"], type=click.IntRange(1), default=MOST_SEEDS, show_default=True,
        help="Of a point, whatever its standard error.",
    ),
    click.Option(["retry_failed", "--retry-failed"], is_flag=True, help="Make runs that failed before again."),
    click.Option(["series_s", "--series-s"], type=float, help="Keep each run's series, one row in so many seconds."),
    click.Option(["tables", "--keep"], multiple=True, help=f"Keep this table of each run: {', '.join(TABLES[1:])}."),
    click.Option(["processes", "--processes"], type=click.IntRange(0), help="Of this machine.  [default: one a core]"),
    click.Option(["cluster", "--cluster"], help="Address or scheduler file of a Dask cluster, or `local`."),
]  # fmt: skip


class SweepCommand(click.Command):
    """A command that takes dotted options, such as --venue.mark, besides its own."""

    def parse_args(self, ctx, args):
        """Take the dotted options out before click sees the others."""
        rest, dotted, words = [], {}, iter(args)
        for word in words:
            name, equals, value = word.removeprefix("--").partition("=")
            if word.startswith("--") and "." in name:
                value = value if equals else next(words, None)
                if value is None:
                    raise click.UsageError(f"--{name} must be given a value")
                dotted[name.replace("-", "_")] = value
            else:
                rest.append(word)
        ctx.meta["dotted"] = dotted
        return super().parse_args(ctx, rest)


def command(name):
    """Return the click command that sweeps over the scenario called `name`."""
    scenario = scenario_named(name)
    axes = [each for each in options(scenario, taken=[each.name for each in OWN]) if each.name not in OF_THE_SWEEP]
    for each in axes:
        each.type, each.is_flag, each.secondary_opts = Axis(present(scenario, each.name)), False, []
    text = f"{description(scenario)}\n\nEvery keyword is an axis: {MEANING}. A dotted one, --venue.mark 'LastPrice()', "
    text += "changes a field of a rule. The same command goes on where it was stopped, and repeats nothing."
    return SweepCommand(
        name,
        params=OWN + axes,
        callback=lambda **typed: swept(scenario, **typed),
        help=text,
        short_help=question(scenario),
        context_settings={"token_normalize_func": lambda word: word.replace("_", "-")},
    )


def swept(scenario, *, seeds, out, metrics, twins, until_se, paired, **typed):
    """Sweep as the command line says, and print what came of it; returns the exit status."""
    typed = {name: value for name, value in typed.items() if value is not None}
    for name, word in click.get_current_context().meta["dotted"].items():
        typed[name] = spelled.axis(word, present(scenario, name, {}))
    changes = {
        label: {name: spelled.axis(word, present(scenario, name)) for name, word in change.items()}
        for label, change in twins
    }
    try:
        done = sweep(
            scenario, seeds=seeds, out=out, metrics=metrics or None, twins=changes, until_se=dict(until_se),
            paired=paired or (), **typed,
        )  # fmt: skip
    except KeyboardInterrupt:
        click.echo("perpsim: interrupted; what was done is saved: the same command goes on from there", err=True)
        return INTERRUPTED
    click.echo(report(done, metrics))
    return 0


def report(done, metrics):
    """Return what a sweep came to as text: means with standard errors by point, changes of twins, failures."""
    rows, failed = done.frame(), done.failures()
    chosen = [name for name in DEFAULTS if name in done.metrics] if not metrics else done.metrics[:SHOWN_METRICS]
    parts = [table(done, done.means(*chosen), chosen, "Means +- standard errors")]
    if done.twins:
        parts.append(table(done, done.changes(*chosen), chosen, "Twin less base, the same seeds"))
    said = f"{len(rows)} runs, {len(failed)} failed" if len(failed) else f"{len(rows)} runs"
    parts.append(f"{said}: pandas.read_parquet({str(done.folder / 'runs')!r})")
    parts += [f"failed {number} times: {error}" for error, number in failed.error.value_counts().head(5).items()]
    return "\n\n".join(parts)


DEFAULTS = ["basis_lowest_bps", "liquidated_turns", "fund_lowest_coin", "adl_contracts"]


def table(done, means, metrics, title):
    """Return a frame of means and standard errors as text, its first points only if there are many."""
    if not len(means):
        return f"{title}: none"
    shown = means.head(SHOWN_POINTS)
    made = shown[[*done.axes, *(["twin"] if done.twins else []), "runs"]].copy()
    for name in metrics:
        pairs = zip(shown[name], shown[f"{name}_se"], strict=True)
        made[name] = [f"{mean:.4g} +- {error:.2g}" for mean, error in pairs]
    more = f"\n... and {len(means) - len(shown)} more" if len(means) > len(shown) else ""
    with pandas.option_context("display.width", 200, "display.max_columns", None):
        return f"{title}\n{made.to_string(index=False)}{more}"

