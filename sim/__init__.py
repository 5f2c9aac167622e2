"""The exchange: what is true whoever trades on it. Start reading at `sim.market`."""

from importlib.util import find_spec
from pathlib import Path

ROOMS = ("sim", "agents", "scenarios", "analysis")


def check_rooms(root):
    """Raise ImportError if one of the four packages would be imported from elsewhere than folder `root`.

    Other projects ship packages called `agents` too, and an editable install comes last on the path.
    """
    for name in ROOMS:
        spec = find_spec(name)
        places = list(spec.submodule_search_locations or [spec.origin]) if spec else []
        if root / name not in [Path(place).resolve() for place in places]:
            found = f"{places[0]} shadows it" if places else "no such package was found"
            raise ImportError(
                f"the package {name!r} must be perpsim's own, in {root} (got: {found}); "
                f"install perpsim into a virtual environment of its own"
            )


check_rooms(Path(__file__).resolve().parent.parent)
