"""Rules of the codebase. Each fails with the rule's reason."""

from __future__ import annotations

import importlib
import inspect
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from types import ModuleType

import pytest

import hthm
from codebase import CPP, ROOT, lines, module_names, places, report, sources

MOST_LINES = 320
MOST_BINDING_LINES = 150


# ---- The core -------------------------------------------------------------------------------------------------------


def test_only_bindings_include_pybind11() -> None:
    found = places(r"#\s*include\s*[<\"](pybind11|Python\.h)", *CPP, below="cpp")
    assert found, "no file includes pybind11: this rule looks at nothing"
    report(
        [place for place, path in found.items() if path.parent != ROOT / "cpp" / "bindings"],
        "The core knows no Python, so that it is compiled and tested without: only cpp/bindings/ includes pybind11.",
    )


def test_bindings_share_one_header() -> None:
    headers = sources(".hpp", below="cpp/bindings")
    shared = re.findall(r"^inline .*?(\w+)\(", headers[0].read_text(encoding="utf-8"), re.MULTILINE)
    assert "require" in shared, "arrays.hpp has lost what it is for: this rule looks at nothing"
    report(
        [str(path.relative_to(ROOT)) for path in headers[1:]]
        + list(places(rf"^[\w:<>*& ]+[ *&]({'|'.join(shared)})\(.*\) {{", ".cpp", below="cpp/bindings")),
        "What several bindings need is written once, in the one header they share.",
    )


def test_bindings_are_short() -> None:
    report(
        [
            f"{path.relative_to(ROOT)}: {count} lines"
            for path in sources(".cpp", ".hpp", below="cpp/bindings")
            if (count := len(path.read_text(encoding="utf-8").splitlines())) > MOST_BINDING_LINES
        ],
        f"A binding checks, views, releases the GIL and calls. Past {MOST_BINDING_LINES} lines it does something else.",
    )


def test_only_parallel_cpp_starts_threads() -> None:
    core = ROOT / "cpp" / "core"
    found = places(
        r"std::j?thread\b(?!::)|std::async|\bpthread_\w+\(|#\s*pragma\s+omp|_Pragma\s*\(\s*\"omp|[<\"]omp\.h", *CPP
    )
    assert found, "no file starts threads: this rule looks at nothing"
    report(
        [
            place
            for place, path in found.items()
            if path not in {core / "parallel.cpp", core / "system_threads.cpp"}
            and path.parent != ROOT / "cpp" / "tests"
        ],
        "Threads bring exceptions, floating-point environments, signals and fork with them, and cpp/core/parallel.cpp "
        "owns all of that, with what the systems call it in system_threads.cpp: use parallel_for.",
    )


def test_simulation_is_compiled_without_contraction() -> None:
    build = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    assert re.search(r"target_compile_options\(hthm_simulation\s[^)]*-ffp-contract=off", build), (
        "The bits of the simulation are promised: hthm_simulation must be compiled with -ffp-contract=off, "
        "for g++ fuses v·dt + x wherever the target has FMA."
    )


def test_no_flag_changes_bits_or_ties_to_one_machine() -> None:
    flags = r"-ffast-math|-Ofast|-funsafe-math|-fassociative-math|-freciprocal-math|-ffinite-math|-march=|-mtune=native"
    build_files = [*sources(".txt", ".json", ".toml"), ROOT / ".ci" / "run"]
    report(
        [
            f"{place}: {line.strip()}"
            for path in build_files
            for place, line in lines(path)
            if re.search(flags, line) and "such as -march=native" not in line  # the text of the documented option
        ],
        "One wheel runs on any x86-64 and gives the promised bits: faster paths are chosen at run time, and the "
        "option HTHM_ARCH_FLAGS, empty by default, is for those who build for themselves.",
    )
    option = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    assert 'set(HTHM_ARCH_FLAGS "" CACHE STRING' in option, "HTHM_ARCH_FLAGS must be empty by default."
    report(
        list(places(r"(#\s*pragma\s+(GCC|clang)\s+optimize|#\s*pragma\s+STDC\s+FP_CONTRACT\s+ON|-ffast-math)", ".cpp")),
        "No file may loosen the arithmetic for itself.",
    )


# ---- Python ---------------------------------------------------------------------------------------------------------


def test_import_brings_no_heavy_module() -> None:
    heavy = ("torch", "matplotlib", "h5py", "scipy", "rich", "tyro", "PIL", "safetensors", "html", "zipfile", "logging")
    program = f"import sys, hthm; print(*[name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    named = done.stdout.splitlines()[-1].split()  # an editable install says on the lines before that it is built
    report(named, "`import hthm` is quick: what is heavy is imported by the modules that need it.")


def public_modules() -> list[ModuleType]:
    """Every module that users import; `checks` is what the package says to itself."""
    names = module_names()
    names.remove("hthm.checks")
    return [importlib.import_module(name) for name in ("hthm", *names)]


def public_names(module: ModuleType) -> Iterator[tuple[str, object]]:
    """Functions and classes that a module defines and offers, and the public methods of those classes."""
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(value):
            yield f"{module.__name__}.{name}", value
        elif inspect.isclass(value):
            yield f"{module.__name__}.{name}", value
            for inner, member in vars(value).items():
                function = member.__func__ if isinstance(member, classmethod | staticmethod) else member
                if not inner.startswith("_") and (inspect.isfunction(function) or isinstance(function, property)):
                    yield f"{module.__name__}.{name}.{inner}", function


def has_section(docstring: str, *names: str) -> bool:
    return any(re.search(rf"^{name}\n-{{{len(name)}}}$", docstring, re.MULTILINE) for name in names)


def raises_itself(value: object) -> bool:
    function = value.fget if isinstance(value, property) else value
    assert inspect.isfunction(function)
    return bool(re.search(r"^\s+raise \w+\(", inspect.getsource(function), re.MULTILINE))


ROOMS_OF_THE_COMMAND = ("choices", "pages", "experiments", "command", "run")


def missing_sections(value: object) -> list[str]:
    """What a docstring lacks: what is raised, everywhere; parameters, more than two, where users call.

    In the rooms of the command nobody calls but the command: names and types say what goes in, and a section is
    there where it helps.
    """
    docstring = inspect.getdoc(value)
    if not docstring:
        return ["a docstring"]
    missing = []
    if inspect.isfunction(value):
        parameters = [name for name in inspect.signature(value).parameters if name not in {"self", "cls"}]
        called_by_users = value.__module__.removeprefix("hthm.").partition(".")[0] not in ROOMS_OF_THE_COMMAND
        if called_by_users and len(parameters) > 2 and not has_section(docstring, "Parameters"):
            missing.append("Parameters")
        results = has_section(docstring, "Returns", "Yields", "Raises")
        if called_by_users and has_section(docstring, "Parameters") and not results:
            missing.append("Returns or Raises")
    if not inspect.isclass(value) and raises_itself(value) and not has_section(docstring, "Raises"):
        missing.append("Raises")
    return missing


def test_every_public_name_is_documented() -> None:
    documented = [(name, value) for module in public_modules() for name, value in public_names(module)]
    assert len(documented) > 20, "this rule looks at next to nothing"
    report(
        [f"{name}: {', '.join(missing)}" for name, value in documented if (missing := missing_sections(value))],
        "Every public name says what it is, takes, returns and raises. These lack:",
    )
    report([module.__name__ for module in public_modules() if not module.__doc__], "Modules without a docstring:")


def test_public_names_are_those_promised() -> None:
    report(
        [name for name in hthm.__all__ if not hasattr(hthm, name)], "hthm.__all__ promises names that are not there:"
    )
    assert list(hthm.__all__) == sorted(hthm.__all__), "hthm.__all__ is kept in order, to be read."


def test_no_utils() -> None:
    names = {"utils", "util", "helpers", "helper", "common", "misc"}
    report(
        [str(path.relative_to(ROOT)) for path in sources(".py", *CPP) if path.stem in names],
        "A function without a subject has not been understood yet: give it the room of its subject.",
    )


# ---- Everywhere -----------------------------------------------------------------------------------------------------

SUPPRESSIONS = {
    # What is written, and how it looks with its code and its reason. The words are split so as not to find themselves.
    r"#\s*no" r"qa": r"#\s*no" r"qa: [A-Z]+\d+(, ?[A-Z]+\d+)* -- \S",
    r"#\s*type:\s*ig" r"nore": r"#\s*type: ig" r"nore\[[\w-]+(, ?[\w-]+)*\] +# \S",
    r"NO" r"LINT": r"NO" r"LINT(NEXTLINE|BEGIN|END)?\([\w.,-]+\).*\S{3}",
    r"pytest\.(mark\.)?(skip|xfail|skipif)\(": r"reason=|skip\(\s*f?[\"']|xfail\(\s*f?[\"']",
    r"pytest\.importorskip": r"$^",  # a missing module fails
}


@pytest.mark.parametrize("pattern", SUPPRESSIONS)
def test_every_suppression_gives_its_code_and_reason(pattern: str) -> None:
    report(
        [
            place
            for place in places(pattern, ".py", ".pyi", *CPP)
            if not re.search(SUPPRESSIONS[pattern], place) and "test_codebase.py" not in place
        ],
        f"Whoever silences a tool says which of its rules, and why, on the same line: {SUPPRESSIONS[pattern]}",
    )


def test_every_ignored_rule_gives_its_reason() -> None:
    inside = False
    offenders = []
    for place, line in lines(ROOT / "pyproject.toml"):
        if re.match(r"\[tool\.ruff\.lint|ignore = \[|\"[^\"]+\" = \[", line):
            inside = True
        elif re.match(r"\]|\[", line):
            inside = False
        elif inside and re.match(r"\s+\"[A-Z]+\d*\"", line) and not re.search(r"#\s*\S+", line):
            offenders.append(f"{place}: {line.strip()}")
    report(offenders, "A rule that is ignored says why, on its line.")


def test_no_file_has_two_subjects() -> None:
    offenders = [
        f"{path.relative_to(ROOT)}: {count} lines"
        for path in sources(".py", ".pyi", *CPP)
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    ]
    report(offenders, f"A file past {MOST_LINES} lines has two subjects: split it.")


def test_version_is_said_once() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert declared == hthm.__version__, "pyproject.toml and the compiled core differ: build again."


def test_every_direct_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["test"],
        *project["build-system"]["requires"],
    ]
    pinned = {
        line.partition("==")[0].lower()
        for _, line in lines(ROOT / "constraints.txt")
        if re.fullmatch(r"[\w.-]+==[\w.]+", line)
    }
    report(
        [name for text in wanted if (name := re.split(r"[<>=\[]", text)[0].lower()) not in pinned],
        "constraints.txt pins what was tested, and these are not in it:",
    )
