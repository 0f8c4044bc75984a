"""Bundles: a config.json made from edits, and a root filesystem that holds the probe and empty directories."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from conformance.probe.report import binary
from strategies.config import ROOTFS_DIRECTORIES
from strategies.edit import Config

CANARY = "canary"
CANARY_TEXT = "Whoever reads this from a container has left it; whoever changes it has broken out.\n"


@dataclass(frozen=True)
class Bundle:
    """A bundle on disk: ``folder`` holds config.json and the root filesystem, with a canary beside each."""

    folder: Path
    config: Config

    @property
    def rootfs(self) -> Path:
        """The folder that ``root.path`` names, or would name by default."""
        path = self.config.get("root", {}).get("path", "rootfs") if isinstance(self.config.get("root"), dict) else ""
        return self.folder / (path if isinstance(path, str) and path else "rootfs")

    def rewrite(self, config: Config) -> None:
        """Put another config.json in the place of the one that was there."""
        (self.folder / "config.json").write_text(json.dumps(config))

    def canaries_changed(self) -> list[str]:
        """The canaries that are gone or were written to."""
        return [str(path) for path in _canaries(self.folder) if not _intact(path)]


def write_bundle(folder: Path, config: Config) -> Bundle:
    """Write a bundle for ``config``; the root filesystem is always ``rootfs`` below ``folder``."""
    rootfs = folder / "rootfs"
    for name in ROOTFS_DIRECTORIES:
        (rootfs / name.lstrip("/")).mkdir(parents=True, exist_ok=True)
    shutil.copyfile(binary(), rootfs / "probe")
    (rootfs / "probe").chmod(0o755)
    for path in _canaries(folder):
        path.write_text(CANARY_TEXT)
    bundle = Bundle(folder, config)
    bundle.rewrite(config)
    return bundle


def _canaries(folder: Path) -> tuple[Path, Path]:
    return (folder.parent / f"{folder.name}.{CANARY}", folder / CANARY)


def _intact(path: Path) -> bool:
    try:
        return path.read_text() == CANARY_TEXT
    except OSError:
        return False
