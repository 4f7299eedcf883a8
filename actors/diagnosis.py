"""What `doctor` looks at: each check is one finding, in words that one can act on.

Nothing here starts a service or leaves anything behind, and no check raises: what a check cannot
do is what it reports.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from pipeline.documents import Value
from pipeline.errors import CasegraphError
from pipeline.settings import Settings

OLDEST_PYTHON = (3, 11)
PROBE_SECONDS = 30
IMPORT_SECONDS = 120
MODELS_SHOWN = 5


class State(StrEnum):
    """How a finding is: `warn` works with less, `fail` does not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(Value):
    """One line of `doctor`: what was looked at, how it is, what was seen, and what to do."""

    check: str
    state: State
    seen: str
    advice: str = ""


Checks = Sequence[tuple[str, Callable[[Settings], Finding]]]


def ok(check: str, seen: str) -> Finding:
    """Make a finding that all is well."""
    return Finding(check=check, state=State.OK, seen=seen)


def warn(check: str, seen: str, advice: str) -> Finding:
    """Make a finding that something works with less."""
    return Finding(check=check, state=State.WARN, seen=seen, advice=advice)


def fail(check: str, seen: str, advice: str) -> Finding:
    """Make a finding that something does not work."""
    return Finding(check=check, state=State.FAIL, seen=seen, advice=advice)


def diagnose(settings: Settings) -> Iterator[Finding]:
    """Look at everything, in the order in which one would repair it."""
    from actors import service_diagnosis

    checks: Checks = (
        ("python", python),
        ("packages", packages),
        ("native libraries", native_libraries),
        ("spaCy model", spacy_model),
        ("embedding model", embedding_model),
        ("language model", language_model),
        ("tessdata", tessdata),
        ("parser isolation", isolation),
        *service_diagnosis.CHECKS,
    )
    return findings(checks, settings)


def findings(checks: Checks, settings: Settings) -> Iterator[Finding]:
    """Make each check; what it raises is its finding."""
    for name, check in checks:
        try:
            yield check(settings)
        except CasegraphError as error:
            seen, _, advice = str(error).partition("; ")
            yield fail(name, seen, advice)


def python(_: Settings) -> Finding:
    """Look at the version of Python."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        return fail("python", version, "install Python 3.11 or later and make the .venv anew")
    return ok("python", f"{version} in {sys.prefix}")


def packages(_: Settings) -> Finding:
    """Compare the installed packages with what casegraph requires."""
    from packaging.requirements import Requirement

    try:
        required = [Requirement(text) for text in metadata.requires("casegraph") or ()]
    except metadata.PackageNotFoundError:
        return fail("packages", "casegraph itself is not installed", "pip install -e .")
    needed = [item for item in required if not item.marker or item.marker.evaluate()]
    wrong = []
    for item in needed:
        try:
            version = metadata.version(item.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{item.name} is missing")
            continue
        if not item.specifier.contains(version, prereleases=True):
            wrong.append(f"{item.name} is {version}, not {item.specifier}")
    if wrong:
        return fail("packages", ", ".join(wrong), "pip install -c constraints.txt -e .")
    return ok("packages", f"{len(needed)} required, all there in versions that fit")


NATIVE = (
    "numpy", "psycopg2", "lxml.etree", "pypdfium2", "PIL.Image", "tesserocr", "zstandard",
    "spacy", "torch", "ray",
)  # fmt: skip
IMPORT_EACH = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
    print(name, flush=True)
"""


def native_libraries(_: Settings, names: Sequence[str] = NATIVE) -> Finding:
    """Import what is compiled, in another process, so that a crash is a finding."""
    wrong = []
    left = list(names)
    while left:
        loaded, said = _import_each(left)
        left = left[loaded:]
        if left:
            wrong.append(f"{left.pop(0)}: {said}")
    if wrong:
        return fail("native libraries", ", ".join(wrong), "reinstall them for this platform")
    return ok("native libraries", f"{', '.join(names)} load")


def _import_each(names: Sequence[str]) -> tuple[int, str]:
    """Import modules in order; return how many loaded, and what the next one said."""
    try:
        child = subprocess.run(
            [sys.executable, "-c", IMPORT_EACH, *names],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=IMPORT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        done = error.stdout or b""
        return len(done.split()), f"did not load within {IMPORT_SECONDS} s"
    said = child.stderr.strip().splitlines() or [f"ended its process ({child.returncode})"]
    return len(child.stdout.split()), said[-1]


def spacy_model(settings: Settings) -> Finding:
    """Look for the model that finds names, or that parses sentences where others find them."""
    by = settings.extract
    return _model("spaCy model", by.model if by.extractor == "spacy" else by.parser)


def embedding_model(settings: Settings) -> Finding:
    """Look for the model that embeds, and for its weights."""
    name = settings.embedding_model
    found = _model("embedding model", name)
    spec = find_spec(name) if found.state is State.OK else None
    if spec and spec.origin and not list(Path(spec.origin).parent.rglob("*.safetensors")):
        return fail("embedding model", f"{name} holds no weights", f"reinstall {name}")
    return found


def language_model(settings: Settings) -> Finding:
    """See whether the language model is served, where one is named or a stage asks one. Nothing is
    asked of it.
    """
    from pipeline import assembly
    from pipeline.engines.chat_client import served_models

    llm = settings.llm
    if not llm.model:
        if not assembly.waits(settings):
            return ok("language model", "none is named, and none is asked")
        return fail("language model", "none is named", "set CASEGRAPH_LLM__MODEL")
    served = served_models(llm)
    if served is None:
        return ok("language model", f"{llm.base_url} answers, and does not say what it serves")
    if llm.model not in served:
        listed = ", ".join(served[:MODELS_SHOWN]) or "none"
        return warn(
            "language model",
            f"{llm.base_url} does not list {llm.model}, but {listed}",
            "correct CASEGRAPH_LLM__MODEL, unless the endpoint takes other names too",
        )
    return ok("language model", f"{llm.model} at {llm.base_url}")


def _model(check: str, package: str) -> Finding:
    try:
        there = find_spec(package) is not None
    except (ImportError, ValueError):
        there = False
    if not there:
        return fail(check, f"{package} is not installed", f"pip install {package}")
    try:
        return ok(check, f"{package} {metadata.version(package)}")
    except metadata.PackageNotFoundError:
        return ok(check, package)


def tessdata(settings: Settings) -> Finding:
    """Look for the data that OCR reads, for each language that is set."""
    set_by_user = os.environ.get("TESSDATA_PREFIX")
    folder = Path(set_by_user) if set_by_user else Path(sys.prefix) / "share" / "tessdata"
    languages = settings.ocr.language.split("+")
    missing = [name for name in languages if not (folder / f"{name}.traineddata").is_file()]
    if missing:
        wanted = " ".join(f"tessdata.fast-{name}" for name in missing)
        seen = f"{folder} has none for {', '.join(missing)}"
        return fail("tessdata", seen, f"pip install {wanted}")
    return ok("tessdata", f"{', '.join(languages)} in {folder}")


def isolation(settings: Settings) -> Finding:
    """See what a file could do that takes the parser's child over, by trying it in such a child."""
    from pipeline.engines.sandbox_probe import probe

    found = probe(settings.limits)
    if found.missing:
        return fail(
            "parser isolation",
            f"libraries do not load in the parser's child: {', '.join(found.missing)}",
            "install them below the same Python, or raise limits.parse_memory_bytes",
        )
    if found.doors:
        return warn(
            "parser isolation",
            f"a file that takes the parser over could {', '.join(found.doors)}",
            "allow Landlock, seccomp and user namespaces (docs/security.md says which is for what),"
            " or run casegraph where strangers' files can do no harm",
        )
    return ok(
        "parser isolation",
        "tried: the parser reads, writes, connects to, starts and signals nothing but its own",
    )
