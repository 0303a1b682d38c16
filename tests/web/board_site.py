"""The shown book with a client for each of its users; a test file imports all of this."""

import re

import pytest
from django.core.cache import caches
from django.test import Client

from tests.database import scratch
from tests.web.shown_book import make_shown_book, make_users


@pytest.fixture(scope="module")
def shown(running_database, django_db_blocker, tmp_path_factory):
    """Give the users of one book, made once for this file."""
    with (
        pytest.MonkeyPatch.context() as patch,
        scratch(
            folder=tmp_path_factory.mktemp("shown"), monkeypatch=patch, blocker=django_db_blocker
        ),
    ):
        caches["board"].clear()
        make_shown_book()
        yield make_users()


@pytest.fixture
def enter(shown):
    """Log a user in: ``enter("manager")`` gives her client; English unless told."""

    def make(name, language="en"):
        client = Client(headers={"accept-language": language})
        client.force_login(shown[name], backend="django.contrib.auth.backends.ModelBackend")
        return client

    return make


def text_of(response):
    plain = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", plain)
