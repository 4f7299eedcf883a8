"""The notebook runs on the embedded default, and what is saved in it is from a real project."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from published_case import the_case

from pipeline.stores import migrating, postgres
from pipeline.stores.embedded import ServiceUrls
from pipeline.stores.project_deletion import delete_project

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "01_explore.ipynb"


@pytest.fixture
def demo(
    services: ServiceUrls, services_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Publish a small project `demo` where the embedded default looks for it."""
    monkeypatch.setenv("CASEGRAPH_HOME", str(services_home))
    migrating.migrate(services.database_url)
    engine = postgres.connect(services.database_url)
    the_case(engine, "demo")
    yield
    delete_project(engine, "demo")
    engine.dispose()


def outputs(notebook: Any) -> list[Any]:
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def test_the_notebook_runs(demo: None) -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for cell in notebook.cells:
        cell.pop("outputs", None)
        if cell.cell_type == "code":
            cell.outputs = []

    NotebookClient(notebook, timeout=120, kernel_name="python3").execute(cwd=str(NOTEBOOK.parent))

    shown = outputs(notebook)
    assert sum("image/png" in output.get("data", {}) for output in shown) == 2
    html = " ".join(output.get("data", {}).get("text/html", "") for output in shown)
    assert "John Smith" in html
    assert "<mark" in html


def test_outputs_are_saved_and_name_no_machine() -> None:
    saved = outputs(nbformat.read(NOTEBOOK, as_version=4))
    text = NOTEBOOK.read_text(encoding="utf-8")

    assert sum("image/png" in output.get("data", {}) for output in saved) == 2
    assert "<mark" in text
    assert not [output for output in saved if output.output_type == "error"]
    assert "/home/" not in text
    assert "file:///" not in text
