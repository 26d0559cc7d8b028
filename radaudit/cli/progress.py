"""Progress: a line with a spinner and the time on stderr, on a terminal only."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from radaudit.cli.console import Console, inert

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

Progress = Callable[[str], None]


class Spinner:
    """Says what is being done. On a terminal one line is replaced, begun with the first word; with ``-v`` elsewhere each line is kept."""

    def __init__(self, console: Console, title: str) -> None:
        self.console = console
        self.title = title
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Spinner:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, what: str) -> None:
        """Say what is being done now."""
        if self.console.quiet:
            return
        if not self.console.stderr.isatty():
            if self.console.verbose:
                self.console.say(f"{self.title}: {what}")
            return
        if self._bar is None:
            self._begin()
        assert self._bar is not None
        assert self._task is not None
        self._bar.update(self._task, description=inert(f"{self.title}: {what}"))

    def rest(self) -> None:
        """Leave the line to a question; the next word begins a new one."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _begin(self) -> None:
        from rich.console import Console as Terminal
        from rich.progress import Progress as Bar
        from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

        plain = not self.console.painted(self.console.stderr)
        terminal = Terminal(file=self.console.stderr, no_color=plain, highlight=False, markup=False, emoji=False)
        text = TextColumn("{task.description}", markup=False)
        self._bar = Bar(SpinnerColumn(), text, TimeElapsedColumn(), console=terminal, transient=True)
        self._bar.start()
        self._task = self._bar.add_task(inert(self.title), total=None)
