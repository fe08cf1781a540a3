"""Reads a YAML file into dataclasses and takes nothing that it does not know."""
import dataclasses
import difflib
import pathlib
import types
import typing

import yaml

from recipe.errors import RecipeError

Value = typing.TypeVar("Value")


class SettingsError(RecipeError):
    """Everything that is wrong with a settings file, a line for each problem."""

    def __init__(self, source: str, problems: list[str]):
        super().__init__("\n".join(f"{source}: {problem}" for problem in problems))
        self.problems = problems


class _Loader(yaml.SafeLoader):
    """Plain YAML 1.1, where a key that stands twice is an error; PyYAML would take the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def read(kind: type[Value], path: pathlib.Path, overrides: typing.Sequence[str] = (),
         changes: pathlib.Path | None = None) -> Value:
    """The file as a value of the dataclass `kind`.

    - changes: a file of the keys that differ, in the same shape; a key that `path` does not have is unknown here, too.
    - overrides: `a.b=value` with a YAML value, each of a key that the file has.
    - Raises: `SettingsError` with all problems: keys that are unknown, missing or twice there, values of a wrong type.
    """
    tree, problems = _tree(path), list[str]()
    if changes is not None:
        tree = _merged(tree, _tree(changes))
    for override in overrides:
        _override(tree, override, problems)
    value = decode(kind, tree, "", problems)
    if problems:
        raise SettingsError(str(path), problems)
    return value


def _tree(path: pathlib.Path) -> typing.Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(str(path), [f"cannot be read: {error}"]) from None


def _merged(tree: typing.Any, changes: typing.Any) -> typing.Any:
    """Mappings key by key; anything else is replaced."""
    if not isinstance(tree, dict) or not isinstance(changes, dict):
        return changes
    return tree | {key: _merged(tree.get(key), value) for key, value in changes.items()}


def _override(tree: typing.Any, text: str, problems: list[str]) -> None:
    key, equals, value = text.partition("=")
    *parents, last = key.split(".")
    place = tree
    for name in parents:
        place = place.get(name) if isinstance(place, dict) else None
    if not equals or not isinstance(place, dict) or last not in place:
        problems.append(f"--set {text}: write KEY=VALUE with a key of the file, such as unet.batch=16")
        return
    try:
        place[last] = yaml.load(value, _Loader)
    except yaml.YAMLError as error:
        problems.append(f"--set {text}: {error}")


def decode(kind: typing.Any, value: typing.Any, path: str, problems: list[str]) -> typing.Any:
    """`value`, as YAML gives it, as a `kind`: a dataclass, tuple, dict, number, string, bool or one of them or None.

    What is wrong is added to `problems` under its `path`; the result is then of no use.
    """
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        return _decode_dataclass(kind, value, path, problems)
    if origin is types.UnionType:
        inner = next(argument for argument in arguments if argument is not types.NoneType)
        return None if value is None else decode(inner, value, path, problems)
    if origin is tuple and isinstance(value, list):
        return _decode_tuple(arguments, value, path, problems)
    if origin is dict and isinstance(value, dict):
        return {key: decode(arguments[1], item, f"{path}.{key}", problems) for key, item in value.items()}
    if origin is typing.Literal:
        if not any(type(value) is type(argument) and value == argument for argument in arguments):
            problems.append(f"{path}: {value!r} is none of {', '.join(map(_written, arguments))}")
        return value
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        problems.append(f"{path}: expected {_name(kind)}, found {value!r}{_hint(kind, value)}")
    return value


def _decode_tuple(arguments: tuple, value: list, path: str, problems: list[str]) -> tuple:
    if arguments[-1] is Ellipsis:
        arguments = (arguments[0],) * len(value)
    elif len(arguments) != len(value):
        problems.append(f"{path}: expected {len(arguments)} values, found {len(value)}")
    return tuple(decode(kind, item, f"{path}[{i}]", problems) for i, (kind, item) in enumerate(zip(arguments, value)))


def _decode_dataclass(kind: typing.Any, value: typing.Any, path: str, problems: list[str]) -> typing.Any:
    hints = typing.get_type_hints(kind)
    names = [field.name for field in dataclasses.fields(kind)]
    if not isinstance(value, dict):
        problems.append(f"{path or 'the file'}: expected the keys {', '.join(names)}, found {value!r}")
        return None
    inside = f"{path}." if path else ""
    for key in value:
        if key not in names:
            near = difflib.get_close_matches(str(key), names, 1)
            advice = f"did you mean {near[0]}?" if near else f"known are {', '.join(names)}"
            problems.append(f"{inside}{key}: unknown key; {advice}")
    problems += [f"{inside}{name}: missing" for name in names if name not in value]
    return kind(**{
        name: decode(hints[name], value[name], inside + name, problems) if name in value else None for name in names
    })


def _name(kind: typing.Any) -> str:
    names = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
    return names.get(kind) or {tuple: "a list", dict: "a mapping"}[typing.get_origin(kind)]


def _written(value: str | bool) -> str:
    """As YAML has it."""
    return str(value).lower() if isinstance(value, bool) else value


def _hint(kind: typing.Any, value: typing.Any) -> str:
    """YAML 1.1 takes 1e-3 for a text."""
    if kind is not float or not isinstance(value, str):
        return ""
    try:
        float(value)
    except ValueError:
        return ""
    return " (a text to YAML: write a decimal point, as in 1.0e-3)"
