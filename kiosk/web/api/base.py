"""Addresses below /api as data: models in, a model out, and who may; OpenAPI is made of them."""

from __future__ import annotations

import re
import types
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final, Generic, NoReturn, TypeVar, Union, get_args, get_origin

from aiohttp import web
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import from_json

from kiosk.security.access import Access
from kiosk.web.request import refuse
from kiosk.web.routes import Cost, Handler, Route

JSON: Final = "application/json"
MAX_SEGMENT: Final = 200
"""Longest part of a path that names something."""
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _day(given: Any) -> Any:
    if isinstance(given, str) and _DAY.fullmatch(given) is None:
        raise ValueError("write days as 2026-11-30")
    return given


Day = Annotated[date, BeforeValidator(_day)]
"""A day in a query; a bare number there would be taken for seconds since 1970."""


class Model(BaseModel):
    """What goes in or out. Unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def example(**fields: Any) -> ConfigDict:
    """Return what puts an example of a model into the document, where its shape is no help."""
    return ConfigDict(json_schema_extra={"examples": [fields]})


class Nothing(Model):
    """No fields at all."""


QueryT = TypeVar("QueryT", bound=BaseModel)
BodyT = TypeVar("BodyT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Given(Generic[QueryT, BodyT]):
    """What a request brought, checked. `path` has the named parts of its address."""

    query: QueryT
    body: BodyT
    path: Mapping[str, str]


ApiHandler = Callable[[web.Request, Given[Any, Any]], Awaitable[BaseModel | web.StreamResponse]]
"""Answers with the route's model, or with a response of its own (a file, a stream)."""


@dataclass(frozen=True, slots=True)
class ApiRoute:
    """One address of the interface.

    `refusals` are the statuses it may answer with besides 401, 403, 404, 422 and 429, which every
    one may. `media` is the content type when the answer is not the model `answer` as JSON.
    """

    method: str
    path: str
    handler: ApiHandler
    access: Access
    summary: str
    query: type[BaseModel] = Nothing
    body: type[BaseModel] | None = None
    answer: type[BaseModel] = Nothing
    status: int = 200
    media: str = JSON
    tag: str = ""
    refusals: tuple[int, ...] = ()
    cost: Cost = Cost.USUAL

    @property
    def address(self) -> str:
        """The path with the names of its parts, without what they must look like."""
        return re.sub(r":[^{}]*\}", "}", self.path)


def routes(table: Iterable[ApiRoute]) -> list[Route]:
    """Return the addresses for the application."""
    return [
        Route(item.method, item.path, _handler(item), item.access, cost=item.cost) for item in table
    ]


def _handler(route: ApiRoute) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        path = dict(request.match_info)
        for part in path.values():
            if len(part) > MAX_SEGMENT or not part.isprintable():
                refuse(404, "not_found", "There is nothing at this address.")
        given = Given(_query(request, route.query), await _body(request, route.body), path)
        answer = await route.handler(request, given)
        if isinstance(answer, web.StreamResponse):
            return answer
        if route.status == 204:
            return web.Response(status=204)
        return web.Response(
            status=route.status, text=answer.model_dump_json(), content_type="application/json"
        )

    return handle


def _query(request: web.Request, model: type[BaseModel]) -> BaseModel:
    fields: dict[str, Any] = {}
    for name in dict.fromkeys(request.query.keys()):
        values = request.query.getall(name)
        known = model.model_fields.get(name)
        if known is not None and _is_list(known.annotation):
            fields[name] = values
        elif len(values) > 1:
            refuse(422, "invalid", f"{name}: give it once.")
        else:
            fields[name] = values[0]
    return _checked(model, fields)


async def _body(request: web.Request, model: type[BaseModel] | None) -> BaseModel:
    if model is None:
        return Nothing()
    if request.content_type != JSON:
        refuse(415, "not_json", f"Send this as JSON, with Content-Type {JSON}.")
    text = await request.read()
    try:
        # Half of a surrogate pair and endless nesting are refused here: neither can be kept.
        data = from_json(text, allow_inf_nan=False)
    except ValueError:
        refuse(400, "bad_json", "The body is no JSON in UTF-8.")
    if not isinstance(data, dict):
        refuse(422, "invalid", "The body must be a JSON object.")
    _without_nul(data)
    try:
        # Types as JSON has them: 0 is not false, and a number is no day.
        return model.model_validate_json(text, strict=True)
    except ValidationError as error:
        _invalid(model, error)


def _checked(model: type[BaseModel], data: Mapping[str, Any]) -> BaseModel:
    _without_nul(data)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        _invalid(model, error)


def _without_nul(given: Any, where: str = "") -> None:
    """Refuse the one character that no database keeps; the parser bounds how deep it goes."""
    if isinstance(given, dict):
        for name, value in given.items():
            _without_nul(name, where)
            _without_nul(value, f"{where}.{name[:80]}" if where else name[:80])
    elif isinstance(given, list):
        for value in given:
            _without_nul(value, where)
    elif isinstance(given, str) and "\0" in given:
        text = "has a NUL character; leave it out."
        refuse(422, "invalid", f"{where}: {text}" if where else f"A name {text}")


def _invalid(model: type[BaseModel], error: ValidationError) -> NoReturn:
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    where = ".".join(str(part)[:80] for part in first["loc"])
    text = str(first["msg"]).removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        known = ", ".join(model.model_fields) or "none"
        text = f"is not known here; known are: {known}"
    refuse(422, "invalid", f"{where}: {text}." if where else f"{text}.")


def _is_list(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if origin in {Union, types.UnionType}:
        return any(_is_list(arg) for arg in get_args(annotation))
    return origin in {list, tuple, set, frozenset}
