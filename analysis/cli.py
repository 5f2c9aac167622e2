"""The command line. Everything heavy is imported inside the commands, so that `--help` answers at once."""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import click


def main(arguments=None):
    """Run one command and leave with its exit status; whatever was wrong is said in one sentence."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    try:
        check_home()
        sys.exit(perpsim.main(arguments, prog_name="perpsim", standalone_mode=False) or 0)
    except click.ClickException as error:
        click.echo(f"perpsim: {said(error)}", err=True)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("perpsim: interrupted; nothing was saved", err=True)
        sys.exit(130)
    except MemoryError as error:
        reason = str(error).partition(" for an array")[0]
        click.echo(f"perpsim: not enough memory ({reason}); ask for fewer accounts or a shorter run", err=True)
        sys.exit(1)
    except (ValueError, TypeError, KeyError, OSError, ImportError) as error:
        if "--traceback" in arguments:
            raise
        click.echo(f"perpsim: {error.args[0] if isinstance(error, KeyError) else error}", err=True)
        sys.exit(1)


def said(error):
    """Return the sentence of a click error; a mistyped option is answered with the nearest one."""
    if not isinstance(error, click.NoSuchOption):
        return error.format_message()
    from sim.spelling import unknown

    options = error.ctx.command.get_params(error.ctx)
    known = [word for each in options for word in each.opts + each.secondary_opts if word.startswith("--")]
    return unknown("option", error.option_name, known)


def check_home():
    """Raise ImportError if another project's package stands in the place of one of ours."""
    home = Path(__file__).resolve().parent.parent
    spec = find_spec("sim")
    if spec is None or spec.origin is None or Path(spec.origin).resolve().parent.parent != home:
        found = f"{spec.origin} shadows it" if spec else "no such package was found"
        raise ImportError(f"the package 'sim' must be perpsim's own, in {home} (got: {found}); move it away")
    import sim  # noqa: F401  (checks the others)


@click.group(invoke_without_command=True)
@click.version_option(package_name="perpsim", prog_name="perpsim")
@click.option("--traceback", is_flag=True, help="Show where an error comes from, instead of one sentence.")
@click.pass_context
def perpsim(ctx, traceback):
    """A laboratory for perpetual contracts: what if?"""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@perpsim.command()
@click.option("--names", is_flag=True, help="Only the names, one a line.")
def scenarios(names):
    """List the scenarios, each with its question."""
    from analysis.lookup import shipped
    from scenarios.scenario import question

    known = shipped()
    width = max(map(len, known), default=0)
    for name, each in known.items():
        click.echo(name if names else f"{name:<{width}}  {question(each)}")


class Runs(click.Group):
    """One subcommand for each scenario, made when it is named: its options are the scenario's keywords."""

    def list_commands(self, ctx):
        """Return the names of the shipped scenarios."""
        from analysis.lookup import shipped

        return list(shipped())

    def get_command(self, ctx, name):
        """Return the command that runs the scenario, or repeats the run, that `name` stands for."""
        from analysis import job

        return job.repeat_command(Path(name)) if name.endswith(".json") else job.command(name)

    def parse_args(self, ctx, args):
        """Refuse an option in front of the scenario: it is the scenario that says which options there are."""
        if args and args[0].startswith("-") and args[0] != "--help":
            raise click.UsageError(f"a scenario must stand before its options (got {args[0]} first)")
        return super().parse_args(ctx, args)


@perpsim.command(cls=Runs, subcommand_metavar="SCENARIO [OPTIONS]", invoke_without_command=True)
@click.pass_context
def run(ctx):
    """Run a scenario and save what came of it.

    SCENARIO is a name that `perpsim scenarios` lists, my_file.py:my_scenario, or the about.json of a
    past run, which is repeated exactly. `perpsim run SCENARIO --help` shows the scenario's options.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


class Sweeps(Runs):
    """One subcommand for each scenario, whose options are its keywords as axes."""

    def get_command(self, ctx, name):
        """Return the command that sweeps over the scenario called `name`."""
        from analysis.sweep.command import command

        return command(name)


@perpsim.command(cls=Sweeps, subcommand_metavar="SCENARIO --seeds SEEDS [OPTIONS]", invoke_without_command=True)
@click.pass_context
def sweep(ctx):
    """Run a scenario at many points with many seeds.

    Rows are saved as they come; the same command goes on where it was stopped. SCENARIO is a name or
    my_file.py:my_scenario. `perpsim sweep SCENARIO --help` shows the axes.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@perpsim.command()
@click.option("--json", "file", type=click.Path(dir_okay=False), help="Write every row and the counts as JSON.")
@click.option("--examples", type=click.Path(), help="Another table of published numbers; docs/published.md says how.")
@click.option("--venue", help="Only the rows of this venue.")
@click.option("--topic", help="Only the rows of this topic.")
@click.option("--papers", is_flag=True, help="Results of papers instead, made again by simulation: some minutes.")
@click.option("--theory", is_flag=True, help="Closed forms and estimators beside the numbers of their papers.")
@click.argument("names", nargs=-1, metavar="[PAPER]...")
def check(file, examples, venue, topic, papers, theory, names):
    """Compute published numbers again, and say which come out.

    A row is `pass` within its tolerance, `disagrees` where the published number contradicts its own source and the
    table says why, else `missed`. The exit status is 1 if a row is missed for no recorded reason.
    """
    if papers or theory or names:
        from analysis.papers.command import check as check_papers

        return 0 if check_papers(names, papers, theory, say=click.echo) else 1
    from analysis import check, published

    rows = check.only(published.read(examples or published.TABLE), venue, topic)
    results = check.check(rows)
    click.echo(check.report(results, shutil.get_terminal_size((160, 24)).columns))
    if file:
        check.write(results, file)
    return 0 if all(each.good for each in results) else 1


@perpsim.command()
@click.argument("names", nargs=-1, metavar="[VENUE]...")
@click.option("--width", type=click.IntRange(min=40), help="Characters a line.  [default: the terminal's]")
def venues(names, width):
    """Print the rules of venues side by side: of all, or of those named.

    Rates are fractions; amounts are in the settlement coin of the contract unless a name says otherwise.
    """
    from analysis.venue_table import chosen, table

    click.echo(table(chosen(names), width or shutil.get_terminal_size((120, 24)).columns))


@perpsim.command()
@click.argument("names", nargs=-1, metavar="[VENUE]...")
@click.option("--scenario", default="venue_comparison", show_default=True, help="A scenario, or FILE:SCENARIO.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of everything drawn.")
@click.option("--hours", type=float, help="Length of the runs.  [default: the scenario's]")
@click.option("--processes", type=click.IntRange(min=1), default=1, show_default=True, help="Runs at a time.")
@click.option("--out", type=click.Path(file_okay=False), help="A new folder for the table and the picture.")
@click.option("--force", is_flag=True, help="Replace what is in that folder.")
def compare(names, scenario, seed, hours, processes, out, force):
    """Run a scenario with the same seed on several venues, and print what each made of it.

    VENUE is a preset that `perpsim venues` prints; all twelve real ones if none is named.
    """
    from analysis import compare
    from sim.folders import check_folder, new_folder

    folder = Path(out or f"runs/compare-{scenario.rpartition(':')[2]}-{seed}")
    check_folder(folder, force)
    arguments = {"seed": seed} | ({"hours": hours} if hours else {})
    rows, finished = [], True
    try:
        for row in compare.compared(scenario, names, processes, **arguments):
            rows.append(row)
    except KeyboardInterrupt:
        if not rows:
            raise
        finished = False
    click.echo(compare.lines(rows))
    with new_folder(folder, force) as partial:
        compare.save(rows, partial, scenario=scenario, **arguments)
    click.echo(f"\nSaved in {folder}; look at {folder / 'comparison.png'}")
    if not finished:
        click.echo(f"perpsim: interrupted; the venues that were done are saved in {folder}", err=True)
        return 130
    return 0


@perpsim.command()
@click.option("--out", type=click.Path(file_okay=False), default="runs/march", show_default=True, help="A folder.")
@click.option("--seeds", type=int, default=64, show_default=True, help="Of the centre, and draws; twins have fewer.")
@click.option("--processes", type=click.IntRange(min=0), help="Runs at a time.  [default: one for each core]")
@click.option("--doc", type=click.Path(dir_okay=False), help="Where the page goes.  [default: into the folder]")
def march(out, seeds, processes, doc):
    """Study 12 and 13 March 2020: outcomes over seeds and assumptions beside what happened, and what-ifs.

    Writes tables, pictures and a page. Stopped and started again it goes on where it was.
    """
    from analysis.march_command import march

    try:
        page = march(out, seeds=seeds, processes=processes, doc=doc, say=click.echo)
    except KeyboardInterrupt:
        click.echo("perpsim: interrupted; what was done is saved: the same command goes on from there", err=True)
        return 130
    click.echo(f"Tables are in {out}; look at {page}")


@perpsim.command()
@click.argument("path", type=click.Path(exists=True, file_okay=False))
def report(path):
    """Write PATH/report.html: what a run, a twin, a comparison or a sweep came to.

    One file with its pictures inside: it opens offline, and on a phone.
    """
    from analysis.report.command import report

    click.echo(f"Look at {report(path)}")


@perpsim.command()
@click.argument("names", nargs=-1, metavar="[SCENARIO]...")
@click.option("--seeds", help="FROM:TO, or a list.  [default: 3000:3016]")
@click.option("--processes", type=click.IntRange(min=1), help="Runs at a time.  [default: one a core]")
@click.option("--out", type=click.Path(file_okay=False), default="runs/claims", show_default=True, help="A folder.")
@click.option("--doc", type=click.Path(dir_okay=False), help="Where the page goes too.")
def claims(names, seeds, processes, out, doc):
    """Test what the scenarios say to expect, over seeds that were not used while it was written.

    Of all scenarios, or of those named. The exit status is 1 if a claim does not hold. Runs are saved as they come.
    """
    from analysis.claims.command import SEEDS, claims, table
    from analysis.sweep.spelled import seeds as spelled

    try:
        verdicts = claims(names, out, spelled(seeds) if seeds else SEEDS, processes, say=click.echo)
    except KeyboardInterrupt:
        click.echo("perpsim: interrupted; what was done is saved: the same command goes on from there", err=True)
        return 130
    click.echo("\n" + table(verdicts))
    if doc:
        shutil.copy(Path(out) / "claims.md", doc)
    return 0 if all(each.verdict == "holds" for each in verdicts) else 1


@perpsim.command()
@click.option("--data", type=click.Path(file_okay=False), help="Folder of the record.  [default: its table kept here]")
@click.option("--held-back", help="Months to hold the runs against, as 2019-12,2020-02; needs --data.")
@click.option(
    "--fit", is_flag=True, help="Fit anew first: a quarter of an hour on two cores; it goes on where it was stopped."
)
@click.option("--defaults", is_flag=True, help="Judge the defaults of calm instead of its calibrated arguments.")
@click.option("--seeds", help="FROM:TO, or a list.  [default: 7000:7032]")
@click.option("--processes", type=click.IntRange(min=1), help="Runs at a time.  [default: one a core]")
@click.option("--out", type=click.Path(file_okay=False), default="runs/calibrate", show_default=True, help="A folder.")
@click.option("--doc", type=click.Path(dir_okay=False), help="Where the page goes.")
def calibrate(data, held_back, fit, defaults, seeds, processes, out, doc):
    """Hold `calm` against recorded days: moments beside their targets, bands, and a joint test that can say no.

    The exit status is 1 if the joint test rejects or a band is not met.
    """
    from analysis.calibration.command import SEEDS, calibrate
    from analysis.calibration.table import lines
    from analysis.sweep.spelled import seeds as spelled

    chosen = spelled(seeds) if seeds else SEEDS
    given = {"data": data, "held_back": held_back.split(",") if held_back else None, "fit": fit, "defaults": defaults}
    try:
        result = calibrate(out, seeds=chosen, processes=processes, doc=doc, say=click.echo, **given)
    except KeyboardInterrupt:
        if not fit:
            raise
        click.echo("perpsim: interrupted; what was done is saved: the same command goes on from there", err=True)
        return 130
    click.echo("\n" + lines(result) + f"\n\nSaved in {out}")
    return 0 if result.good else 1


@perpsim.command()
@click.argument("name", required=False)
@click.option("--seeds", help="FROM:TO, or a list.  [default: the study's]")
@click.option("--processes", type=click.IntRange(min=0), help="Runs at a time.  [default: one a core]")
@click.option("--out", type=click.Path(file_okay=False), help="The folder.  [default: runs/study-NAME]")
def study(name, seeds, processes, out):
    """Answer a question with a sweep that is written down, and draw its figure.

    NAME is a study; without it they are listed with their questions. Runs are saved as they come: the same
    command goes on where it was stopped, and with more seeds it adds to what is there.
    """
    from analysis.studies.study import run, shipped
    from analysis.sweep.spelled import seeds as spelled
    from sim.spelling import unknown

    known = shipped()
    if name is None:
        width = max(map(len, known))
        for each, asked in known.items():
            click.echo(f"{each:<{width}}  {asked.question}")
        return 0
    if name not in known:
        raise ValueError(unknown("study", name, known))
    folder = Path(out or f"runs/study-{name}")
    try:
        answer = run(known[name], folder, spelled(seeds) if seeds else None, processes)
    except KeyboardInterrupt:
        click.echo("perpsim: interrupted; what was done is saved: the same command goes on from there", err=True)
        return 130
    click.echo(answer.text())
    click.echo(f"Saved in {folder}; look at {folder / 'figure.png'}")
    return 0


@perpsim.command()
@click.argument("names", nargs=-1, metavar="[PICTURE]...")
@click.option("--out", type=click.Path(file_okay=False), default="runs/gallery", show_default=True, help="A folder.")
@click.option("--processes", type=click.IntRange(min=1), help="Pictures at a time.  [default: one a core]")
@click.option("--force", is_flag=True, help="Replace what is in that folder.")
def gallery(names, out, processes, force):
    """Draw every figure from runs made for it, and a page that shows them with their questions.

    All of them, or the pictures named: as SVG, PDF and PNG. Minutes.
    """
    from analysis.gallery.command import gallery
    from analysis.sweep.front import cores

    try:
        page = gallery(out, names, processes or cores(), force, say=click.echo)
    except RuntimeError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Look at {page}")


if __name__ == "__main__":
    main()
