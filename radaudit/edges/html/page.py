"""dossier.json to dossier.html: the same bytes in, the same bytes out."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radaudit.digests import sha256, strict_json
from radaudit.edges.html.figures import drawn, swatch
from radaudit.edges.html.gauges import gauge
from radaudit.edges.html.ink import dark_rules, light_rules
from radaudit.edges.html.plain import css_text, escaped
from radaudit.errors import DossierError

if TYPE_CHECKING:
    from jinja2 import Environment

CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
LONG = 30  # letters without a blank: such cells may break anywhere, others never inside a word
TEMPLATES = Path(__file__).parent / "templates"


def render(dossier_bytes: bytes) -> bytes:
    """Return dossier.html for the bytes of dossier.json: one file, no script, no network, nothing but these bytes in it.

    Raises DossierError: VERIFY-080 if the bytes are not a dossier of this schema, VERIFY-081 for a member of another type, VERIFY-082 for
    an unknown verdict word.
    """
    from radaudit.dossier.view.page import view

    try:
        document = strict_json(dossier_bytes)
    except ValueError as problem:
        raise DossierError("VERIFY-080", "this is not a dossier that this version can draw", found=str(problem)[:200]) from None
    page = view(document)
    template = _environment().get_template("page.html.j2")
    text = template.render(page=page, json_sha256=sha256(dossier_bytes), csp=CSP)
    return text.encode("utf-8")


@cache
def _environment() -> Environment:
    """Return the template engine: escaping everywhere, an undefined name is an error, every value made visible on its way out."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    def inert(value: Any) -> Any:
        return value if isinstance(value, Markup) or not isinstance(value, str) else Markup(escaped(value))

    engine = Environment(
        loader=FileSystemLoader(TEMPLATES, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=inert,
    )
    engine.globals.update(
        drawn=lambda figure: [Markup(svg) for svg in drawn(figure)],
        gauge=lambda chart: Markup(gauge(chart)),
        swatch=lambda key: Markup(swatch(key)),
        long=lambda cell: any(len(word) > LONG for span in cell.line for word in span.text.split()),
        css_text=lambda text: Markup(css_text(text)),
        style=Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),
        light=Markup(light_rules()),
        dark=Markup(dark_rules()),
    )
    return engine
