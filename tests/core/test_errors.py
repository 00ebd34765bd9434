"""One exception tree, in one module, described where it stands."""

import ast
import inspect
import re
from pathlib import Path

import pytest

import cae_core
from cae_core import errors

ROOT = Path(cae_core.__file__).parents[1]
CLASSES = dict(inspect.getmembers(errors, inspect.isclass))


def test_the_docstring_draws_the_tree_as_it_is():
    drawn = re.findall(r"[├└]── (\w+) +\w", errors.__doc__)
    assert sorted(drawn) == sorted(CLASSES.keys() - {"CAEError"})
    assert {CLASSES[name].__base__ for name in drawn} == {errors.CAEError}


@pytest.mark.parametrize("folder", ["cae_core", "cae_ui", "pages", "pretrained"])
def test_no_other_module_adds_to_the_tree(folder):
    added = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in (ROOT / folder).rglob("*.py")
        if path != Path(errors.__file__)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
        if CLASSES.keys() & {ast.unparse(base).split(".")[-1] for base in node.bases}
    ]
    assert added == []
