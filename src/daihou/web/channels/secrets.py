"""The keys of provider accounts: one JSON file for each, beside the other secrets.

``key_id`` and ``key_secret`` sign what we send; ``hook_secret`` proves what we are told; ``url`` is
where the provider listens (``smtp://``, ``https://``, ``esl://``); ``extra`` is the provider's own.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path

from daihou.web import home
from daihou.web.channels.errors import ChannelRefused

FOLDER = "accounts"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSecrets:
    url: str
    key_id: str = ""
    key_secret: str = field(default="", repr=False)
    hook_secret: str = field(default="", repr=False)
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout_seconds: float = 10.0


def path_of(*, secret_ref: str) -> Path:
    return home.secrets_folder() / FOLDER / f"{secret_ref}.json"


def load(*, secret_ref: str) -> AccountSecrets:
    """Return an account's secrets; they are read again when their file has changed.

    :raises ChannelRefused: ``account.secrets_missing``, ``account.secrets_unreadable``.
    """
    path = path_of(secret_ref=secret_ref)
    try:
        changed_ns = path.stat().st_mtime_ns
    except OSError as exception:
        raise ChannelRefused("account.secrets_missing", path=path) from exception
    return _read(path, changed_ns)


def save(*, secret_ref: str, secrets: AccountSecrets) -> Path:
    """Write an account's secrets for their owner's eyes only."""
    path = path_of(secret_ref=secret_ref)
    home.make_private_folder(path.parent)
    temporary = path.with_suffix(".new")
    temporary.touch(mode=0o600)
    temporary.write_text(json.dumps(asdict(secrets), indent=2))
    temporary.replace(path)
    return path


@lru_cache(maxsize=64)
def _read(path: Path, changed_ns: int) -> AccountSecrets:  # noqa: ARG001  Part of the cache's key.
    try:
        return AccountSecrets(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError) as exception:
        raise ChannelRefused("account.secrets_unreadable", path=path) from exception
