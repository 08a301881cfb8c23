"""The OpenAPI document of the interface, made from its table of addresses."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from kiosk.security.access import RIGHTS, Access
from kiosk.web.api.base import JSON, MAX_SEGMENT, ApiRoute
from kiosk.web.routes import Route

PATH: Final = "/api/openapi.json"
_REFUSALS: Final[Mapping[int, str]] = {
    400: "The request could not be read.",
    401: "Nobody is logged in.",
    403: "This person or token may not.",
    404: "There is no such thing, or it is of another site.",
    405: "This address does not take that method.",
    409: "This does not go with what is there.",
    413: "The request is too large.",
    415: "The body is no JSON.",
    422: "A value is wrong; the message names it.",
    429: "Too often; Retry-After says when again.",
    503: "The server cannot at the moment.",
}
_REF: Final = "#/components/schemas/{model}"
_ERROR: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "request"],
            "properties": {
                "code": {"type": "string", "description": "Stable."},
                "message": {"type": "string", "description": "One sentence with the fix in it."},
                "request": {"type": "string", "description": "The id that the log has, too."},
            },
        }
    },
}


def document(table: Iterable[ApiRoute], *, version: str) -> dict[str, Any]:
    """Return the document, OpenAPI 3.1."""
    items = list(table)
    models: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {}
    for item in items:
        models[(item.answer, "serialization")] = None
        models[(item.query, "validation")] = None
        if item.body is not None:
            models[(item.body, "validation")] = None
    refs, defined = models_json_schema(list(models), ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for item in items:
        operation = _operation(item, refs, defined.get("$defs", {}))
        paths.setdefault(item.address, {})[item.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Avatar kiosk",
            "version": version,
            "description": "Everything the dashboard does. Log in as the dashboard does, or send "
            "a token as `Authorization: Bearer`.",
        },
        "paths": paths,
        "components": {
            "schemas": {**defined.get("$defs", {}), "Error": _ERROR},
            "securitySchemes": {
                "login": {"type": "apiKey", "in": "cookie", "name": "kiosk_operator"},
                "token": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def route(table: Iterable[ApiRoute], *, version: str) -> Route:
    """Return the address of the document: what there is is no secret, only what is in it."""
    made = functools.cache(lambda: document(table, version=version))  # a start need not wait

    async def answer(request: web.Request) -> web.Response:
        del request
        return web.json_response(made())

    return Route("GET", PATH, answer, Access.PUBLIC)


def _operation(
    item: ApiRoute,
    refs: Mapping[Any, Mapping[str, Any]],
    defined: Mapping[str, Any],
) -> dict[str, Any]:
    described = _REFUSALS
    path = item.address
    statuses = {401, 403, 404, 422, *item.refusals} if item.access is not Access.PUBLIC else {422}
    statuses |= {400, 413, 415} if item.body is not None else set()
    statuses |= {429, 503}
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1, "maxLength": MAX_SEGMENT},
        }
        for name in re.findall(r"\{(\w+)", path)
    ]
    query = _resolved(refs[(item.query, "validation")], defined)
    required = set(query.get("required", ()))
    parameters += [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": schema.get("description", ""),
            "schema": schema,
        }
        for name, schema in query.get("properties", {}).items()
    ]
    right = f" Needs the right `{item.access.value}`." if item.access in RIGHTS else ""
    operation: dict[str, Any] = {
        "summary": item.summary,
        "description": f"{item.summary}{right}",
        "operationId": re.sub(r"\W+", "_", f"{item.method.lower()}{path}").strip("_"),
        "tags": [item.tag or path.split("/")[2]],
        "parameters": parameters,
        "responses": {str(item.status): _good(item, refs)}
        | {
            str(status): {
                "description": described[status],
                "content": {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}},
            }
            for status in sorted(statuses)
        },
        "security": [] if item.access is Access.PUBLIC else [{"login": []}, {"token": []}],
    }
    if item.body is not None:
        schema = refs[(item.body, "validation")]
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    return operation


def _good(item: ApiRoute, refs: Mapping[Any, Mapping[str, Any]]) -> dict[str, Any]:
    if item.status == 204:
        return {"description": "Done."}
    if item.media == JSON:
        schema = refs[(item.answer, "serialization")]
    else:
        schema = {} if item.media.startswith("image/") else {"type": "string"}
    return {"description": "Done.", "content": {item.media: {"schema": schema}}}


def _resolved(schema: Mapping[str, Any], defined: Mapping[str, Any]) -> Mapping[str, Any]:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    found: Mapping[str, Any] = defined[name] if name else schema
    return found
