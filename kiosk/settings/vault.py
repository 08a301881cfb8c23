"""Settings from an Azure Key Vault, for sites that keep secrets nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from kiosk.errors import SettingsError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

VARIABLE: Final = "KIOSK_KEY_VAULT"
"""Names the vault, such as https://museum-kiosk.vault.azure.net."""
PREFIX: Final = "kiosk--"
"""A secret's name begins so; the vault may hold those of other programs, which are not read."""
MOST: Final = 200
"""Secrets of ours in one vault; a server has not nearly so many settings that are secret."""
CONNECT_S: Final = 5
READ_S: Final = 10
TRIES: Final = 2


def vault_settings(
    url: str, *, credential: TokenCredential | None = None, **client: Any
) -> dict[str, Any]:
    """Return the secrets of a vault as nested settings; raises SettingsError.

    `kiosk--upstream--api-key` is `upstream.api_key`: a vault takes letters, digits and dashes only
    in names, so two dashes part tables and one stands for an underscore. Secrets that are disabled
    count as absent. Without `credential` it is DefaultAzureCredential's, as for Voice Live.
    """
    try:
        from azure.core.exceptions import AzureError
        from azure.identity import DefaultAzureCredential
        from azure.keyvault.secrets import SecretClient
    except ModuleNotFoundError:
        raise SettingsError(
            f"{VARIABLE} needs an extra: pip install 'avatar-kiosk[azure-vault]'."
        ) from None
    if not url.startswith("https://"):
        raise SettingsError(f"{VARIABLE} is an address, such as https://NAME.vault.azure.net.")
    found: dict[str, Any] = {}
    try:
        with (
            _credential(credential, DefaultAzureCredential) as given,
            SecretClient(
                url,
                given,
                retry_total=TRIES,
                connection_timeout=CONNECT_S,
                read_timeout=READ_S,
                **client,
            ) as secrets,
        ):
            for name in _ours(secrets):
                _put(found, name, secrets.get_secret(name).value or "")
    except (AzureError, ValueError) as error:
        # The SDK's own text may quote an answer; its type tells the two cases apart.
        raise SettingsError(
            f"The key vault {url} was not read ({type(error).__name__}): check its address, the "
            "network, and that this machine's identity may list and get secrets."
        ) from None
    return found


@contextmanager
def _credential(given: TokenCredential | None, default: Any) -> Iterator[TokenCredential]:
    if given is not None:
        yield given
        return
    with default() as made:
        yield made


def _ours(secrets: Any) -> Iterator[str]:
    number = 0
    for secret in secrets.list_properties_of_secrets():
        name = secret.name or ""
        if not name.lower().startswith(PREFIX) or not secret.enabled:
            continue
        number += 1
        if number > MOST:
            raise SettingsError(f"The key vault has more than {MOST} secrets named {PREFIX}….")
        yield name


def _put(found: dict[str, Any], name: str, value: str) -> None:
    *tables, key = name[len(PREFIX) :].lower().replace("--", "/").replace("-", "_").split("/")
    if not key or not all(tables):
        raise SettingsError(f"The key vault's secret {name} names no setting; rename it.")
    table = found
    for part in tables:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise SettingsError(f"The key vault's secret {name} is inside of another; rename it.")
    if isinstance(table.get(key), dict):
        raise SettingsError(f"The key vault's secret {name} is a table of others; rename it.")
    table[key] = value
