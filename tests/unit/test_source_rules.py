"""What the product's own source never does: make objects, code or commands of bytes that somebody
else may have written. That values do not get into SQL is held by ruff (S608), each exception to
which says what it puts in.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*ROOT.glob("pipeline/**/*.py"), *ROOT.glob("actors/**/*.py")])
# Each makes objects, or code, of bytes that somebody else may have written.
MODULES = {"pickle", "cPickle", "cloudpickle", "dill", "marshal", "shelve", "joblib"}
CALLS = {
    "eval", "exec", "compile", "yaml.load", "yaml.unsafe_load", "torch.load", "numpy.load",
    "np.load", "os.system", "os.popen",
}  # fmt: skip


def found_in(source: str) -> Iterator[str]:
    """Find what is forbidden; `re.compile` and the like are other names."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.split(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            yield str(node.module)
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in CALLS:
                yield name
            yield from (f"shell in {name}" for word in node.keywords if word.arg == "shell")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_unpickled_or_evaluated(path: Path) -> None:
    assert list(found_in(path.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle", "from marshal import loads", "eval(words)", "yaml.load(stream)",
        "run(words, shell=True)", "exec(words)", "from torch import nn; torch.load(path)",
    ],
)  # fmt: skip
def test_the_rules_find_what_they_forbid(source: str) -> None:
    assert list(found_in(source))
