"""What `perpsim march` does: run the study, then write its tables, pictures and page."""

from pathlib import Path

from analysis import march_figures as figures
from analysis import march_tables as tables
from analysis.march_page import page
from analysis.march_study import counts, study

DPI = 130


def march(out, *, seeds=64, processes=None, doc=None, say=print, **arguments):
    """Run the study into the folder `out` and write what came of it there; return the page's path.

    doc: where the page goes, its pictures beside it; by default into `out`
    """
    say("Runs: " + ", ".join(f"{part} {number}" for part, number in counts(seeds).items()) + " (twins: of each)")
    parts = study(out, seeds=seeds, processes=processes, **arguments)
    target = Path(doc) if doc else Path(out) / "march_2020.md"
    told = f"perpsim march --seeds {seeds}"
    return write(parts, Path(out), target, told)


def write(parts, out, target, command):
    """Write tables into `out`, and the page and its pictures beside `target`."""
    frames = {name: part.frame() for name, part in parts.items()}
    for name, frame in frames.items():
        frame.to_csv(out / f"{name}.csv", index=False)
    table = tables.beside(frames["centre"], frames["draws"])
    table.to_csv(out / "beside.csv", index=False)
    target.parent.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures(parts, frames, table).items():
        picture.savefig(target.parent / f"march_study_{name}.png", dpi=DPI, metadata={"Software": None})
    target.write_text(page(frames, command), encoding="utf-8")
    return target


def pictures(parts, frames, table):
    """Return {name: Figure} of the study."""
    return {
        "discount": figures.discount(parts["centre"], parts["draws"]),
        "engine": figures.engine(parts["centre"]),
        "places": figures.places(table),
        "dependence": figures.dependence(frames["draws"]),
        "questions": figures.questions(frames["twins"]),
    }
