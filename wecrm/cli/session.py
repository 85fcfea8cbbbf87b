"""What one run of a command has: its options, and the things it opens only when needed."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from wecrm import config as configuration
from wecrm.cli import process
from wecrm.cli.globals import Globals, one_at_a_time
from wecrm.config import Config, Places, Profile
from wecrm.errors import ConfigError, DeadlineError, UsageError, WecrmError
from wecrm.i18n import _
from wecrm.models.clock import Clock, Progress, Run
from wecrm.models.plan import Limits
from wecrm.models.text import visible

if TYPE_CHECKING:
    from wecrm.api.client import Client
    from wecrm.operations.plans import Issuer
    from wecrm.operations.work import Work
    from wecrm.sandbox.world import World
    from wecrm.store.database import Store

SANDBOX = "sandbox"
OF_PROFILE = "of the profile"
SANDBOX_SIZE: dict[str, Any] = {"members": 30, "contacts": 2000, "seed": 7}


class SystemClock:
    """The clock of the machine."""

    def now(self) -> float:
        """Unix seconds."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait for real."""
        time.sleep(seconds)


def _no_progress(_progress: Progress) -> None:
    return


def _nothing() -> None:
    return


def _unpaced(_sent: Mapping[str, int], _allowed: Callable[[int], float]) -> None:
    return


@dataclass
class Session:
    """One run. Attributes that open something do so once, when first asked for."""

    options: Globals
    stdin: TextIO | None
    stdout: TextIO
    stderr: TextIO
    signalled: Callable[[], WecrmError | None]
    progress: Callable[[Progress], None] = _no_progress
    clear_progress: Callable[[], None] = _nothing
    pace_progress: Callable[[Mapping[str, int], Callable[[int], float]], None] = _unpaced
    summed_up: bool = False
    """Whether the one line of --cron was told."""
    among_several: bool = False
    """Whether this is one of several profiles of the run."""
    _closing: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    # -- configuration

    @cached_property
    def places(self) -> Places:
        """Folders for configuration, data and cache."""
        return configuration.places(self.options.environ)

    @property
    def config_path(self) -> Path:
        """The configuration file that is read."""
        return self.options.config or self.places.config

    @cached_property
    def config(self) -> Config:
        """The decoded configuration file; the built-in one when there is no file."""
        return configuration.load(self.config_path, required=self.options.config is not None)

    @cached_property
    def tz(self) -> tzinfo:
        """Where days begin."""
        return self.config.tz()

    @property
    def profile_name(self) -> str:
        """The profile of this run, by flag, environment or file."""
        name = self.options.profile or self.config.default_profile
        if not name:
            raise ConfigError(
                _("No profile is chosen."),
                _("A profile says which corp to work on."),
                _("Try --profile sandbox, or write your own: wecrm config init."),
            )
        if "," in name or name.startswith("@"):
            raise one_at_a_time(name)
        return name

    @cached_property
    def profile(self) -> Profile:
        """The settings of that profile; `sandbox` is built in."""
        if self.in_sandbox and SANDBOX not in self.config.profiles:
            from wecrm.sandbox.identity import CORP_ID, CORP_NAME

            return Profile(corp_id=CORP_ID, name=CORP_NAME)
        return self.config.profile(self.profile_name)

    @property
    def in_sandbox(self) -> bool:
        """Whether WeCom is the built-in sandbox, mounted in process."""
        return self.profile_name == SANDBOX

    @cached_property
    def limits(self) -> Limits:
        """What bulk commands may do unasked in this profile."""
        own = self.profile.limits
        return Limits(own.max_changes, own.max_removals, own.max_failures)

    def secrets(self) -> dict[str, str]:
        """The secrets by purpose, resolved; never shown."""
        if self.in_sandbox:
            from wecrm.sandbox.identity import SECRETS

            return {kind: SECRETS[kind] for kind in ("contact", "directory", "archive")}
        found = self.profile.secrets
        return {kind: configuration.resolve(secret.secret, self.options.environ) for kind, secret in found.items()}

    @property
    def agentid(self) -> int | None:
        """The app of the contact secret, if the profile names it."""
        if self.in_sandbox:
            from wecrm.sandbox.identity import AGENTID

            return AGENTID
        contact = self.profile.secrets.get("contact")
        return contact.agentid if contact else None

    # -- what a command works with

    @property
    def world_path(self) -> Path:
        """The sandbox's world file."""
        return self.places.data / "sandbox.world"

    @cached_property
    def world(self) -> "World":
        """The built-in sandbox; made small and believable when it is not there yet."""
        from filelock import FileLock

        from wecrm.sandbox.world import World

        try:
            self.world_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            alone = FileLock(f"{self.world_path}.lock", mode=0o600).acquire()
        except OSError as error:
            raise ConfigError(
                _("The folder {path} can't be written.", path=self.world_path.parent),
                str(error.strerror),
                _("Give this user a writable folder, or set WECRM_HOME to one."),
            ) from error
        with alone:
            if not self.world_path.exists():
                self.say(_("Making a sandbox corp: {members} members, {contacts} relations.", **SANDBOX_SIZE))
                World.create(self.world_path, **SANDBOX_SIZE).close()
            try:
                world = World.open(self.world_path)
            except (ValueError, OSError) as error:
                raise ConfigError(
                    _("The sandbox {path} can't be opened.", path=self.world_path),
                    _("The file is damaged, or of another version, or too many files are open."),
                    _("Begin it again: wecrm sandbox reset"),
                ) from error
        self._closing.callback(world.close)
        return world

    @cached_property
    def clock(self) -> Clock:
        """The machine's clock; the sandbox has its own."""
        if self.in_sandbox:
            from wecrm.sandbox.clock import WorldClock

            return WorldClock(self.world)
        return SystemClock()

    @cached_property
    def run(self) -> Run:
        """The run that operations ask about time, stopping and progress."""
        process.finish_first(self.signalled)
        return Run(self.clock, self._stop(), self.progress)

    def _stop(self) -> Callable[[], WecrmError | None]:
        limit = self.options.max_runtime_s
        end = None if limit is None else self.clock.now() + limit

        def stop() -> WecrmError | None:
            if end is not None and self.clock.now() >= end:
                return DeadlineError(
                    _("--max-runtime is reached."), "", _("Everything done is kept; run it again to go on.")
                )
            return self.signalled()

        return stop

    @property
    def database(self) -> Path:
        """Path of this corp's database."""
        if self.profile.database:
            return Path(self.profile.database).expanduser()
        return self.places.data / f"{self.profile.corp_id}.db"

    @cached_property
    def store(self) -> "Store":
        """The corp's database, open and migrated."""
        from wecrm.store.database import Store

        store = Store.open(self.database, busy_timeout_s=self.profile.busy_timeout_s)
        self._closing.callback(store.close)
        store.claim(self.profile.corp_id)
        return store

    @cached_property
    def client(self) -> "Client":
        """The connection to WeCom, or to the sandbox."""
        return self.connect(self.secrets(), self.run)

    def connect(
        self, secrets: Mapping[str, str], run: Run, *, patient: bool = True, proxy: str | None = OF_PROFILE
    ) -> "Client":
        """A connection with just these secrets; `patient` as in its settings, `proxy` if another than usual."""
        from wecrm.api.client import Client, Settings

        profile = self.profile
        settings = Settings(
            corp_id=profile.corp_id,
            secrets=secrets,
            cache=self.places.cache / "sandbox" if self.in_sandbox else self.places.cache,
            agentid=self.agentid,
            base_url="https://qyapi.weixin.qq.com" if self.in_sandbox else profile.base_url,
            proxy=profile.proxy if proxy == OF_PROFILE else proxy,
            connect_timeout_s=profile.connect_timeout_s,
            read_timeout_s=profile.read_timeout_s,
            budget=self.issuer.budget,
            parallel=profile.limits.parallel,
            parallel_max=max(profile.limits.parallel, profile.limits.parallel_max),
            dry_run=self.options.dry_run,
            patient=patient,
        )
        client = Client(settings, run, self._mounted())
        if not self.in_sandbox:  # there, waiting takes no time
            self.pace_progress(client.sent, settings.budget.seconds)
        self._closing.callback(client.close)
        return client

    def _mounted(self) -> Any:
        if not self.in_sandbox:
            return None
        from wecrm.sandbox.app import wsgi

        return wsgi(self.world)

    @cached_property
    def issuer(self) -> "Issuer":
        """Who plans and applies: corp, profile, allowed rate."""
        from wecrm.api.limits import Budget
        from wecrm.operations.plans import Issuer

        limits = self.profile.limits
        return Issuer(self.profile.corp_id, self.profile_name, Budget(limits.share, limits.scale))

    @property
    def work(self) -> "Work":
        """Client, store and run together, as operations take them."""
        from wecrm.cli.archive import opening
        from wecrm.operations.work import Work

        return Work(self.client, self.store, self.run, lambda: opening.standing(self))

    @contextlib.contextmanager
    def locked(self, purpose: str) -> Iterator[None]:
        """Hold the corp's lock of that purpose while the block runs."""
        from wecrm.store.locks import held

        with held(self.database, purpose):
            yield

    # -- talking to the person

    def say(self, sentence: str) -> None:
        """One line on stderr, unless -q or --cron."""
        if not self.options.quiet and not self.options.cron:
            self.warn(sentence)

    def warn(self, sentence: str) -> None:
        """One line on stderr that -q does not silence."""
        self.clear_progress()
        for line in sentence.split("\n"):
            self.stderr.write(visible(line) + "\n")
        self.stderr.flush()

    def confirm(self, question: str, *, flag: str) -> bool:
        """Ask yes or no on the terminal; without one, exit 2 naming the flag that answers."""
        self.clear_progress()
        if self.options.no_input or self.options.cron or self.stdin is None or not self.stdin.isatty():
            raise UsageError(
                _("This needs an answer: {question}", question=question),
                _("There is no terminal to ask on."),
                _("Answer with {flag}.", flag=flag),
            )
        self.stderr.write(f"{visible(question)} [y/N] ")
        self.stderr.flush()
        return self.answer().strip().lower() in ("y", "yes", "是")

    def answer(self) -> str:
        """The line that a person types, "" at the end of input; a signal meanwhile ends the run at once."""
        assert self.stdin is not None
        with process.at_once(self.signalled):
            return self.stdin.readline()

    def at_end(self, close: Callable[[], object]) -> None:
        """Call `close` when the run ends."""
        self._closing.callback(close)

    def close(self) -> None:
        """Close whatever was opened."""
        self._closing.close()
