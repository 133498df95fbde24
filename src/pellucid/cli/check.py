"""`pellucid check`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli.options import CodeFile, Json, Settings, Target, read_code_file, read_settings
from pellucid.documents import write_yaml
from pellucid.files import write_atomic

if TYPE_CHECKING:
    from pellucid.findings import Finding
    from pellucid.jobs import Offer
    from pellucid.training.forecast import Forecast
    from pellucid.training.session import Session


def check(
    source: Annotated[str, typer.Argument(help="A recipe, or anything that train takes.")],
    target: Target = None,
    settings: Settings = None,
    code: CodeFile = None,
    within: Annotated[
        float | None, typer.Option("--within", min=1, metavar="SECONDS", help="Time it may take; an hour if not given.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where the cheaper recipe goes, if one is needed.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what would be trained and what it would cost, without training."""
    from pellucid.recipe import recipe_of

    recipe, _ = recipe_of(source, target, read_settings(settings))
    from pellucid import jobs

    session, cost = jobs.check(recipe, code=read_code_file(code))
    assert cost is not None
    most, rate = within or jobs.WITHIN, jobs.largest_rate(session)
    finding = jobs.too_costly(cost, most)
    offer = jobs.cheaper(session, cost, most) if finding else None
    if offer is not None and output is not None:
        write_atomic(output, write_yaml(offer.recipe.dump()).encode())
    if as_json:
        said = {"largest_rate": rate, "cheaper": None if offer is None else offer.as_json()}
        typer.echo(json.dumps(_plain(session, cost, finding) | said))
        return
    _show(session, cost)
    if rate is not None:
        given = session.recipe.optimizer and session.recipe.optimizer.learning_rate
        high = f": {given:g} is too high" if given and given > rate else ""
        typer.echo(f"steps: a learning rate over {rate:.3g} runs away from here (2 / largest curvature){high}")
    if finding is not None:
        typer.echo(str(finding))
        typer.echo(_offered(offer, output))


def _offered(offer: Offer | None, output: Path | None) -> str:
    if offer is None:
        return "no change of the recipe makes it cheaper"
    changes = ", ".join(f"{path}: {before} -> {after}" for path, before, after in offer.changes)
    cost = f"{offer.forecast.seconds:.1f} s, {offer.forecast.memory / 2**20:,.0f} MiB"
    where = f"; it is in {output}" if output else ""
    return f"cheaper{'' if offer.fits else ', and still too costly'}: {changes}: {cost}{where}"


def _plain(session: Session, cost: Forecast, finding: Finding | None) -> dict[str, Any]:
    return {
        "forms": dict(session.state.network.forms),
        "layers": [layer._asdict() for layer in session.layers],
        "parameters": sum(layer.parameters for layer in session.layers),
        "recipe": session.recipe.dump(),
        "decisions": [decision.as_json() for decision in session.decisions],
        "findings": [one.as_json() for one in (*session.signature.findings, *([finding] if finding else []))],
        "rows": session.loaded.share,
        "counted": _noun(session),
        "forecast": {
            "seconds": cost.seconds,
            "memory": cost.memory,
            "steps": cost.steps,
            "step_seconds": cost.step_seconds,
        },
    }


def _show(session: Session, cost: Forecast) -> None:
    parts = ", ".join(f"{count:,} {part}" for part, count in session.loaded.share.items())
    noun, target = _noun(session), session.signature.target
    whole = "documents" if target is not None and target.kind == "next" else "rows"
    what = f"{session.signature.rows:,} {whole}; windows" if noun == "windows" else f"{session.signature.rows:,} {noun}"
    typer.echo(f"data: {what}: {parts}")
    for name in ("extent", "period"):
        if session.signature.kind == "series" and name in session.signature.notes:
            typer.echo(f"  {name}: {session.signature.notes[name]}")
    for finding in session.signature.findings:
        typer.echo(f"  {finding}")
    typer.echo("forms:")
    for name, form in session.state.network.forms:
        typer.echo(f"  {name:<8}{form}")
    typer.echo("layers:")
    names = max(len(layer.name) for layer in session.layers)
    for layer in session.layers:
        typer.echo(f"  {layer.name:<{names}}  {layer.layer:<14}{layer.output:>16}{layer.parameters:>14,}")
    typer.echo(f"  {sum(layer.parameters for layer in session.layers):,} parameters")
    typer.echo("planned:")
    for decision in session.decisions:
        typer.echo(f"  {decision.path} = {_text(decision.value)}\n      {decision.reason} [{decision.source}]")
    typer.echo(
        f"forecast: {cost.seconds:.1f} s for {cost.steps:,} steps ({1000 * cost.step_seconds:.2f} ms each) and "
        f"{cost.evaluations:,} evaluations; {cost.memory / 2**20:,.0f} MiB"
    )


def _noun(session: Session) -> str:
    """What the parts count: windows of what goes on, whole series, or rows."""
    signature = session.signature
    if signature.target is not None and signature.target.kind in ("future", "next"):
        return "windows"
    return "series" if signature.kind == "series" else "rows"


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
