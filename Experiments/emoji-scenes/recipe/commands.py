"""What the commands of this folder have in common: their options, and errors without a traceback."""
import argparse
import pathlib
import subprocess
import sys
import typing

from recipe import settings as settings_module
from recipe.errors import RecipeError


def parser(description: str | None) -> argparse.ArgumentParser:
    """With `--settings`, `--edition` and `--set`."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    made.add_argument("--settings", type=pathlib.Path, default=settings_module.FOLDER / "settings.yaml", metavar="FILE")
    made.add_argument(
        "--edition", type=pathlib.Path, metavar="FILE", help="keys that differ from the settings: second-edition.yaml")
    made.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="override a key of the file, as unet.batch=16")
    return made


def add_program(parser: argparse.ArgumentParser) -> None:
    """With `--attnlab`, the program that is asked."""
    parser.add_argument(
        "--attnlab", type=pathlib.Path, default=settings_module.FOLDER.parents[1] / ".build/release/attnlab",
        metavar="PROGRAM", help="default: %(default)s")


def settings(given: argparse.Namespace) -> settings_module.Settings:
    return settings_module.load(given.settings, given.set, given.edition)


def run(main: typing.Callable[[], None]) -> None:
    """Exit code 1 with a message for what comes from outside: settings, font, folders, files."""
    try:
        main()
    except RecipeError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("stopped")


def output(*command: object) -> str:
    """What a program prints. Raises `RecipeError` with what it said if it fails."""
    words = [str(word) for word in command]
    try:
        outcome = subprocess.run(words, text=True, capture_output=True)
    except OSError as error:
        raise RecipeError(f"{words[0]}: cannot be run ({error}); `make build` makes it") from None
    if outcome.returncode != 0:
        raise RecipeError(f"{' '.join(words)} ended with {outcome.returncode}:\n{outcome.stdout}{outcome.stderr}")
    return outcome.stdout
