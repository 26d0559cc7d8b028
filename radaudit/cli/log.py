"""The log of a study: out/radaudit.log, UTC, no patient in it above DEBUG; what libraries say goes there and not to the terminal."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = "radaudit"
FORM = "%(asctime)s %(levelname)s %(name)s %(message)s"


@contextmanager
def log(folder: Path | None, *, debug: bool) -> Iterator[logging.Logger]:
    """Give the logger of a command; it writes to the study's log if ``folder`` holds a study, else nowhere."""
    logger, root = logging.getLogger(NAME), logging.getLogger()
    handler, level = _handler(folder, debug=debug), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG if debug else logging.WARNING)
    logger.setLevel(logging.DEBUG if debug else logging.INFO)
    logging.captureWarnings(True)
    try:
        yield logger
    finally:
        logging.captureWarnings(False)
        root.removeHandler(handler)
        root.setLevel(level)
        handler.close()


class StudyLog(logging.FileHandler):
    """Writes to a study's log from the moment there is a study; a folder without one stays as it is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(folder / "out" / "radaudit.log", encoding="utf-8", delay=True)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record, if there is a study and its log can be written."""
        if self.stream is None and not self._ready():
            return
        super().emit(record)

    def _ready(self) -> bool:
        if not (self.folder / "study.yaml").is_file():
            return False
        try:
            (self.folder / "out").mkdir(exist_ok=True)
            self.stream = self._open()
        except OSError:
            return False
        return True


def _handler(folder: Path | None, *, debug: bool) -> logging.Handler:
    if folder is None:
        return logging.NullHandler()
    handler = StudyLog(folder)
    form = logging.Formatter(FORM, datefmt="%Y-%m-%dT%H:%M:%SZ")
    form.converter = time.gmtime
    handler.setFormatter(form)
    handler.setLevel(logging.DEBUG if debug else logging.INFO)
    if not debug:
        handler.addFilter(_ours_or_grave)
    return handler


def _ours_or_grave(record: logging.LogRecord) -> bool:
    """Keep our own lines, and of libraries only that something grave was said: their text may quote a cell."""
    if record.name == NAME or record.name.startswith(f"{NAME}."):
        return True
    record.msg, record.args, record.exc_info, record.exc_text = "(text kept for --debug)", (), None, None
    return record.levelno >= logging.ERROR


def frames(error: BaseException) -> str:
    """Return where an unexpected error came from: its type and the lines of code, without its message, which may quote a patient."""
    parts = []
    current: BaseException | None = error
    while current is not None:
        parts.append(type(current).__name__ + "\n" + "".join(traceback.format_tb(current.__traceback__)))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\nafter ".join(parts)
