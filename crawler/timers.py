"""The timetable as files for an operating system: systemd units or a crontab. Pure.

systemd: one template service and a timer a source, so that `systemctl --failed` names the source and a slow one holds
up no other. The service ends as failed where the exit status is not 0: also on 1, done but something needs a look.
What was missed while the machine was off is collected by one crawl after the boot, instead of by all timers at once.
"""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.errors import UsageError
from crawler.schedule import Visit

_SERVICE = """\
[Unit]
Description=Ban Tin: collect {what}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
User={user}
{environment}
ExecStart={command}
Nice=10
IOSchedulingClass=idle
KillMode=mixed
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=read-only
{writable}
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
"""
_TIMER = """\
[Unit]
Description=Ban Tin: when to collect {what}

[Timer]
{when}
AccuracySec=10s

[Install]
WantedBy=timers.target
"""
_CRONTAB = """\
# Written by `bantin schedule --format cron`. cron mails what a line prints: only where the exit status was not 0.
{environment}
{lines}
"""
UNIT, MISSED = "bantin-collect@{}", "bantin-collect-missed"
CRONTAB = "bantin.crontab"
_BOOT = "OnBootSec=5min"


@dataclass(frozen=True, slots=True)
class Command:
    """How `bantin` is to be started: the program, its environment, the folders it writes to, whose account runs it."""

    program: Path
    environment: Mapping[str, str]
    writable: Sequence[Path]
    user: str
    logs: Path


def systemd(visits: Sequence[Visit], command: Command, *, whole: bool) -> dict[str, str]:
    """File name → text. ``whole``: the visits are those of the whole catalogue."""
    ids = [] if whole else [visit.source_id for visit in visits]
    files = {
        f"{UNIT.format('')}.service": _service("what is due of %i", command, ["%i"]),
        f"{MISSED}.service": _service("what was missed while the machine was off", command, ids),
        f"{MISSED}.timer": _TIMER.format(what="what was missed while the machine was off", when=_BOOT),
    }
    for visit in visits:
        what, when = visit.source_id, f"OnCalendar={visit.calendar}"
        files[f"{UNIT.format(visit.source_id)}.timer"] = _TIMER.format(what=what, when=when)
    return files


def cron(visits: Sequence[Visit], command: Command) -> dict[str, str]:
    """File name → text: a line a source. What it prints goes to a file of its own below ``logs``."""
    environment = (f"{name}={_cron_value(value)}" for name, value in command.environment.items())
    lines = (_cron_line(visit, command) for visit in visits)
    return {CRONTAB: _CRONTAB.format(environment="\n".join(environment), lines="\n".join(lines))}


def _service(what: str, command: Command, ids: Iterable[str]) -> str:
    if any(mark in str(command.program) for mark in "\"'\\"):
        raise UsageError(f"{command.program}: systemd starts no program at such a path. Install bantin elsewhere")
    words = [_quoted(str(command.program)), "collect", "--due", *ids]
    return _SERVICE.format(
        what=what,
        user=command.user,
        environment="\n".join(f"Environment={_quoted(f'{n}={v}')}" for n, v in command.environment.items()),
        command=" ".join(words),
        writable="\n".join(f"ReadWritePaths={_quoted(str(folder))}" for folder in command.writable),
    )


def _quoted(text: str) -> str:
    """One word in a unit file (systemd.syntax(7)); % begins a specifier (systemd.unit(5))."""
    escaped = _one_line(text).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


def _cron_line(visit: Visit, command: Command) -> str:
    log = str(command.logs / f"collect-{visit.source_id}.log")
    run = f"{shlex.quote(str(command.program))} collect --due {visit.source_id}"
    tell = f"echo {shlex.quote(f'{visit.source_id} needs a look: {log}')}"
    line = f"{run} >>{shlex.quote(log)} 2>&1 || {tell}"
    if "\\" in line:
        raise UsageError(
            f"{line}: cron reads a backslash in its own way. Choose paths without one, or --format systemd"
        )
    # To cron, % is the end of the line and the beginning of standard input (crontab(5)).
    return f"{visit.cron} {_one_line(line).replace('%', chr(92) + '%')}"


def _cron_value(text: str) -> str:
    quote = next((mark for mark in ('"', "'") if mark not in text), None)
    if quote is None:
        raise UsageError(f"{text}: a crontab cannot hold a value with both kinds of quotes. Use --format systemd")
    return f"{quote}{_one_line(text)}{quote}"


def _one_line(text: str) -> str:
    if any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in text):
        raise UsageError(f"{text!r}: control characters cannot stand in a unit file or crontab. Choose another path")
    return text
