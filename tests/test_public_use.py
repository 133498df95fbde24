"""The package as a person uses it from Python: the README's block, own modules, events."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import polars
import pytest
import torch
from torch import nn

import pellucid
from pellucid import jobs

torch.set_num_threads(1)

README = Path(__file__).parents[1] / "README.md"


@pytest.fixture
def churn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with churn.csv and new.csv, to work in."""
    draw = random.Random(0)
    lines = [
        "age,plan,spent,left",
        *(f"{draw.randint(18, 80)},{draw.choice('abc')},{draw.random()}," for _ in range(90)),
    ]
    lines[1:] = [line + ("yes" if int(line[:2]) + draw.gauss(0, 5) > 50 else "no") for line in lines[1:]]
    (tmp_path / "churn.csv").write_text("\n".join(lines))
    (tmp_path / "new.csv").write_text("\n".join(line.rpartition(",")[0] for line in lines[:11]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def recipe(**changes: Any) -> pellucid.Recipe:
    parts = {"model": pellucid.MLP(widths=(8,)), "method": pellucid.Supervised(epochs=2), "threads": 1}
    return pellucid.Recipe(**{"data": pellucid.Table(path="churn.csv", target="left"), **parts, **changes})


class Net(nn.Module):
    """Asks for the width of its input."""

    def __init__(self, width: int, units: int = 6) -> None:
        super().__init__()
        self.linear = nn.Linear(width, units)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(x).tanh()


def test_the_block_of_the_readme(churn: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # its words, with fewer epochs
    run = pellucid.train(recipe(model=pellucid.MLP(widths=(128, 64))))
    assert run.folder == Path("runs/churn-0001") and run.report is not None and run.report.exists()
    assert run.metrics.keys() == {"train", "valid", "test"} and 0 <= run.metrics["test"]["accuracy"] <= 1
    predictions = pellucid.load(run.folder).predict("new.csv")
    assert len(predictions) == 10 and set(predictions["prediction"]) <= {"yes", "no"}
    assert predictions.rows()[3]["prediction"] == predictions["prediction"][3]
    assert predictions.to_polars().columns == ["prediction", "probability_no", "probability_yes"]
    assert predictions.to_pandas().shape == (10, 3)
    assert run.predict("new.csv").columns == predictions.columns
    assert all(finding.severity in ("info", "warning", "error") for finding in run.findings)
    said = capsys.readouterr()
    assert said.out == ""


def test_the_readme_names_things_that_are_there() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    compile(block, "README.md", "exec")
    assert set(re.findall(r"pellucid\.([A-Za-z]+)\(", block)) <= set(pellucid.__all__)


def test_events_can_be_watched_and_left(churn: Path) -> None:
    names = [type(event).__name__ for event in pellucid.steps(recipe())]
    assert names.count("Evaluated") == 2 and names[0] == "Built" and names[-1] == "Tested" and "Stopped" in names
    for count, _ in enumerate(pellucid.steps(recipe())):
        if count == 3:
            break
    assert sorted(path.name for path in churn.iterdir()) == ["churn.csv", "new.csv"]


def test_findings_are_values(churn: Path) -> None:
    frame = polars.read_csv("churn.csv").with_columns(copy=polars.col("left"))
    run = pellucid.train(recipe(data=pellucid.Table(target="left")), rows=frame, run="leaky", report=False)
    (finding,) = [finding for finding in run.findings if "copy" in str(finding)]
    assert finding.severity != "info" and finding.as_json()["check"] == finding.check


def test_a_module_of_ones_own(churn: Path) -> None:
    own = recipe(model=pellucid.Foreign(module=Net, arguments={"units": 5}))
    run = pellucid.train(own, run="own", report=False)
    assert run.recipe.dump()["model"] == {
        "kind": "foreign", "name": "Net", "arguments": {"units": 5}, "input": "vector",
    }  # fmt: skip
    code = pellucid.Code({"Net": Net})
    assert pellucid.load("own", code).predict("new.csv").columns == run.predict("new.csv").columns
    with pytest.raises(pellucid.PellucidError, match='no code gives "Net"'):
        pellucid.load("own")


def test_code_by_name(churn: Path) -> None:
    named = recipe(model=pellucid.Foreign(name="Net"))
    run = pellucid.train(named, code=pellucid.Code({"Net": Net}), run="named", report=False)
    assert run.metrics["test"]["loss"] > 0
    with pytest.raises(pellucid.PellucidError, match="the code defines no 'Net'") as caught:
        pellucid.train(named, code=pellucid.Code({"Nets": Net}), run="other", report=False)
    assert caught.value.hint == "did you mean 'Nets'?" and not Path("other").exists()


def test_a_check_trains_nothing(churn: Path) -> None:
    session, cost = pellucid.check(recipe())
    assert cost is not None and cost.steps == session.steps and session.state.step == 0
    assert sorted(path.name for path in churn.iterdir()) == ["churn.csv", "new.csv"]


def test_a_report_is_made_later(churn: Path) -> None:
    run = pellucid.train(recipe(), run="later", report=False)
    assert run.report is None and jobs.report("later") == Path("later/report.html")


def test_a_run_goes_on_to_more_epochs(churn: Path) -> None:
    pellucid.train(recipe(), run="later", report=False)
    longer = pellucid.resume("later", epochs=3, report=False)
    assert longer.recipe.method is not None and longer.recipe.method.dump()["epochs"] == 3
