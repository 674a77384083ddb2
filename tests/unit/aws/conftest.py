"""The shipped catalogue, opened once, and small contents to convert and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from iamdsl.aws import Catalogue
from iamdsl.aws.container import decode
from iamdsl.resources import open_catalogue

if TYPE_CHECKING:
    from iamdsl.aws.container import Content


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue(open_catalogue())


@pytest.fixture(scope="session")
def shipped() -> Content:
    """Everything the shipped file holds; do not change it."""
    return decode(open_catalogue())


@pytest.fixture
def small() -> Content:
    """A catalogue of two services, small enough to read in a failing test."""
    return {
        "version": "2026.1.2",
        "sources": [{"what": "a test", "asof": "2026-01-02", "licence": "none"}],
        "services": {
            "box": {
                "name": "Amazon Box",
                "rcp": True,
                "keys": {"box:Lid": ("String", "Filters by lid"), "box:Tag/${K}": ("String", "")},
                "types": {
                    "big box": {
                        "arns": ["arn:${Partition}:box:::${Name}", "arn:${Partition}:box::::${Id}"],
                        "keys": ["box:Tag/${K}"],
                    }
                },
                "actions": {
                    "OpenBox": {
                        "mask": 4,
                        "resources": [("big box", True, ["box:Lid"])],
                        "keys": [],
                        "dependents": ["key:Turn"],
                        "permission_only": False,
                        "description": "Opens a box",
                    },
                    "ListBoxes": {
                        "mask": 1,
                        "resources": [],
                        "keys": [],
                        "dependents": [],
                        "permission_only": True,
                        "description": "",
                    },
                },
            },
            "key": {
                "name": "Key",
                "rcp": False,
                "keys": {"lock.example:Lid": ("ArrayOfString", "")},
                "types": {},
                "actions": {
                    "Turn": {
                        "mask": 12,
                        "resources": [],
                        "keys": ["lock.example:Lid"],
                        "dependents": [],
                        "permission_only": False,
                        "description": "Turns\nit",
                    }
                },
            },
        },
        "global_keys": {
            "aws:SourceIp": {"type": "IPAddress", "always": False, "exact_only": False}
        },
        "retired": {"old:Thing": "2025-01-01"},
        "managed_policies": ["job-function/Boxer"],
    }
