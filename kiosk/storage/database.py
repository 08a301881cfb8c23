"""Storage: everything that is kept, behind one value with a part for each subject."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text

from kiosk.clock import Clock
from kiosk.errors import StartupError, StorageError
from kiosk.settings.sections import StorageSettings
from kiosk.storage.alerts import Alerts
from kiosk.storage.devices import DeviceTokens, Pairings
from kiosk.storage.engine import BUSY_S, Database, open_database, parse_url, prepare_place
from kiosk.storage.insight import Insight
from kiosk.storage.keeping import Keeping
from kiosk.storage.logins import Attempts, Logins, OneTime
from kiosk.storage.migrate import migrate, newer_sentence, older_sentence, status_of
from kiosk.storage.outbox import Outbox
from kiosk.storage.people import Audit, EnrolmentCodes, OperatorAccounts, Secrets
from kiosk.storage.plugins import PluginData
from kiosk.storage.search import Search
from kiosk.storage.tokens import ApiTokens, RecoveryCodes
from kiosk.storage.visits import Kiosks, Turns, Visits


class Storage:
    """The parts of storage. Every call may raise StorageError, and then has changed nothing."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self.kiosks = Kiosks(database, clock)
        self.visits = Visits(database)
        self.turns = Turns(database)
        self.operators = OperatorAccounts(database, clock)
        self.logins = Logins(database, clock)
        self.attempts = Attempts(database, clock)
        self.one_time = OneTime(database, clock)
        self.tokens = ApiTokens(database, clock)
        self.recovery_codes = RecoveryCodes(database)
        self.audit = Audit(database, clock)
        self.secrets = Secrets(database, clock)
        self.codes = EnrolmentCodes(database, clock)
        self.devices = DeviceTokens(database, clock)
        self.pairings = Pairings(database, clock)
        self.outbox = Outbox(database, clock)
        self.alerts = Alerts(database, clock)
        self.search = Search(database)
        self.keeping = Keeping(database, clock)
        self.insight = Insight(database, clock)
        self._clock = clock

    def plugin(self, name: str) -> PluginData:
        """Return what one plugin keeps."""
        return PluginData(self._db, self._clock, name)

    async def ping(self) -> None:
        """Ask the database for an answer; raises StorageError when there is none."""
        async with self._db.read() as connection:
            await connection.execute(text("SELECT 1"))


@asynccontextmanager
async def open_storage(
    settings: StorageSettings, clock: Clock, *, busy_s: float = BUSY_S
) -> AsyncIterator[Storage]:
    """Open the database of the settings, up to date; raises StartupError with the fix in it."""
    url = parse_url(settings.url)
    await prepare_place(url)
    database = await open_database(url, busy_s=busy_s)
    try:
        try:
            found = await status_of(database)
            if not found.up_to_date and not found.newer and settings.migrate:
                found = await migrate(settings.url, busy_s=busy_s)
        except StorageError as error:
            raise StartupError(str(error)) from None
        if found.newer:
            raise StartupError(newer_sentence(found))
        if not found.up_to_date:
            raise StartupError(older_sentence(found))
        yield Storage(database, clock)
    finally:
        await database.aclose()
