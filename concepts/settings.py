"""Settings: from the environment, or from `settings.json` in the data folder where the app saves them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    JsonConfigSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from concepts.errors import SettingsError


def default_home() -> Path:
    return Path(os.environ.get("DISCERN_HOME") or Path.home() / ".discern").expanduser().absolute()


class Settings(BaseSettings):
    """Everything that can be set. The environment wins over `settings.json`."""

    model_config = SettingsConfigDict(env_prefix="DISCERN_", extra="ignore", populate_by_name=True)

    home: Path = Field(default_factory=default_home, exclude=True)
    host: str = "127.0.0.1"
    port: int = 7860
    encoder: str = "auto"
    openai_api_key: SecretStr | None = Field(
        None, validation_alias=AliasChoices("OPENAI_API_KEY", "openai_api_key"), exclude=True
    )
    openai_base_url: str | None = Field(
        None, validation_alias=AliasChoices("OPENAI_BASE_URL", "openai_base_url")
    )
    llm_model: str | None = None
    vlm_model: str | None = None
    # USD per million tokens, "input/output"; without it a budget in USD can't be kept.
    llm_price: str | None = None
    vlm_price: str | None = None
    model_concurrency: int = Field(4, ge=1, le=64)

    @property
    def has_endpoint(self) -> bool:
        return bool(self.openai_api_key or self.openai_base_url)

    @property
    def database_path(self) -> Path:
        return self.home / "discern.sqlite"

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
        saved = JsonConfigSettingsSource(settings_cls, json_file=default_home() / "settings.json")
        return init_settings, env_settings, saved


def load_settings(**overrides: Any) -> Settings:
    """Raises `SettingsError` with the names of the settings that can't be used."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise SettingsError(f"These settings can't be used: {problems}") from error
    except json.JSONDecodeError as error:
        raise SettingsError(
            f"{default_home() / 'settings.json'} is not JSON: {error}. Mend or remove it."
        ) from error
