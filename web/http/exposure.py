"""What must be set before other computers can reach the app."""

from __future__ import annotations

from concepts.errors import SettingsError
from concepts.installation.users import Users
from concepts.settings import Settings
from web.http.sign_in import check_sign_in


def check_exposure(settings: Settings) -> None:
    """Raises `SettingsError` where other computers could reach an app that asks nobody who they are, and
    where people sign in elsewhere and something is missing for it."""
    check_sign_in(settings)
    if settings.is_exposed and not (settings.insecure or settings.demo or Users(settings).records()):
        raise SettingsError(
            "Discern would be open to everyone who can reach it. Add a user (discern users add "
            "NAME, or DISCERN_USERS=name:password), leave out DISCERN_HOST, DISCERN_TRUSTED_PROXIES and "
            "DISCERN_ALLOWED_HOSTS, or say DISCERN_INSECURE=1 where something else keeps strangers out."
        )
