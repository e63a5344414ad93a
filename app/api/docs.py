"""The API's schema as a page can show it: its operations by tag, and the shapes that they speak of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """A parameter, or a field of a shape."""

    name: str
    kind: str
    about: str
    where: str = ""
    needed: bool = False


@dataclass(frozen=True)
class Operation:
    """One method of one address."""

    method: str
    path: str
    name: str
    about: str
    scope: str
    tag: str
    parameters: tuple[Part, ...]
    body: str
    answer: str


@dataclass(frozen=True)
class Shape:
    """One kind of object."""

    name: str
    about: str
    fields: tuple[Part, ...]


def operations(schema: Schema) -> list[Operation]:
    """All of them, in the order in which the code has them."""
    return [
        _operation(method, path, told)
        for path, methods in schema["paths"].items()
        for method, told in methods.items()
    ]


def _operation(method: str, path: str, told: Schema) -> Operation:
    parameters = tuple(
        Part(
            one["name"],
            kind(one["schema"]),
            one.get("description", ""),
            one["in"],
            one.get("required", False),
        )
        for one in told.get("parameters", [])
    )
    answers: list[Schema] = [one for status, one in told["responses"].items() if status.startswith("2")]
    return Operation(
        method=method.upper(),
        path=path,
        name=told["operationId"],
        about=told.get("description", ""),
        scope=told["x-scope"],
        tag=told["tags"][0],
        parameters=parameters,
        body=_content(told.get("requestBody", {})),
        answer=_content(answers[0]),
    )


def _content(told: Schema) -> str:
    content = told.get("content", {}).get("application/json", {}).get("schema")
    return kind(content) if content else ""


def shapes(schema: Schema) -> list[Shape]:
    """All of them, by name; what FastAPI adds for itself is left out."""
    known = schema["components"]["schemas"]
    return [
        Shape(_title(name), told.get("description", ""), tuple(_fields(told)))
        for name, told in sorted(known.items())
        if "properties" in told and name not in ("HTTPValidationError", "ValidationError")
    ]


def _fields(told: Schema) -> list[Part]:
    needed = told.get("required", [])
    return [
        Part(name, kind(one), one.get("description", ""), needed=name in needed)
        for name, one in told["properties"].items()
    ]


def kind(schema: Schema) -> str:
    """A schema in a few words: `list of Standing`, `string or null`, `one of passed, failed`."""
    if "$ref" in schema:
        return _title(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(kind(one) for one in schema["anyOf"])
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {kind(schema.get('items', {}))}"
    words = {"date-time": "time", "uuid": "id", "date": "day"}
    return words.get(schema.get("format", ""), str(schema.get("type", "anything")))


def _title(name: str) -> str:
    """`Page_LessonShape_` → `Page of Lesson`."""
    words = [word.removesuffix("Shape") for word in name.split("_") if word]
    return " of ".join(words)
