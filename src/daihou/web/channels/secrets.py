"""The keys of provider accounts: one JSON file for each, beside the other secrets.

``key_id`` and ``key_secret`` sign what we send; ``hook_secret`` proves what we are told; ``url`` is
where the provider listens (``smtp://``, ``https://``, ``esl://``); ``extra`` is the provider's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from daihou.web.channels.errors import ChannelRefused
from daihou.web.key_files import KeyFiles

FOLDER = "accounts"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSecrets:
    url: str
    key_id: str = ""
    key_secret: str = field(default="", repr=False)
    hook_secret: str = field(default="", repr=False)
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout_seconds: float = 10.0


_FILES = KeyFiles(
    folder=FOLDER,
    holds=AccountSecrets,
    refused=ChannelRefused,
    missing="account.secrets_missing",
    unreadable="account.secrets_unreadable",
)
path_of, load, save = _FILES.path_of, _FILES.load, _FILES.save
