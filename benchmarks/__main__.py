"""`python -m benchmarks [PART ...] [--json PATH] [--figure PATH]`: one table, in one run on one machine."""

import argparse
import sys

from benchmarks import figure, timing

PARTS = {
    "bare": "a plain order book without accounts, to which the others are compared",
    "book": "our order book with every fill settled",
    "market": "the five crowds and everything else, and where the time goes",
    "sleepers": "the same beside a million accounts that never wake",
    "memory": "bytes an account",
    "start": "compilation, later starts, --help",
    "takeover": "half of 200,000 accounts taken over at one mark",
    "peers": "PAMS, bourse, Mesa and a plain Python book doing the same work",
    "scaling": "cost by accounts, order flow, steps, range of prices, size of a cascade",
    "model": "what an order, a fill, a wake, a liquidation and a step cost, beside what each must cost",
    "sweep": "scaling of a sweep, and ten thousand short runs: about ten minutes",
}


def main():
    """Run the parts asked for, all by default, and print their lines as they come."""
    known = "\n".join(f"  {name:<10}{what}" for name, what in PARTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=f"What it costs. Parts:\n{known}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("parts", nargs="*", metavar="PART", help="those to run; all by default")
    parser.add_argument("--json", metavar="PATH", help="write the table there too, with date, machine and versions")
    parser.add_argument("--figure", metavar="PATH", help="draw peers and scaling there")
    asked = parser.parse_args()
    wrong = [part for part in asked.parts if part not in PARTS]
    if wrong:
        parser.error(f"a part must be one of {', '.join(PARTS)} (got {wrong[0]!r})")
    origin = timing.about()
    lines, extra = run(set(asked.parts or PARTS))
    if asked.json:
        timing.write(asked.json, lines, extra, origin)
        print(f"\nwritten to {asked.json}")
    if asked.figure:
        figure.draw(asked.figure, lines)
        print(f"drawn in {asked.figure}")
    return 0


def run(wanted):
    """(lines, what else the JSON is to hold) of those parts; the bare book is always timed first, for comparison."""
    from benchmarks import bare, book, memory, model, peers, scaling, start, sweeps, takeover, whole

    print(timing.HEADER)
    lines, profile, costs = [], {}, {}
    bare_ns, found = bare.measure()
    lines += said(found)
    if "book" in wanted:
        lines += said(book.measure(bare_ns))
    if "market" in wanted:
        found, profile = whole.measure(bare_ns)
        lines += said(found)
    if "sleepers" in wanted:
        without = next((1e-6 * line.value for line in lines if line.part == "market" and line.unit == "us"), None)
        lines += said(whole.measure_sleepers(without))
    if "memory" in wanted:
        lines += said(memory.measure())
    if "start" in wanted:
        lines += said(start.measure())
    if "takeover" in wanted:
        lines += said(takeover.measure())
    if "peers" in wanted:
        lines += said(peers.measure())
    if "scaling" in wanted:
        lines += said(scaling.measure())
    if "model" in wanted:
        found, costs = model.measure(bare_ns)
        lines += said(found)
    if "sweep" in wanted:
        lines += said(sweeps.measure())
    if profile:
        show(profile)
    return lines, {"profile_us_a_step": profile, "cost_model": costs}


def said(lines):
    """Print `lines` as they come and return them."""
    printed = []
    for line in lines:
        print(line, flush=True)
        printed.append(line)
    return printed


def show(profile):
    """Print where the time of a step goes, largest first."""
    total = sum(profile.values())
    print("\nwhere a step of the market goes")
    for part, us in sorted(profile.items(), key=lambda entry: -entry[1]):
        print(f"  {part:<32}{us:>8.1f} us {100 * us / total:>5.0f} %")
    print(f"  {'together':<32}{total:>8.1f} us")


if __name__ == "__main__":
    sys.exit(main())
