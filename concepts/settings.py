"""Settings: from the environment, or from `settings.json` in the data folder where the app saves them."""

from __future__ import annotations

import ipaddress
import json
import os
import re
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import unquote, unquote_plus, urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from concepts.errors import DiscernError, SettingsError
from storage.buckets import SECRET_VARIABLES, uri_of
from storage.disk import refused
from storage.files import sqlite_url, write_whole
from storage.secrets import SecretsFile

# What the app may change. Everything else is set where the process is started.
SAVED = (
    "openai_api_key",
    "openai_base_url",
    "llm_model",
    "vlm_model",
    "large_vlm_model",
    "critic_model",
    "llm_price",
    "vlm_price",
    "large_vlm_price",
    "critic_price",
    "prices",
    "model_concurrency",
    "reasoning_effort",
    "answer_tokens",
    "picture_side",
    "picture_detail",
    "request_timeout",
    "request_fields",
)


Effort = Literal["none", "minimal", "low", "medium", "high", "default"]
Detail = Literal["auto", "low", "high", "original"]
# Fields of a request that nobody may set: the budget counts on some, others have a setting of their own.
OURS = {"model", "messages", "response_format", "stream", "n"}
OURS |= {"max_tokens", "max_completion_tokens", "reasoning_effort"}

SECRET = frozenset(("openai_api_key", "users", "oauth_client_secret", "database_url"))  # in secrets.json

LOGIN = "Basic "  # what a key begins with that is NAME:PASSWORD, as RFC 7617 has them

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Besides the link-local ones: Alibaba, AWS, Oracle, and the wire server of Azure.
METADATA_ADDRESSES = ("100.100.100.200", "fd00:ec2::254", "192.0.0.192", "168.63.129.16")
# IPv6 that ends in an IPv4 address: NAT64 (RFC 6052, RFC 8215), IPv4-compatible, and SIIT (RFC 2765).
_ENDS_IN_IPV4 = tuple(
    map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "::/96", "::ffff:0:0:0/96"))
)
_UNICAST = ipaddress.IPv6Network("2000::/3")  # all that IANA hands out of IPv6 for single hosts


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def default_home() -> Path:
    return Path(os.environ.get("DISCERN_HOME") or Path.home() / ".discern").expanduser().absolute()


class Settings(BaseSettings):
    """Everything that can be set. The environment wins over `settings.json`."""

    model_config = SettingsConfigDict(env_prefix="DISCERN_", extra="ignore", populate_by_name=True)

    home: Path = Field(default_factory=default_home, exclude=True)
    host: str = "127.0.0.1"
    port: int = 7860
    encoder: str = "auto"
    # Of the SQL database (it may hold a password); without it an SQLite file in the home.
    database_url: SecretStr | None = Field(None, exclude=True)
    # Where vectors, small pictures and uploads are kept, `s3://bucket/folder`; without it in the home.
    store: str = ""
    openai_api_key: SecretStr | None = Field(
        None, validation_alias=AliasChoices("OPENAI_API_KEY", "openai_api_key"), exclude=True
    )
    openai_base_url: str | None = Field(
        None, validation_alias=AliasChoices("OPENAI_BASE_URL", "openai_base_url")
    )
    llm_model: str | None = None
    vlm_model: str | None = None
    large_vlm_model: str | None = None  # for pictures that the first is not sure of
    critic_model: str | None = None  # for proposing other wordings; the model for words where it is not set
    # USD per million tokens, "input/output"; without it a budget in USD can't be kept.
    llm_price: str | None = None
    vlm_price: str | None = None
    large_vlm_price: str | None = None
    critic_price: str | None = None
    # Of other models, "model input/output" each, in lines or by commas; a role's own price above wins.
    prices: str | None = None
    # Where pictures are looked at: in this process, by a Ray of this computer (ray) or by a cluster
    # (ray://host:port).
    engine: str = Field("", pattern=r"^(ray(://[^\s/:@]+:\d+)?)?$")
    model_concurrency: int = Field(4, ge=1, le=64)
    reasoning_effort: Effort = "none"  # for questions with pictures; default: as the model does by itself
    answer_tokens: int = Field(3000, ge=375, le=200_000)  # at most, thought included
    # The longest side, px, at which models are shown pictures; without it as the definition needs.
    picture_side: int | None = Field(None, ge=128, le=4096)
    picture_detail: Detail | None = None  # as OpenAI's models take it
    request_timeout: int = Field(120, ge=5, le=3600)  # seconds
    # More for each request, a JSON object, as servers take: {"mm_processor_kwargs": {"max_pixels": 1000000}}.
    request_fields: str | None = None
    # Who may come in from other computers: "ana:password,ben:password". More in installation/users.py.
    users: SecretStr | None = Field(None, exclude=True)
    # Who may come in by signing in elsewhere: "ana=owner,ben,eva=viewer", by what they are called there.
    oauth_users: str = Field("", exclude=True)
    # The service and what it knows us by, named as hosts of Spaces set them.
    openid_provider_url: str | None = Field(
        None, validation_alias=AliasChoices("OPENID_PROVIDER_URL", "openid_provider_url")
    )
    oauth_client_id: str | None = Field(
        None, validation_alias=AliasChoices("OAUTH_CLIENT_ID", "oauth_client_id")
    )
    oauth_client_secret: SecretStr | None = Field(
        None, validation_alias=AliasChoices("OAUTH_CLIENT_SECRET", "oauth_client_secret"), exclude=True
    )
    oauth_scopes: str = Field("openid profile", validation_alias=AliasChoices("OAUTH_SCOPES", "oauth_scopes"))
    space_host: str | None = Field(None, validation_alias=AliasChoices("SPACE_HOST", "space_host"))
    insecure: bool = False
    debug: bool = False  # whether the log has what endpoints say of their errors
    allowed_roots: str = ""  # folders pictures may be added from, separated like PATH
    trusted_proxies: str = ""  # addresses or networks whose X-Forwarded-For is believed, by commas
    internal_webhooks: bool = False  # whether they may go to addresses that the internet doesn't reach
    allowed_hosts: str = ""  # names this computer is reached by, separated by commas
    framed_by: str = ""  # origins whose pages may show the app in a frame, separated by spaces
    demo: bool = False  # every visitor gets a sandbox of their own: concepts/visitors

    @field_validator("store")
    @classmethod
    def _a_place_in_a_bucket(cls, given: str) -> str:
        try:
            place = uri_of(given.strip())
        except DiscernError as error:
            raise ValueError(str(error)) from error
        if given.strip() and place.count("/") < 3:  # of a whole bucket nobody knows what else is in it
            raise ValueError("it is no folder of a bucket. Write it like s3://bucket/folder.")
        return place

    @field_validator("request_fields")
    @classmethod
    def _an_object(cls, given: str | None) -> str | None:
        try:
            fields = json.loads(given or "{}")
        except (ValueError, RecursionError):
            fields = None
        if not isinstance(fields, dict):
            raise ValueError('it isn’t a JSON object. Write it like {"seed": 1}.')
        if taken := OURS & fields.keys():
            raise ValueError(f"Discern sets {', '.join(sorted(taken))} itself.")
        return given or None

    @model_validator(mode="after")
    def _a_demo_keeps_all_in_its_home(self) -> Self:
        if self.demo and self.store:
            raise ValueError("a demo keeps all it has in its data folder: leave out DISCERN_STORE.")
        return self

    @model_validator(mode="after")
    def _a_login_is_a_key(self) -> Self:
        """One in an address of the environment: addresses are shown."""
        address, login = _apart(self.openai_base_url)
        if login:
            self.openai_base_url, self.openai_api_key = address, SecretStr(login)
        return self

    @property
    def is_exposed(self) -> bool:
        """Whether other computers can reach the app, by itself or through a proxy that was set."""
        return bool(not is_loopback(self.host) or self.trusted_proxies or self.allowed_hosts)

    @property
    def has_endpoint(self) -> bool:
        return bool(self.openai_api_key or self.openai_base_url)

    @property
    def reaches_out(self) -> bool:
        """Whether pictures, or what is made and said of them, may leave this computer: to an endpoint, a
        bucket, a database server or workers of a cluster."""
        away = self.store or self.database_url or self.engine.startswith("ray://")
        return self.has_endpoint or bool(away)

    @property
    def database(self) -> str:
        """SQLAlchemy URL of the SQL database."""
        given = self.database_url.get_secret_value() if self.database_url else ""
        return given or sqlite_url(self.home / "discern.sqlite")

    @property
    def secrets(self) -> list[str]:
        """Keys and passwords, which nothing that is kept or shown may hold."""
        given = self.users.get_secret_value() if self.users else ""
        passwords = [pair.partition(":")[2].strip() for pair in given.split(",")]
        key = self.openai_api_key.get_secret_value() if self.openai_api_key else ""
        client = self.oauth_client_secret.get_secret_value() if self.oauth_client_secret else ""
        found = [key, client, *passwords, urlsplit(self.database).password or ""]
        found += (login_of(key) or ())[1:]  # its password alone, too
        found += secrets_in(self.openai_base_url or "")
        found += [os.environ.get(name, "") for name in SECRET_VARIABLES]
        return [secret for secret in found if secret]

    @property
    def cache(self) -> Path:
        """What can be recomputed: text embeddings, probe results."""
        return self.home / "cache"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        saved = InitSettingsSource(settings_cls, _saved(default_home()))
        return init_settings, env_settings, saved


def load_settings(**overrides: Any) -> Settings:
    """Raises `SettingsError` with the names of the settings that can't be used."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        problems = {".".join(map(str, e["loc"])): e["msg"] for e in error.errors()}
        raise SettingsError(problems=problems) from error
    except OSError as error:
        raise refused(error, default_home() / "settings.json") from error


def set_by_environment() -> set[str]:
    """Those of `SAVED` that an environment variable decides, so that saving them would change nothing."""
    return {name for name in SAVED if os.environ.get(_variable(name))}


def save_settings(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """Keeps `changes` in `settings.json`, secrets in `secrets.json`, and returns the settings with them.

    None removes a setting. A new endpoint doesn't get the old one's key: whoever may type an address
    could read the key with it. Raises `SettingsError`, and then nothing is changed.
    """
    changes = dict(changes)
    unknown = set(changes) - set(SAVED)
    locked = set(changes) & set_by_environment()
    if unknown or locked:
        decided = "decided by the environment in which Discern was started"
        raise SettingsError(problems=dict.fromkeys(sorted(unknown | locked), decided))
    if "openai_base_url" in changes:
        _check_address(changes["openai_base_url"])
        if not _may_have_the_key(changes["openai_base_url"], settings.openai_base_url):
            if "openai_api_key" in set_by_environment():
                raise SettingsError(
                    "The key is set where Discern was started and would be sent to this address. Set the "
                    "address there too, beside the key."
                )
            changes.setdefault("openai_api_key", None)
    file, secrets = settings.home / "settings.json", SecretsFile(settings.home)
    updated = _with(settings, changes)
    given = {name: value for name, value in changes.items() if name in SECRET}
    plain = {name: value for name, value in changes.items() if name not in SECRET}
    file.parent.mkdir(parents=True, exist_ok=True)
    from filelock import FileLock  # a server of exported classifiers saves nothing and hasn't got it

    with FileLock(file.with_suffix(".lock"), mode=0o600):  # of two that save at once both are kept
        if given:  # at no moment a key stands beside an address that it was not given for
            with secrets.changing() as known:
                _update(known, dict.fromkeys(given))
        kept = _read(file)
        _update(kept, plain)
        write_whole(file, json.dumps(kept, indent=2).encode())
        if any(given.values()):
            with secrets.changing() as known:
                _update(known, given)
    return updated


def _update(kept: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """None, and what is empty, takes away."""
    for name, value in changes.items():
        kept.pop(name, None)
        if value not in (None, ""):
            kept[name] = value


def saved_again(settings: Settings) -> Settings:
    """The settings with what their files say now, where another process may have written them. Raises
    `SettingsError`."""
    kept = _saved(settings.home)
    free = set(SAVED) - set_by_environment()
    return _with(settings, {name: kept.get(name) for name in free})


def saved_at(settings: Settings) -> tuple[int, ...]:
    """Changes whenever `settings.json` or `secrets.json` does."""
    found: tuple[int, ...] = ()
    for name in ("settings.json", "secrets.json"):
        with suppress(OSError):
            status = (settings.home / name).stat()
            found += (status.st_mtime_ns, status.st_ino)
    return found


def _may_have_the_key(new: str | None, old: str | None) -> bool:
    """The same host and port, and not from https to http, where others could read it on the way."""
    before, after = urlsplit(old or ""), urlsplit(new or "")
    same = after.netloc.rpartition("@")[2].lower() == before.netloc.rpartition("@")[2].lower()
    return same and not (before.scheme == "https" and after.scheme != "https")


def _check_address(url: str | None) -> None:
    """http and https only, and no address where no model is served, however it is written.

    What a name stands for is checked when it is connected to (`concepts/language/connection.py`).
    """
    if not url:
        return
    _check_open(url)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        raise SettingsError(f"“{url}” is no address of an endpoint. It begins with https:// or http://.")
    address = literal_address(host)
    if address is not None and serves_no_model(address):
        raise SettingsError(f"{host} is an address where no model is served.")


def _check_open(url: str) -> None:
    """Raises `SettingsError` for an address that can't be shown."""
    if _apart(url)[1]:
        raise SettingsError(
            "An address can't contain a name or password, because it is shown. Enter them as the key: "
            "Basic NAME:PASSWORD."
        )
    if secrets_in(url):
        raise SettingsError(
            "An address can't contain a key, because it is shown. Enter it as the key. Where a server takes "
            "it in the address alone, set OPENAI_BASE_URL and start Discern again."
        )


def _apart(address: str | None) -> tuple[str | None, str]:
    """An address without a login, and that as a key."""
    scheme, login, rest = parts_of(address or "") or ("", "", "")
    if not login:
        return address, ""
    name, _, password = login.partition(":")
    return f"{scheme}{rest}", f"{LOGIN}{unquote(name)}:{unquote(password)}"


def login_of(key: str | None) -> tuple[str, str] | None:
    """The name and password that a key consists of; None for any other."""
    name, colon, password = (key or "").removeprefix(LOGIN).partition(":")
    return (name, password) if colon and key and key.startswith(LOGIN) else None


def literal_address(host: str) -> Address | None:
    """The address that a host is, in any way the system takes for one (`0xa9fea9fe`, `2852039166`, a dot
    behind it); None for a name."""
    host = host.strip("[]").rstrip(".").partition("%")[0]
    with suppress(ValueError):
        return ipaddress.ip_address(host)
    with suppress(OSError, UnicodeError):
        return ipaddress.IPv4Address(socket.inet_aton(host))
    return None


def serves_no_model(address: Address) -> bool:
    """Link-local addresses and those by which clouds hand out credentials, also inside of IPv6."""
    address = _inner(address)
    return (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or str(address) in METADATA_ADDRESSES
    )


def is_internal(address: Address) -> bool:
    """Whether the internet doesn't reach it: of this computer, of a private network, or of no single host."""
    address = _inner(address)
    handed_out = address.version == 4 or address in _UNICAST
    return not (handed_out and address.is_global) or address.is_multicast or serves_no_model(address)


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, where it does."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and any(address in network for network in _ENDS_IN_IPV4):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return inner or address
    return address


def _with(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """A copy with validated changes: what is given to the constructor wins over environment and file."""
    values = {name: getattr(settings, name) for name in type(settings).model_fields}
    usual = {name: field.default for name, field in type(settings).model_fields.items()}
    values |= {k: usual.get(k) if v in (None, "") else v for k, v in changes.items()}
    return load_settings(**values)


def _saved(home: Path) -> dict[str, Any]:
    """What the two files say. Raises `SettingsError` for a secret in the one that backups have."""
    file = home / "settings.json"
    kept = _read(file)
    if misplaced := SECRET & kept.keys():
        raise SettingsError(
            f"{file} can't hold {' and '.join(sorted(misplaced))}, because backups have that file. Move it "
            "to secrets.json beside it."
        )
    _check_open(str(kept.get("openai_base_url", "")))
    return kept | {name: value for name, value in SecretsFile(home).read().items() if name in SECRET}


def _read(file: Path) -> dict[str, Any]:
    try:
        saved = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (json.JSONDecodeError, UnicodeError, RecursionError) as error:
        raise SettingsError(f"{file} is not JSON: {error}. Mend or remove it.") from error
    if not isinstance(saved, dict):
        raise SettingsError(f"{file} holds no settings. Mend or remove it.")
    return saved


def _variable(name: str) -> str:
    return name.upper() if name.startswith("openai_") else f"DISCERN_{name.upper()}"


HARMLESS = "api-version"  # in the query of an address of Azure's kind, whose other values may be keys
ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*://)(.*)", re.IGNORECASE | re.DOTALL)
HOST = re.compile(r"(\[[^\]]*\]|[^:]*)(:\d+)?")  # perhaps with a port


def parts_of(address: str) -> tuple[str, str, str] | None:
    """Scheme, name and password, and the rest; None for what is no address. Where a password has characters
    that end a host, such as # or /, all up to the last @ counts as part of it."""
    if (match := ADDRESS.fullmatch(address)) is None:
        return None
    scheme, rest = match.groups()
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    login, _, _ = authority.rpartition("@")
    if not login and HOST.fullmatch(authority) is None:
        login = rest.rpartition("@")[0]
    return scheme, login, rest[len(login) :].removeprefix("@")


def secrets_in(address: str) -> list[str]:
    """Values in the query that may be keys, as they are written and as they are meant."""
    query = address.partition("#")[0].partition("?")[2]
    pairs = (pair.partition("=") for pair in query.split("&"))
    values = [value or name for name, _, value in pairs if name and name != HARMLESS]
    return [text for value in values for text in (value, unquote_plus(value))]
