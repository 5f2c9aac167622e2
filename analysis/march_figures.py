"""Pictures of the study of 12-13 March 2020. Each takes frames of its sweeps and returns a matplotlib Figure."""

from functools import wraps

import numpy as np
from matplotlib import rc_context, rcdefaults, rcParams
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from analysis import march
from analysis.figures import BLACK, BLUE, CLOCK, GREEN, GREY, ORANGE, PURPLE, RED, SKY, STYLE
from analysis.march_outcomes import OUTCOMES
from analysis.march_study import QUESTIONS
from analysis.march_tables import HIGH, LOW, changes, correlations, done, least
from scenarios import march_2020_facts as facts

WORDS = {each.name: each.words for each in OUTCOMES}
SHORT = {
    "first_leg_percent": "first leg", "night_percent": "night", "mean_percent": "mean basis",
    "hours_below_3": "hours > 3 %", "turns": "liquidated", "open_interest_change_percent": "open interest",
    "fund_change_12th_coin": "fund, 12th", "engine_loss_coin": "engine's loss", "smallest_fund_coin": "smallest fund",
}  # fmt: skip
WIDE = 7.2
REAL = march.REAL


def styled(function):
    """Return a function that draws in the house's style, whatever the user's own is."""

    @wraps(function)
    def draw(*frames):
        with rc_context():
            rcdefaults()
            rcParams.update(STYLE)
            return function(*frames)

    return draw


def page(rows=1, columns=1, *, height, **options):
    """Return an empty Figure and its axes."""
    figure = Figure(figsize=(WIDE, height), layout="constrained")
    return figure, figure.subplots(rows, columns, **options)


def half_hours(sweep):
    """Return {run id: (rows,) series} of the base runs of a sweep, in the order of its frame."""
    ids = done(sweep.frame()).run_id
    series = dict(list(sweep.table("series").groupby("run_id", sort=False)))
    return [series[each].sort_values("time_s") for each in ids if each in series]


def column(runs, name):
    """Return (runs, rows) of a column of the series, or of the basis in percent."""
    if name == "basis":
        return np.array([100.0 * (each["last"] / each["index"] - 1.0) for each in runs])
    return np.array([each[name].to_numpy(float) for each in runs])


def times(runs):
    """Return the UTC times of the rows."""
    return np.datetime64(facts.START) + (1e3 * runs[0].time_s.to_numpy()).astype("timedelta64[ms]")


def band(ax, when, values, colour, label, alpha=0.25):
    """Draw the 5 to 95 % of runs as an area, and their median as a line."""
    low, middle, high = np.nanquantile(values, (LOW, 0.5, HIGH), axis=0)
    ax.fill_between(when, low, high, color=colour, alpha=alpha, linewidth=0)
    ax.plot(when, middle, color=colour, label=label)


def dated(ax):
    """Give an axis the clock of the house."""
    locator = AutoDateLocator(maxticks=10)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, *CLOCK, show_offset=False))


@styled
def discount(centre, draws):
    """The basis by half hour: seeds of the centre and draws of the assumptions, beside the real one."""
    figure, ax = page(height=3.6)
    runs, spread = half_hours(centre), half_hours(draws)
    band(ax, times(spread), column(spread, "basis"), SKY, "draws of the assumptions: median, 5 to 95 %")
    band(ax, times(runs), column(runs, "basis"), RED, "seeds of the centre: median, 5 to 95 %", alpha=0.4)
    when = np.array(march.stamps(facts.BASIS), "datetime64[ms]")
    ax.plot(when, facts.BASIS.values, label="real, to Binance", **REAL)
    hourly = np.array(march.stamps(facts.BASIS_TO_DERIBIT), "datetime64[ms]")
    ax.plot(hourly, facts.BASIS_TO_DERIBIT.values, label="real, to Deribit's index",
            **REAL | {"marker": "+", "markersize": 5.5, "color": BLUE})  # fmt: skip
    ax.axvspan(*map(np.datetime64, facts.OUTAGE), color="#cccccc", alpha=0.6, linewidth=0, label="outage")
    ax.axhline(0.0, color=GREY, linewidth=0.6)
    ax.set_xlim(np.datetime64("2020-03-12T08:00"), times(runs)[-1])
    ax.set_title("Basis to spot at half-hourly closes, %", loc="left")
    ax.legend(loc="lower left")
    dated(ax)
    return figure


@styled
def engine(centre):
    """Open interest, the engine's book and the fund through time, over seeds of the centre."""
    panels = (
        ("open_interest_contracts", 1e-6, "Open interest, million contracts", BLUE),
        ("engine_contracts", 1e-6, "Inventory of the engine, million contracts", RED),
        ("engine_unrealised_coin", 1e-3, "Its unrealised result at the mark, thousand BTC", ORANGE),
        ("fund_draw_coin", 1e-3, "Realised: drawn from the fund so far, thousand BTC", PURPLE),
        ("fund_coin", 1e-3, "Insurance fund, thousand BTC", GREEN),
    )
    figure, axes = page(len(panels), height=7.4, sharex=True)
    runs = half_hours(centre)
    for (name, scale, title, colour), ax in zip(panels, axes, strict=True):
        band(ax, times(runs), scale * column(runs, name), colour, "median, 5 to 95 % of seeds")
        ax.set_title(title, loc="left")
    mark(axes[0], "2020-03-12T10:30", facts.OPEN_INTEREST_CONTRACTS, 1e-6)
    mark(axes[0], facts.OPEN_INTEREST_AFTER_AT, facts.OPEN_INTEREST_AFTER_CONTRACTS, 1e-6)
    lost = facts.ENGINE_LARGEST_LOSS_COIN.value
    axes[2].axhline(-1e-3 * lost, color=BLACK, linewidth=0.8, linestyle="--", label="worst, as told")
    at_midnight = facts.Fact(facts.FUND_COIN.value + facts.FUND_CHANGE_COIN.value, facts.CRYPTOSLATE)
    mark(axes[4], march.MIDNIGHT, at_midnight, 1e-3)
    end = facts.Fact(at_midnight.value + facts.FUND_CHANGE_13TH_COIN.value, facts.COINTELEGRAPH)
    mark(axes[4], march.NEXT, end, 1e-3)
    for ax, place in ((axes[0], "lower left"), (axes[2], "lower left"), (axes[4], "lower left")):
        ax.legend(loc=place, ncols=2)
    dated(axes[-1])
    return figure


def mark(ax, stamp, fact, scale):
    """Mark a published number at its time, with its bounds."""
    named = "real" if "real" not in ax.get_legend_handles_labels()[1] else None
    ax.vlines(np.datetime64(stamp), scale * fact.low, scale * fact.high, color=BLACK, linewidth=0.8)
    ax.plot(np.datetime64(stamp), scale * fact.value, label=named, **REAL)


@styled
def places(table):
    """Where each fact lies among the draws: 0 below all of them, 1 above all."""
    known = table[table.place.notna() & (table.draws_low < table.draws_high)].iloc[::-1]
    figure, ax = page(height=0.6 + 0.19 * max(len(known), 4))
    for where, verdict in enumerate(known.verdict):
        colour = BLUE if verdict == "inside" else RED  # bounds of a fact count
        ax.plot(known.place.iloc[where], where, "o", color=colour, markersize=4.5, clip_on=False, zorder=3)
    ax.axvspan(LOW, HIGH, color=SKY, alpha=0.2, linewidth=0)
    ax.set_xlim(0.0, 1.0)
    ax.set_ylim(-0.7, len(known) - 0.3)
    ax.set_yticks(range(len(known)), known.words)
    ax.set_title("Share of draws below the fact; red outside 5 to 95 %", loc="left")
    return figure


@styled
def dependence(draws):
    """Rank correlations of outcomes with assumptions, printed where they pass the test."""
    names = [name for name in SHORT if name in draws]
    table = correlations(draws, names)
    bound = least(len(done(draws)))
    figure, ax = page(height=0.9 + 0.2 * len(table))
    ax.imshow(table.to_numpy(), cmap="RdBu", vmin=-1.0, vmax=1.0, aspect="auto", alpha=0.85)
    for (row, place), value in np.ndenumerate(table.to_numpy()):
        if abs(value) >= bound:
            ax.text(place, row, f"{value:+.2f}", ha="center", va="center", fontsize=7,
                    color="white" if abs(value) > 0.6 else BLACK)  # fmt: skip
    ax.set_yticks(range(len(table)), table.index)
    ax.set_xticks(range(len(names)), [SHORT[name] for name in names], rotation=20, ha="right")
    ax.grid(False)
    ax.set_title(f"Spearman's rank correlation; told from {bound:.2f} on (1 % level)", loc="left")
    return figure


@styled
def questions(twins):
    """What each twin changed in four outcomes: mean difference and two standard errors."""
    names = ("first_leg_percent", "night_percent", "mean_percent", "turns")
    table = changes(twins, list(names)).set_index("twin")
    known = [label for label in QUESTIONS if label in table.index][::-1]
    figure, axes = page(1, len(names), height=0.7 + 0.24 * len(known), sharey=True)
    for name, ax in zip(names, axes, strict=True):
        rows = table.loc[known]
        ax.errorbar(rows[name], range(len(known)), xerr=2.0 * rows[f"{name}_se"].fillna(0.0), fmt="o", color=BLUE,
                    markersize=3.5, elinewidth=0.9)  # fmt: skip
        ax.axvline(0.0, color=GREY, linewidth=0.6)
        ax.set_title(SHORT[name] + ("\nturns" if name == "turns" else "\n% points"), loc="left")
    axes[0].set_yticks(range(len(known)), [QUESTIONS[label].words for label in known])
    return figure
