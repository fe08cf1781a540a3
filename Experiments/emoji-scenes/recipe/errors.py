"""What goes wrong from outside: settings, font, folders, files. A command prints it and ends with 1."""


class RecipeError(Exception):
    """Says what is wrong with which file or key, and what to do."""
