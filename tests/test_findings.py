"""The scripts in findings/: their form alone. What they show is another package's business, and outside CI."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import markdown
from codebase import ROOT, report

FINDINGS = ROOT / "findings"


def scripts() -> dict[str, str]:
    """Text of every script by its name."""
    found = {path.name: path.read_text(encoding="utf-8") for path in sorted(FINDINGS.glob("*.sh"))}
    assert found, "no script in findings/: these rules look at nothing"
    return found


def head(text: str) -> str:
    """The comments that a script begins with, without its first line."""
    lines = text.splitlines()[1:]
    end = next(number for number, line in enumerate(lines) if not line.startswith("#"))
    return "\n".join(lines[:end])


def installed(text: str) -> list[str]:
    """What a script has pip install, options left out."""
    calls = [
        shlex.split(line) for line in text.replace("\\\n", " ").splitlines() if "pip" in line and "install" in line
    ]
    calls = [call[call.index("install") + 1 :] for call in calls if call[0].endswith("/pip")]
    return [word for call in calls for word in call if not word.startswith("-")]


def test_every_finding_can_be_run() -> None:
    report(
        [name for name in scripts() if not os.access(FINDINGS / name, os.X_OK)],
        "A finding is a program: chmod +x.",
    )
    start = "#!/usr/bin/env bash\n# "
    report(
        [name for name, text in scripts().items() if not text.startswith(start)], f"A finding begins with {start!r}."
    )
    report(
        [name for name, text in scripts().items() if "\nset -euo pipefail\n" not in text],
        "A finding stops at the first thing that fails: set -euo pipefail.",
    )


def test_every_finding_says_what_was_expected_what_happens_and_why_it_matters() -> None:
    parts = ("Expected: ", "What happens: ", "Why it matters: ", "Seen with: ")
    report(
        [
            f"{name}: {part}"
            for name, text in scripts().items()
            for part in parts
            if not re.search(rf"^# {part}", head(text), re.MULTILINE)
        ],
        "Comments at the top of a finding begin with these words; some are missing:",
    )


def test_every_finding_pins_what_it_installs_and_names_it() -> None:
    pinned = r"[\w.-]+(\[\w+\])?==\d[\w.]*"
    report([name for name, text in scripts().items() if not installed(text)], "A finding brings what it is about:")
    report(
        [
            f"{name}: {word}"
            for name, text in scripts().items()
            for word in installed(text)
            if not re.fullmatch(pinned, word)
        ],
        "What happens depends on the version, so each is pinned with ==:",
    )
    report(
        [
            f"{name}: {word}"
            for name, text in scripts().items()
            for word in installed(text)
            if re.sub(r"\[\w+\]", "", word).replace("==", " ") not in head(text) and not word.startswith("numpy==")
        ],
        "The comments at the top say with which versions it was seen; these are installed and not said:",
    )
    report([name for name, text in scripts().items() if "hthm" in " ".join(installed(text))], "hthm has no part in it:")


def test_every_finding_leaves_nothing_behind() -> None:
    lines = ("folder=$(mktemp -d)", "trap 'rm -rf \"$folder\"' EXIT", 'cd "$folder"')
    report(
        [f"{name}: {line}" for name, text in scripts().items() for line in lines if f"\n{line}\n" not in text],
        "A finding works in a temporary folder and removes it, however it ends:",
    )


def test_every_finding_says_when_it_has_changed() -> None:
    report(
        [name for name, text in scripts().items() if "changed: " not in text or "as stated" not in text],
        'A finding ends with "as stated", or fails with a line that begins with "changed: ":',
    )


def test_no_finding_names_a_host() -> None:
    host = r"://|\bwww\.|\b[\w-]+\.(org|com|net|dev|edu)\b"
    report(
        [
            f"{path.name}: {match[0]}"
            for path in sorted(FINDINGS.iterdir())
            for match in re.finditer(host, path.read_text(encoding="utf-8"))
        ],
        "Documentation is named, not linked, and pip knows where packages come from:",
    )


def test_readme_lists_every_finding() -> None:
    rows = markdown.rows((FINDINGS / "README.md").read_text(encoding="utf-8"))
    assert [row["script"].strip("`") for row in rows] == list(scripts())
    assert {path.suffix for path in FINDINGS.iterdir()} == {".md", ".sh"}, "findings/ has scripts and one README."
    assert Path(FINDINGS / "README.md").read_text(encoding="utf-8").count("\n# ") == 0
