"""Edits of the top level: the specification's version, root, host names and annotations (config.md)."""

from __future__ import annotations

from strategies.edit import Config, edit
from strategies.places import section


@edit
def oci_version(config: Config, version: str) -> None:
    """The version of the specification that the config names, instead of the oldest that knows all its fields."""
    config["ociVersion"] = version


@edit
def root_path(config: Config, path: str) -> None:
    """The root filesystem, absolute or relative to the bundle (config.md, Root)."""
    section(config, "root")["path"] = path


@edit
def readonly_root(config: Config, readonly: bool = True) -> None:
    """Whether the root filesystem is read-only inside the container (config.md, Root)."""
    section(config, "root")["readonly"] = readonly


@edit
def hostname(config: Config, name: str) -> None:
    """The host name inside the container (config.md, Hostname)."""
    config["hostname"] = name


@edit
def domainname(config: Config, name: str) -> None:
    """The NIS domain name inside the container (config.md, Domainname)."""
    config["domainname"] = name


@edit
def annotation(config: Config, key: str, value: str) -> None:
    """One annotation, besides those already there (config.md, Annotations)."""
    section(config, "annotations")[key] = value
