"""The answer to a name that does not exist: the nearest one that does."""

from difflib import get_close_matches


def unknown(kind, name, known):
    """Return one sentence that says `name` is no `kind` and names the nearest of `known`, else them all."""
    known = [str(each) for each in known]
    folded = {each.casefold(): each for each in known}
    near = get_close_matches(str(name).casefold(), folded, n=1, cutoff=0.5)
    if near:
        return f"unknown {kind} {str(name)!r}; did you mean {folded[near[0]]!r}?"
    return f"unknown {kind} {str(name)!r}; known are: {', '.join(sorted(known)) or 'none'}"
