"""Configs of sandboxes and containers in crictl's shape: the base of every test, merged with what it asks for."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml
from google.protobuf import json_format

from conformance.harness.cri import protocol
from conformance.harness.errors import WrongUse

Document = dict[str, Any]
#: Labels that all objects of a run carry, and those of one test.
RUN_LABEL, SCENE_LABEL = "seatrial.run", "seatrial.scene"


def merged(base: Document, *changes: Document) -> Document:
    """A config with changes: objects merge, all else is replaced, and None takes a field out."""
    result = copy.deepcopy(base)
    for change in changes:
        for key, value in change.items():
            if value is None:
                result.pop(key, None)
            elif isinstance(value, dict) and isinstance(result.get(key), dict):
                result[key] = merged(result[key], value)
            else:
                result[key] = copy.deepcopy(value)
    return result


def sandbox_config(name: str, run: str, logs: Path, cgroup: str) -> Document:
    """The base of a sandbox's config, as the kubelet has it for an ordinary pod."""
    return {
        "metadata": {"name": name, "uid": f"{run}-{name}", "namespace": run, "attempt": 0},
        "hostname": name,
        "log_directory": str(logs),
        "labels": {RUN_LABEL: run},
        "annotations": {"seatrial.note": "kept as it is"},
        "linux": {
            "cgroup_parent": cgroup,
            "security_context": {"namespace_options": {"pid": "CONTAINER"}},
        },
    }


def container_config(name: str, image: str, command: list[str], labels: dict[str, str]) -> Document:
    """The base of a container's config."""
    return {
        "metadata": {"name": name, "attempt": 0},
        "image": {"image": image, "user_specified_image": image},
        "command": command,
        "log_path": f"{name}.log",
        "labels": labels,
        "linux": {"security_context": {"namespace_options": {"pid": "CONTAINER"}}},
    }


def read_override(option: str, path: str, message: str) -> Document:
    """A config from a YAML or JSON file as crictl takes it; {} without a path.  Raises ``WrongUse``."""
    if not path:
        return {}
    try:
        document = yaml.safe_load(Path(path).read_text())
        if not isinstance(document, dict):
            raise WrongUse(f"--{option}={path}: it must be a mapping, as crictl's {message} in YAML")
        protocol.message(message, document)
    except OSError as problem:
        raise WrongUse(f"--{option}={path}: {problem.strerror}") from None
    except (UnicodeDecodeError, yaml.YAMLError) as problem:
        raise WrongUse(f"--{option}={path}: it is no YAML: {' '.join(str(problem).split())[:200]}") from None
    except json_format.ParseError as problem:
        raise WrongUse(f"--{option}={path}: it is no {message}: {' '.join(str(problem).split())[:200]}") from None
    return document
