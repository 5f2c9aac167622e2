"""`perpsim gallery`: draw every picture, a few at a time, and write the page that shows them."""

import json
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from analysis import figures
from analysis.gallery import comparisons, crash, theories
from analysis.gallery.page import html
from sim.folders import check_folder, new_folder
from sim.provenance import provenance
from sim.record import plain
from sim.spelling import unknown

ENDINGS = ("svg", "pdf", "png")


def pictures():
    """{name: Picture} of the whole gallery, in its order."""
    return crash.pictures() | comparisons.pictures() | theories.pictures()


def tasks(names):
    """[[name]] of pictures that share their runs, which one process then makes."""
    together = [name for name in names if name in crash.pictures()]
    return [together] * bool(together) + [[name] for name in names if name not in together]


def drawn(names, folder):
    """Draw pictures into a folder; returns {name: seconds}."""
    known, took = pictures(), {}
    for name in names:
        begun = time.perf_counter()
        with tempfile.TemporaryDirectory() as sweeps:
            made = known[name].draw(Path(sweeps))
        if known[name].moves:
            figures.save_animation(made, folder / f"{name}.gif")
        else:
            for ending in ENDINGS:
                figures.save(made, folder / f"{name}.{ending}")
        took[name] = time.perf_counter() - begun
    return took


def gallery(out, names=(), processes=1, force=False, say=print):
    """Draw the pictures named, all if none is, into the new folder `out`, with an index.html; returns its path.

    ValueError for a name that is none; `force` replaces what is in the folder.
    """
    known = pictures()
    for name in names:
        if name not in known:
            raise ValueError(unknown("picture", name, known))
    check_folder(out, force)
    chosen = {name: each for name, each in known.items() if not names or name in names}
    with new_folder(out, force) as partial:
        for took in done(tasks(chosen), partial, processes):
            for name, seconds in took.items():
                say(f"{name:<26} {seconds:6.1f} s")
        about = {"pictures": {name: each.command for name, each in chosen.items()}, **provenance()}
        (partial / "about.json").write_text(json.dumps(plain(about), indent=2) + "\n", encoding="utf-8")
        (partial / "index.html").write_text(html(chosen, about["commit"]), encoding="utf-8")
    return Path(out) / "index.html"


def done(groups, folder, processes):
    """Yield {name: seconds} of each group as it is drawn."""
    if processes < 2:
        yield from (drawn(group, folder) for group in groups)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for each in as_completed([pool.submit(drawn, group, folder) for group in groups]):
            yield each.result()
