"""Responses from request to `response.done`."""
