"""Terms of the study file: how one written value becomes text, a number, a truth, a list or a mapping.

Every value arrives as the text that stands in the file (``edges.study_file``), so that ``NO``, ``007`` and ``1e3`` mean what
they say; these types turn it into what a key needs and refuse the rest. Python values of the right type are taken as they are,
so that ``Plan.document()`` reads back.
"""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

NUMBER = re.compile(r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?")
WHOLE = re.compile(r"[+-]?[0-9]+")
STEERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
LONGEST_TEXT = 4000


class Section(BaseModel):
    """A mapping of the study file: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, allow_inf_nan=False)


def steers(text: str) -> bool:
    """Return True if a text holds half a character, or characters that steer a terminal or reverse its reading direction."""
    return any(char in STEERING or (unicodedata.category(char) in ("Cc", "Cs") and char not in "\t\r\n") for char in text)


def as_text(value: object) -> object:
    """Return one value as text; a whole number of a Python caller too. Lists and mappings are not text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise PydanticCustomError("type", "one text is expected")
    if not value.strip() and value not in ("\t", " "):
        raise PydanticCustomError("empty", "a text is expected")
    return _harmless(value)


def as_cell(value: object) -> object:
    """Return what a cell of a table may hold, the empty text too."""
    return "" if value == "" else as_text(value)


def _harmless(value: str) -> str:
    if steers(value):
        raise PydanticCustomError("control", "the text holds control characters")
    if len(value) > LONGEST_TEXT:
        raise PydanticCustomError("long", "the text is longer than {most} characters", {"most": LONGEST_TEXT})
    return value


def as_number(value: object) -> object:
    """Return a finite number; ``0,7`` is refused with ``0.7`` as the nearest."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise PydanticCustomError("type", "a number is expected")
    if isinstance(value, str):
        text = value.strip()
        if not NUMBER.fullmatch(text):
            near = _number_near(text)
            raise PydanticCustomError("type", "a number is expected", {"near": near} if near else {})
        value = float(text)
    if not math.isfinite(value):
        raise PydanticCustomError("type", "a finite number is expected")
    return value


def _number_near(text: str) -> str:
    if text.endswith("%") and NUMBER.fullmatch(text[:-1].strip()):
        return f"{float(text[:-1]) / 100:g}"
    pointed = text.replace(",", ".")
    return pointed if text.count(",") == 1 and NUMBER.fullmatch(pointed) else ""


def as_whole(value: object) -> object:
    """Return a whole number."""
    if isinstance(value, str) and WHOLE.fullmatch(value.strip()):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise PydanticCustomError("type", "a whole number is expected")


def as_truth(value: object) -> object:
    """Return true or false, written like this; ``yes`` and ``on`` are texts."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    near = {"yes": "true", "on": "true", "1": "true", "no": "false", "off": "false", "0": "false"}.get(str(value).strip().lower(), "")
    raise PydanticCustomError("type", "true or false is expected", {"near": near} if near else {})


WRITTEN = WithJsonSchema({"type": ["string", "number", "boolean"]})
Text = Annotated[str, BeforeValidator(as_text), WRITTEN]
Cell = Annotated[str, BeforeValidator(as_cell), WRITTEN]
Number = Annotated[float, BeforeValidator(as_number)]
Whole = Annotated[int, BeforeValidator(as_whole)]
Truth = Annotated[bool, BeforeValidator(as_truth)]
Share = Annotated[float, BeforeValidator(as_number), Field(gt=0, lt=1)]


class Several:
    """Marks a list that may be written as its only item: ``batch: scanner`` is ``batch: [scanner]``."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Wrap a single item into a list before the list is read."""
        return core_schema.no_info_before_validator_function(_listed, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Offer editors the item and the list of items."""
        array = handler(schema)
        return {"anyOf": [array["items"], array]}


def _listed(value: object) -> object:
    return list(value) if isinstance(value, list | tuple) else [value]


class Shorthand:
    """Marks a mapping that may be written as one text, the value of ``keys``: ``subject: id`` is ``subject: {column: id}``."""

    def __init__(self, *keys: str) -> None:
        self.keys = keys

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Turn a text into a mapping before the mapping is read."""
        return core_schema.no_info_before_validator_function(self._spelled_out, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Offer editors the text and the mapping."""
        return {"anyOf": [{"type": ["string", "number", "boolean"]}, handler(schema)]}

    def _spelled_out(self, value: object) -> object:
        return dict.fromkeys(self.keys, value) if isinstance(value, str) else value
