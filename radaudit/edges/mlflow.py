"""The MLflow mirror of the record: searchable and comparable, never the record itself, and never in its way.

One run per stage, with the digests of our ledger as tags; metrics in one batch, folds as steps; inputs under our own digests (MLflow's
sees 10,000 rows and no booleans); the signature as a registered model version that is a file of numbers: no pickle, no autologging. Runs
carry neither the login nor the path of this machine. Whatever MLflow cannot do becomes a finding (LEDGER-050), never an exception.
"""

from __future__ import annotations

import logging
import math
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from radaudit.codes import answer
from radaudit.digests import canonical
from radaudit.edges.mlflow_store import ARTIFACTS, Store, make_relative, relative_place, store
from radaudit.findings import Finding, Verdict

DIGEST_LENGTH = 36  # the longest digest MLflow keeps; the whole one is a tag
TEXT_LENGTH = 5000  # tags may hold 8000 characters, parameters 6000
BATCH = {"metrics": 1000, "params": 100, "tags": 100}
LOCKED = "locked"
QUIET = ("mlflow", "alembic", "sqlalchemy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Where the record keeps what a run mirrors: entry number and digest in the ledger, digests of plan and evidence."""

    ledger_seq: int
    event_sha256: str
    plan_sha256: str
    evidence_sha256: str = ""

    def tags(self) -> dict[str, str]:
        """Return the tags by which a run is found in the ledger."""
        known = {"ledger_seq": str(self.ledger_seq), "event_sha256": self.event_sha256, "plan_sha256": self.plan_sha256}
        return {f"radaudit.{name}": text for name, text in (known | {"evidence_sha256": self.evidence_sha256}).items() if text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Rows a stage used: their name and content digest, how many, and as what (training, holdout)."""

    name: str
    sha256: str
    rows: int
    context: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrored:
    """What became of mirroring: the ids MLflow gave, or a finding that says why not."""

    what: str
    experiment: str
    run_id: str | None = None
    version: str | None = None
    findings: tuple[Finding, ...] = field(default=())

    def document(self) -> dict[str, str | None]:
        """Return what the dossier's record keeps."""
        return {"stage": self.what, "run_id": self.run_id, **({"version": self.version} if self.version else {})}


class Mirror:
    """The mirror of one study; nothing is imported, opened or written before the first call that mirrors something."""

    def __init__(self, folder: Path, experiment: str, tracking: str | None = None) -> None:
        self.experiment = experiment
        self._store: Store = store(folder, tracking)
        self._client: Any = None
        self._experiment_id = ""

    def stage(
        self,
        stage: str,
        recorded: Recorded,
        *,
        params: Mapping[str, object] | None = None,
        metrics: Mapping[str, float | None] | None = None,
        folds: Mapping[str, Sequence[float | None]] | None = None,
        inputs: Sequence[Dataset] = (),
        artifacts: Mapping[str, bytes] | None = None,
        at: int | None = None,
    ) -> Mirrored:
        """Mirror one stage as one finished run.

        ``metrics`` are single numbers, ``folds`` one number per step; None and what is not finite is left out and named in a tag.
        ``artifacts`` are file names and their bytes. ``at`` is the time in milliseconds if the clock is stopped.
        """

        def write() -> Mirrored:
            from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME

            client = self._ready()
            tags = {**recorded.tags(), "radaudit.stage": stage, MLFLOW_RUN_NAME: stage}
            run = client.create_run(self._experiment_id, start_time=at, tags=tags, run_name=stage)
            run_id = str(run.info.run_id)
            try:
                self._log(client, run_id, params or {}, metrics or {}, folds or {}, at)
                self._log_inputs(client, run_id, inputs)
                self._write(client, run, artifacts or {})
            except Exception:
                client.set_terminated(run_id, "FAILED", end_time=at)
                raise
            client.set_terminated(run_id, "FINISHED", end_time=at)
            return Mirrored(what=stage, experiment=self.experiment, run_id=run_id)

        return self._safely(stage, write)

    def register(self, model: str, run_id: str, *, version: str, sha256: str, description: str) -> Mirrored:
        """Register the signature that ``run_id`` holds as a version of ``model``, alias ``locked``; one digest is one version."""

        def write() -> Mirrored:
            client = self._ready()
            if not client.search_registered_models(_named(model)):
                client.create_registered_model(model)
            known = self._version_of(client, model, sha256)
            if known is None:
                place = str(client.get_run(run_id).info.artifact_uri)
                tags = {"radaudit.version": version, "radaudit.signature_sha256": sha256}
                known = client.create_model_version(model, place, run_id=run_id, tags=tags, description=self._plain(description))
            client.set_registered_model_alias(model, LOCKED, known.version)
            return Mirrored(what="register", experiment=self.experiment, run_id=run_id, version=str(known.version))

        return self._safely("register", write)

    def conclude(self, model: str, *, sha256: str, verdict: str, evidence_sha256: str) -> Mirrored:
        """Write the verdict into the description of the version with this signature digest."""

        def write() -> Mirrored:
            client = self._ready()
            known = self._version_of(client, model, sha256)
            if known is None:
                raise LookupError(f"no version of {model} has the signature digest {sha256[:12]}")
            client.update_model_version(model, known.version, description=self._plain(verdict))
            client.set_model_version_tag(model, known.version, "radaudit.evidence_sha256", evidence_sha256)
            return Mirrored(what="conclude", experiment=self.experiment, run_id=known.run_id, version=str(known.version))

        return self._safely("conclude", write)

    # -- the library ----------------------------------------------------------------------------------------------------------------

    def _safely(self, what: str, write: Callable[[], Mirrored]) -> Mirrored:
        try:
            with _quiet():
                return write()
        except Exception as problem:  # the mirror must never stop the record, whatever a library or a disk throws
            self._client = None
            reason = self._plain(f"{type(problem).__name__}: {' '.join(str(problem).split())}")[:300]
            finding = answer(
                "LEDGER-050",
                Verdict.FAILED,
                f"{what} was not mirrored in MLflow: {reason}",
                facts={"stage": what, "problem": type(problem).__name__},
                scope="mlflow",
            )
            return Mirrored(what=what, experiment=self.experiment, findings=(finding,))

    def _ready(self) -> Any:
        """Return the client, with the experiment made and the places of artifacts relative."""
        if self._client is None:
            os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # read when mlflow is imported
            os.environ["DO_NOT_TRACK"] = "true"
            from mlflow.tracking import MlflowClient

            database = self._store.database
            if database is not None:
                database.parent.mkdir(parents=True, exist_ok=True)
                if not database.exists():
                    _forget(self._store.uri)
            client = MlflowClient(tracking_uri=self._store.uri, registry_uri=self._store.uri)
            self._experiment_id = self._experiment(client)
            if database is not None:
                make_relative(database)
            self._client = client
        return self._client

    def _experiment(self, client: Any) -> str:
        known = client.get_experiment_by_name(self.experiment)
        if known is not None:
            return str(known.experiment_id)
        if self._store.database is None:
            return str(client.create_experiment(self.experiment))
        return str(client.create_experiment(self.experiment, artifact_location=(self._store.folder / ARTIFACTS / "study").as_posix()))

    def _log(
        self,
        client: Any,
        run_id: str,
        params: Mapping[str, object],
        metrics: Mapping[str, float | None],
        folds: Mapping[str, Sequence[float | None]],
        at: int | None,
    ) -> None:
        from mlflow.entities import Metric, Param, RunTag

        moment = at if at is not None else _milliseconds()
        series = [(name, 0, value) for name, value in metrics.items()]
        series += [(name, step, value) for name, values in folds.items() for step, value in enumerate(values)]
        kept = [Metric(name, float(value), moment, step) for name, step, value in series if value is not None and math.isfinite(value)]
        left_out = sorted({name for name, _, value in series if value is None or not math.isfinite(value)})
        entries: dict[str, list[Any]] = {
            "metrics": kept,
            "params": [Param(name, self._plain(_text(value))) for name, value in sorted(params.items())],
            "tags": [RunTag("radaudit.not_estimable", self._plain(", ".join(left_out)))] if left_out else [],
        }
        rounds = max(math.ceil(len(entries[kind]) / BATCH[kind]) for kind in BATCH)
        for i in range(rounds):
            client.log_batch(run_id, **{kind: entries[kind][i * size : (i + 1) * size] for kind, size in BATCH.items()})

    def _log_inputs(self, client: Any, run_id: str, inputs: Sequence[Dataset]) -> None:
        from mlflow.entities import Dataset as Entity
        from mlflow.entities import DatasetInput, InputTag

        if not inputs:
            return
        logged = []
        for item in inputs:
            profile = canonical({"rows": item.rows}).decode()
            entity = Entity(
                name=item.name, digest=item.sha256[:DIGEST_LENGTH], source_type="radaudit", source="{}", schema=None, profile=profile
            )
            tags = {"mlflow.data.context": item.context, "radaudit.sha256": item.sha256, "radaudit.rows": str(item.rows)}
            logged.append(DatasetInput(entity, [InputTag(name, value) for name, value in tags.items()]))
        client.log_inputs(run_id, datasets=logged)

    def _write(self, client: Any, run: Any, artifacts: Mapping[str, bytes]) -> None:
        """Write files into the run's place: our own store is a folder, for another one MLflow carries them there."""
        for name in artifacts:
            if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or "\\" in name:
                raise ValueError(f"{name!r} is no name for an artifact")
        if self._store.database is not None:
            self._write_below(self._store.folder / relative_place(f"/{run.info.artifact_uri}"), artifacts)
        elif artifacts:
            with tempfile.TemporaryDirectory() as place:
                self._write_below(Path(place), artifacts)
                client.log_artifacts(run.info.run_id, place)

    def _write_below(self, place: Path, artifacts: Mapping[str, bytes]) -> None:
        for name, data in artifacts.items():
            file = place / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)

    def _version_of(self, client: Any, model: str, sha256: str) -> Any:
        mine = client.search_model_versions(_named(model))
        return next((found for found in mine if found.tags.get("radaudit.signature_sha256") == sha256), None)

    def _plain(self, text: str) -> str:
        """Return text without the path of the study on this machine and of its user."""
        for path, instead in ((self._store.folder, "."), (Path.home(), "~")):
            if len(path.parts) > 1:
                text = text.replace(path.as_posix(), instead)
        return text[:TEXT_LENGTH]


def _named(model: str) -> str:
    return f'name="{model}"' if "'" in model else f"name='{model}'"


def _text(value: object) -> str:
    return value if isinstance(value, str) else canonical(value).decode()


def _milliseconds() -> int:
    from datetime import datetime

    from radaudit.edges.clock import utc_now

    return int(datetime.fromisoformat(utc_now()).timestamp() * 1000)


def _forget(uri: str) -> None:
    """Make MLflow open a database anew that was removed while this process ran; it remembers stores and connections by address."""
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as Registry
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as Tracking
    from mlflow.tracking._model_registry import utils as registry
    from mlflow.tracking._tracking_service import utils as tracking

    for kept in (Registry, Tracking):
        engine = getattr(kept, "_engine_map", {}).pop(uri, None)
        if engine is not None:
            engine.dispose()
    for remembered in (getattr(tracking, "_tracking_store_registry", None), getattr(registry, "_model_registry_store_registry", None)):
        clear = getattr(getattr(remembered, "_get_store_with_resolved_uri", None), "cache_clear", None)
        if clear is not None:
            clear()


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the library's log and its deprecation warnings; what went wrong is in the finding."""
    levels = {name: logging.getLogger(name).level for name in QUIET}
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
