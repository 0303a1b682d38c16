"""Send the whole page to the log-in when a session has ended while a part of it was fetched."""

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

Answer = Callable[[HttpRequest], HttpResponseBase]


def whole_page_log_in(get_response: Answer) -> Answer:
    """Tell htmx to leave the page: else it would put the log-in form into a part of it."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if request.headers.get("HX-Request") != "true" or response.status_code != 302:
            return response
        log_in = resolve_url(settings.LOGIN_URL)
        if urlsplit(response.headers.get("Location", "")).path != log_in:
            return response
        after = urlencode({"next": _page_of(request)})
        return HttpResponse(status=204, headers={"HX-Redirect": f"{log_in}?{after}"})

    return answer


def _page_of(request: HttpRequest) -> str:
    """Name the page that the person is on; the part itself would look odd alone."""
    given = request.headers.get("HX-Current-URL", "")
    if not url_has_allowed_host_and_scheme(given, allowed_hosts={request.get_host()}):
        return "/"
    found = urlsplit(given)
    return f"{found.path}?{found.query}" if found.query else found.path
