"""The commands of the laboratory: `discern study` and `discern demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from concepts.cli.groups import app
from concepts.cli.output import dump, progress, say
from concepts.cli.parameters import Json, opened

KEPT = "What was worked out until here is kept."


@app.command("study")
def study(
    data: Annotated[Path, typer.Option(help="A folder with labels.csv, whose column path names pictures.")],
    concepts: Annotated[Path, typer.Option(help="A TOML file, one table a concept: description and when.")],
    out: Annotated[
        Path, typer.Option(help="A folder for what is found. Run it again to go on after a stop.")
    ],
    methods: Annotated[
        str, typer.Option(help="What to compare, separated by commas; names joined by + are used together.")
    ] = "default,no_wall,random,margin,by_head",
    budgets: Annotated[
        str, typer.Option(help="Labels in all after which to measure.")
    ] = "5,10,20,50,100,200",
    seeds: Annotated[
        int, typer.Option(min=1, help="Random divisions into pictures to ask and to measure.")
    ] = 5,
    encoders: Annotated[
        str, typer.Option(help="As for library add; several, separated by commas, are compared.")
    ] = "embedded",
    start_positives: Annotated[int, typer.Option(min=0, help="Pictures that count, given at the start.")] = 0,
    noise: Annotated[
        str, typer.Option(help="Share of labels the person gets wrong, or two: of yes, and of no.")
    ] = "0",
    as_json: Json = False,
) -> None:
    """Measure how good classifiers get with so many labels. Simulated people label from labels.csv."""
    # scikit-learn, pyarrow and all ways to learn: seconds that no other command waits for
    from study.encoder_costs import as_lines
    from study.report import as_table, write_results
    from study.study import Study, run_study

    try:
        numbers = tuple(sorted({int(part) for part in budgets.split(",")}))
    except ValueError:
        numbers = (-1,)
    if numbers[0] < 0:
        raise typer.BadParameter("Budgets are whole numbers, separated by commas.")
    wanted = Study(
        data=data.absolute(),
        concepts=concepts.absolute(),
        out=out.absolute(),
        methods=tuple(name.strip() for name in methods.split(",") if name.strip()),
        budgets=numbers,
        seeds=seeds,
        encoders=tuple(dict.fromkeys(one.strip() for one in encoders.split(",") if one.strip())),
        start_positives=start_positives,
        noise=_noise(noise),
    )
    with progress("Studying", KEPT) as listener:
        found = run_study(wanted, listener)
    files = write_results(wanted, found)

    if as_json:
        dump({"rows": len(found.rows), "files": [str(file) for file in files]})
        return
    say("Simulated people. Mean average precision over the seeds after so many labels in all:")
    for line in as_table([row for row in found.rows if row.method in wanted.compared]):
        say(line)
    for line in as_lines(found.costs) if found.costs else ():
        say(line)
    for file in files:
        say(str(file))


@app.command("demo")
def demo(
    pictures: Annotated[
        Path | None, typer.Option(help="The sample pictures' folder; without it, they are fetched.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the exported classifier goes.")] = Path("dist/demo"),
    as_json: Json = False,
) -> None:
    """The whole job on the sample pictures, with simulated labels from the folders they are in."""
    from study.demo import run_demo  # brings the whole app

    result = run_demo(opened(), pictures=pictures, out=out, say=(lambda _: None) if as_json else say)
    if as_json:
        dump(result)


def _noise(text: str) -> tuple[float, float]:
    """Shares of what counts that is overlooked, and of what doesn't that is called yes."""
    try:
        shares = [float(part) for part in text.split(",")]
    except ValueError:
        shares = []
    if len(shares) not in (1, 2) or not all(0 <= share <= 0.5 for share in shares):
        raise typer.BadParameter("Noise is a share from 0 to 0.5, or two with a comma: 0.05, or 0.1,0.01.")
    return shares[0], shares[-1]
