"""A page for an address that only takes what a form sends, opened by hand or by a bookmark."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import Resolver404, resolve

OWN = ("/api/", "/hooks/")  # Programs call these: they answer for themselves.


def page_for_not_allowed(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Say what happened, with a way to the page that the address belongs to; it stays a 405."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        is_opened = isinstance(response, HttpResponseNotAllowed) and request.method == "GET"
        if not is_opened or request.path.startswith(OWN):
            return response
        page = render(request, "405.html", {"above": _above(request.path)}, status=405)
        page["Allow"] = response["Allow"]
        return page

    return answer


def _above(path: str) -> str:
    """Find the nearest address above that there is."""
    while path.count("/") > 2:
        path = path.rstrip("/").rsplit("/", 1)[0] + "/"
        try:
            resolve(path)
        except Resolver404:
            continue
        return path
    return "/"
