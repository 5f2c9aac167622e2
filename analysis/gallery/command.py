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
    """Draw pictures into a folder; returns {name: (seconds, why it could not be drawn, or None)}."""
    known, outcome = pictures(), {}
    for name in names:
        begun, fault = time.perf_counter(), None
        try:
            draw(known[name], folder / name)
        except Exception as error:  # the others are drawn all the same
            fault = f"{type(error).__name__}: {error}"
        outcome[name] = time.perf_counter() - begun, fault
    return outcome


def draw(picture, stem):
    """Draw one, and save it as files that begin with `stem`."""
    with tempfile.TemporaryDirectory() as sweeps:
        made = picture.draw(Path(sweeps))
    if picture.moves:
        figures.save_animation(made, stem.with_suffix(".gif"))
    else:
        for ending in ENDINGS:
            figures.save(made, stem.with_suffix(f".{ending}"))


def gallery(out, names=(), processes=1, force=False, say=print):
    """Draw the pictures named, all if none is, into the new folder `out`, with an index.html; returns its path.

    ValueError for a name that is none; `force` replaces what is in the folder. RuntimeError, once all that could be
    drawn is saved, if a picture could not; the page says why.
    """
    known = pictures()
    for name in names:
        if name not in known:
            raise ValueError(unknown("picture", name, known))
    check_folder(out, force)
    chosen = {name: each for name, each in known.items() if not names or name in names}
    faults = {}
    with new_folder(out, force) as partial:
        for outcome in done(tasks(chosen), partial, processes):
            for name, (seconds, fault) in outcome.items():
                say(f"{name:<26} {seconds:6.1f} s" + (f"  not drawn: {fault}" if fault else ""))
                faults |= {name: fault} if fault else {}
        about = {"pictures": {name: each.command for name, each in chosen.items()}, **provenance()}
        (partial / "about.json").write_text(json.dumps(plain(about), indent=2) + "\n", encoding="utf-8")
        (partial / "index.html").write_text(html(chosen, about["commit"], faults), encoding="utf-8")
    page = Path(out) / "index.html"
    if faults:
        raise RuntimeError(
            f"{len(faults)} of {len(chosen)} pictures could not be drawn ({', '.join(faults)}); see {page}"
        )
    return page


def done(groups, folder, processes):
    """Yield what `drawn` returns of each group as it is done."""
    if processes < 2:
        yield from (drawn(group, folder) for group in groups)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for each in as_completed([pool.submit(drawn, group, folder) for group in groups]):
            yield each.result()
