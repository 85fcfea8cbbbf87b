"""Logging of one run: only wecrm's own loggers, text or JSON, never a secret."""

import json
import logging
import os
import sys
from pathlib import Path

from wecrm.cli.globals import Globals
from wecrm.errors import ConfigError
from wecrm.i18n import _
from wecrm.models.text import visible


class _Text(logging.Formatter):
    """One line per record, whatever a record's values hold."""

    def format(self, record: logging.LogRecord) -> str:
        return visible(super().format(record))


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": visible(record.getMessage()),
        }
        return json.dumps(entry, ensure_ascii=False)


def start(options: Globals) -> None:
    """Send wecrm's log where the options say; libraries' logs (they contain URLs) go nowhere."""
    logger = logging.getLogger("wecrm")
    for old in list(logger.handlers):
        logger.removeHandler(old)
        old.close()
    logger.propagate = False
    level = {0: logging.WARNING, 1: logging.INFO}.get(options.verbose, logging.DEBUG)
    logger.setLevel(logging.DEBUG if options.log_file else level)
    screen = logging.StreamHandler(sys.stderr)
    screen.setLevel(level)
    handlers: list[logging.Handler] = [screen]
    if options.log_file:
        handlers.append(_file(options.log_file))
    for handler in handlers:
        handler.setFormatter(
            _Json() if options.log_format == "json" else _Text("%(asctime)s %(levelname)s %(name)s: %(message)s")
        )
        logger.addHandler(handler)
    for library in ("httpx", "httpcore"):
        logging.getLogger(library).disabled = True


def _file(path: Path) -> logging.Handler:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        return logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise ConfigError(_("The log file {path} can't be opened.", path=path), str(error.strerror), "") from error
