"""A picture of the gallery: what it asks, what is to be seen, and how it is made again."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from scenarios.scenario import text

SEED = 1


@dataclass(frozen=True, kw_only=True)
class Call:
    """A scenario and arguments, from which both a run and the command that makes it are read."""

    scenario: Any
    arguments: dict = field(default_factory=dict)

    @property
    def command(self):
        """The command line that makes the same run."""
        words = [f"perpsim run {self.scenario.__name__}", f"--seed {self.arguments.get('seed', SEED)}"]
        for name, value in self.arguments.items():
            flag = f"--{name.replace('_', '-')}"
            if isinstance(value, bool):
                words.append(flag if value else f"--no-{flag[2:]}")
            elif name != "seed":
                word = value if isinstance(value, str) else text(value)
                words.append(
                    f"{flag} {word}" if word.replace(".", "").replace("_", "").isalnum() else f'{flag} "{word}"'
                )
        return " ".join(words)

    def run(self, **changed):
        """The run, or that of a twin with something changed; made once in a process."""
        return made(self, tuple(changed.items()))

    def __hash__(self):
        return hash(self.command)


@cache
def made(call, changed):
    """The run of a Call, kept."""
    return call.scenario(**{"seed": SEED} | call.arguments | dict(changed)).run()


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One picture.

    question: that it answers; see: what there is to be seen, one or two sentences; command: that makes its data again;
    seeds: of the runs, as text; panels: the functions of `analysis.figures` that it shows; draw: a function of a folder
    for sweeps that returns the matplotlib Figure, or an animation
    """

    question: str
    see: str
    command: str
    seeds: str
    panels: tuple
    draw: Callable
    moves: bool = False
