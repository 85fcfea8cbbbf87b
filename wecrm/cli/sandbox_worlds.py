"""`wecrm sandbox serve|seed|reset`: the whole of a sandbox world."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wecrm.cli.command import command, group, session
from wecrm.cli.root import duration
from wecrm.cli.session import SANDBOX, SANDBOX_SIZE, Session
from wecrm.errors import SafetyError, UsageError, WecrmError
from wecrm.i18n import _

if TYPE_CHECKING:
    from wecrm.sandbox.world import World

app = group(_("An offline WeCom to try everything on."))

WorldOption = Annotated[
    Path | None, typer.Option("--world", help=_("A world file other than the built-in one."), metavar="FILE")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help=_("Remove the old sandbox without asking."))]

MADE = "made"
"""The world's own note of how big it was made, for `reset`."""


def opened(s: Session, path: Path | None) -> "World":
    """The world in `path`, or the built-in one; in a dry run a copy, which goes when the run ends.

    Raises:
        UsageError: there is no world in that file.
    """
    from wecrm.sandbox.world import World

    fix = _("Make one with `wecrm sandbox seed --world FILE`.") if path else _("Make it anew: `wecrm sandbox reset`.")
    try:
        world = s.world if path is None else World.open(path)
    except (FileNotFoundError, ValueError) as error:
        raise UsageError(_("The sandbox world can't be opened."), str(error), fix) from error
    if path is not None:
        s.at_end(world.close)
    return _copied(s, world) if s.options.dry_run else world


def _copied(s: Session, world: "World") -> "World":
    from tempfile import TemporaryDirectory

    folder = TemporaryDirectory(prefix="wecrm-")
    s.at_end(folder.cleanup)
    copy = world.copied(Path(folder.name) / "a.world")
    s.at_end(copy.close)
    s.warn(_("Dry run: the sandbox stays as it is."))
    return copy


@command(
    app,
    "serve",
    _("Offer the sandbox on a local port to other programs, until Ctrl-C."),
    (
        "wecrm sandbox serve",
        "wecrm sandbox serve --port 8765 --latency 30ms",
        "wecrm sandbox serve --world big.world",
    ),
    _("Its address goes to stdout; corp id, secrets and a profile to copy go to stderr. Its time is real time."),
)
def serve(
    ctx: typer.Context,
    port: Annotated[int, typer.Option(help=_("0 takes a free one."), min=0, max=65535)] = 0,
    host: Annotated[str, typer.Option(help=_("A loopback address."))] = "127.0.0.1",
    latency: Annotated[str, typer.Option(help=_("What every call takes at least, as 30ms."), metavar="TIME")] = "0",
    world: WorldOption = None,
) -> None:
    from wecrm.sandbox import server

    s = session(ctx)
    wait_s = _latency(latency)
    served = opened(s, world)

    def ready(url: str) -> None:
        s.warn(_profile(served, url, world))
        s.stdout.write(f"{url}\n")  # last: who has read it may begin
        s.stdout.flush()

    try:
        with _interruptible():
            server.serve(served, host=host, port=port, latency_s=wait_s, ready=ready)
    except ValueError as error:
        raise UsageError(_("It can't be served at {host}.", host=host), str(error), "") from error
    except SystemExit:
        raise UsageError(
            _("Port {port} of {host} can't be listened on.", port=port, host=host), "", _("Leave --port out.")
        ) from None
    s.say(_("Stopped; the world stays in {path}.", path=served.path))


def _latency(text: str) -> float:
    if text.endswith("ms"):
        return duration("--latency", text.removesuffix("ms")) / 1000
    return duration("--latency", text)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C ends the block at once: nothing is in flight that would have to be finished."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGINT, before)


def _profile(world: "World", url: str, path: Path | None) -> str:
    from wecrm.sandbox.identity import AGENTIDS, CORP_ID, CORP_NAME, SECRETS

    lines = [
        _("The sandbox answers at {url} until Ctrl-C. A profile for it, to copy into your configuration:", url=url),
        "",
        "profiles:",
        "  served:",
        f"    corp_id: {CORP_ID}",
        f"    name: {CORP_NAME}",
        f"    base_url: {url}",
        "    secrets:",
        *(
            f"      {kind}: {{secret: 'command:echo {SECRETS[kind]}', agentid: {AGENTIDS[kind]}}}"
            for kind in ("contact", "directory", "archive")
        ),
    ]
    if path:
        lines.append(f"    database: '{path.resolve()}.db'")
    scale = world.setting("limit.scale")
    if scale is not None:
        lines.append(f"    limits: {{scale: {scale}}}")
    others = ", ".join(SECRETS[kind] for kind in ("second", "system", "other"))
    return "\n".join([*lines, "", _("Secrets of other apps in it: {secrets}.", secrets=others)])


@command(
    app,
    "seed",
    _("Make another sandbox world, and forget what was cached of the old one."),
    ("wecrm sandbox seed --members 200 --contacts 50000", "wecrm sandbox seed --world big.world --contacts 1000000"),
    _("The same numbers make the same world. With --world a new file is made and nothing is removed."),
)
def seed(
    ctx: typer.Context,
    members: Annotated[int, typer.Option(help=_("Members of the corp."), min=1)] = 200,
    contacts: Annotated[int, typer.Option(help=_("Relations, member × customer."), min=0)] = 50_000,
    groups: Annotated[int | None, typer.Option(help=_("Customer groups; one per 200 relations."), min=0)] = None,
    number: Annotated[int, typer.Option("--seed", help=_("What everything is drawn from."))] = 7,
    world: WorldOption = None,
    yes: YesOption = False,
) -> None:
    s = session(ctx)
    size = {"members": members, "contacts": contacts, "groups": groups, "seed": number}
    if world is None:
        _remake(s, size, yes)
        return
    if world.exists():
        raise SafetyError(
            _("{path} is there already; only the built-in sandbox is made anew.", path=world),
            "",
            _("Name a new file, or remove that one yourself."),
        )
    _make(s, world, size)


@command(
    app,
    "reset",
    _("Begin the sandbox again as it was made, and forget what was cached of it."),
    ("wecrm sandbox reset", "wecrm sandbox reset --yes"),
    _("Removes the built-in world, the sandbox profile's database with its journal, and its tokens; nothing else."),
)
def reset(ctx: typer.Context, yes: YesOption = False) -> None:
    s = session(ctx)
    _remake(s, _made(s), yes)


def _made(s: Session) -> dict[str, Any]:
    from wecrm.sandbox.world import World

    try:
        with World.open(s.world_path) as world:
            found = world.setting(MADE)
            return dict(found) if isinstance(found, dict) else SANDBOX_SIZE | {"seed": world.seed}
    except (FileNotFoundError, ValueError):
        return dict(SANDBOX_SIZE)


def _remake(s: Session, size: dict[str, Any], yes: bool) -> None:
    """The built-in world anew; what belongs to the old one is removed."""
    from filelock import FileLock

    from wecrm.store.locks import held

    database = _own_database(s)
    old = [path for path in (s.world_path, *_cached(s, database)) if path.exists()]
    if s.options.dry_run:
        s.warn(_("Dry run: would remove {n} files and make a new sandbox.", n=len(old)))
        return
    shown = ", ".join(str(path) for path in old if path in (s.world_path, database))
    if old and not yes and not s.confirm(_("Remove the sandbox and its cache ({paths})?", paths=shown), flag="--yes"):
        raise UsageError(_("Nothing was removed."), _("The answer was no."), "")
    with held(database, "sync"), held(database, "apply"):
        for path in _cached(s, database):
            path.unlink(missing_ok=True)
        with FileLock(f"{s.world_path}.lock", mode=0o600):
            _make(s, s.world_path, size)


def _own_database(s: Session) -> Path:
    """The sandbox profile's database, once it is sure that it is nobody else's."""
    from wecrm.sandbox.identity import CORP_ID
    from wecrm.store.database import Store

    database = s.places.data / f"{CORP_ID}.db"
    own = s.config.profiles.get(SANDBOX)
    foreign = own is not None and (own.database is not None or own.corp_id != CORP_ID)
    linked = any(path.is_symlink() for path in (database, s.world_path, s.places.cache / SANDBOX))
    if database.exists() and not (foreign or linked):
        with contextlib.suppress(WecrmError):  # a damaged file under this name is still the sandbox's own
            store = Store.open(database)
            foreign = store.corp_id() not in ("", CORP_ID)
            store.close()
    if foreign or linked:
        raise SafetyError(
            _("The sandbox's files are not where they belong; nothing was removed."),
            _("The profile `sandbox` is your own, a file is a link, or {path} is another corp's.", path=database),
            _("Remove what you no longer need yourself."),
        )
    return database


def _cached(s: Session, database: Path) -> list[Path]:
    """Everything that was kept of the sandbox: the database's files, tokens, budgets."""
    ends = ("", "-wal", "-shm", "-journal")
    folder = s.places.cache / SANDBOX
    kept = [path for path in folder.glob("*") if path.is_file() and path.name.startswith(("token-", "limits."))]
    return [*(database.with_name(database.name + end) for end in ends), *sorted(kept)]


def _make(s: Session, path: Path, size: dict[str, Any]) -> None:
    from wecrm.sandbox.world import World

    if s.options.dry_run:
        s.warn(_("Dry run: would make {path}.", path=path))
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with World.create(path, **size) as world:
            world.store(MADE, size)
    except OSError as error:
        raise UsageError(_("{path} can't be written.", path=path), str(error.strerror), "") from error
    s.say(
        _(
            "A sandbox corp of {members} members and {contacts} relations is in {path}.",
            members=size["members"],
            contacts=size["contacts"],
            path=path,
        )
    )
