"""What a scene holds and how it is said; nothing here is drawn."""
import dataclasses
import hashlib
import math
import random
import typing

from recipe.settings import WorldSettings

Tint = tuple[int, int, int]  # sRGB, 0-255
APART = 80  # of sRGB, 0-255: how far a tint is from a colour that is held out


@dataclasses.dataclass(frozen=True)
class Thing:
    """An object and the colour that it is tinted with; None: the glyph's own.

    - tint: a colour that has no name, in place of the glyph's own. No caption tells it.
    """

    name: str
    color: str | None
    tint: Tint | None = None


@dataclasses.dataclass(frozen=True)
class Scene:
    """What a caption can tell: one or two things, and a coloured background, a place or neither."""

    things: tuple[Thing, ...]
    background: str | None = None
    place: str | None = None
    style: str | None = None


def with_article(words: str) -> str:
    return ("an " if words[0] in "aeiou" else "a ") + words


def noun_phrase(thing: Thing) -> str:
    return with_article(f"{thing.color} {thing.name}" if thing.color else thing.name)


def draw_name(world: WorldSettings, rng: random.Random, besides: str | None = None) -> str:
    """An object, of the core as often as `world.odds.core` says.

    - besides: one that it is not.
    """
    names = [name for name in world.objects if name != besides]
    core = [name for name in world.core if name != besides]
    if world.odds.core == 0 or not core:
        return rng.choice(names)
    return rng.choice(core if rng.random() < world.odds.core else [name for name in names if name not in core])


def draw_thing(world: WorldSettings, rng: random.Random) -> Thing:
    """Never a pair that is held out."""
    while True:
        name = draw_name(world, rng)
        color = rng.choice(list(world.colors)) if rng.random() < world.odds.object_color else None
        if not world.is_held_out(name, color):
            return Thing(name, color)


def draw_scene(world: WorldSettings, rng: random.Random) -> Scene:
    """A random scene with the frequencies of `world.odds`; never a combination that is held out."""
    count = 2 if rng.random() < world.odds.two_objects else 1
    things = tuple(draw_thing(world, rng) for _ in range(count))
    while is_held_out(things, world):
        things = tuple(draw_thing(world, rng) for _ in range(count))
    style = rng.choice(list(world.styles)) if count == 1 and rng.random() < world.odds.style else None
    if style is not None and world.styles[style] == "silhouette":
        things = (Thing(things[0].name, None),)
    background = place = None
    chance = rng.random()
    if chance < world.odds.colored_background:
        background = rng.choice(list(world.colors))
        if any(thing.color == background for thing in things):
            background = None
    elif chance < world.odds.colored_background + world.odds.place:
        place = rng.choice(list(world.places))
    return Scene(things, background, place, style)


def is_held_out(things: tuple[Thing, ...], world: WorldSettings) -> bool:
    """Whether these are two colored things whose combination is never drawn, in either order.

    Which ones are follows from their names alone, so that it is the same in every process and for every seed.
    """
    if world.held_out_twos == 0 or len(things) != 2 or any(thing.color is None for thing in things):
        return False
    names = sorted(f"{thing.color} {thing.name}" for thing in things)
    number = int.from_bytes(hashlib.sha256("/".join(names).encode()).digest()[:8], "big")
    return number < world.held_out_twos * 2**64


def tinted(scene: Scene, world: WorldSettings, share: float, rng: random.Random) -> Scene:
    """Some of the things that have a colour, by chance, in any other one, however unlike those that have names.

    None comes near a colour that the object is never drawn in; many of those of an object with such a colour stand just
    beside it, so that it is not known by what it lacks.
    """
    return dataclasses.replace(scene, things=tuple(
        Thing(thing.name, None, free_tint(world, thing.name, rng)) if thing.color and rng.random() < share else thing
        for thing in scene.things))


def free_tint(world: WorldSettings, name: str, rng: random.Random) -> Tint:
    never = [world.colors[color] for color in world.colors if world.is_held_out(name, color)]
    while True:
        beside = never and rng.random() < 0.5
        tint = _beside(rng.choice(never), rng) if beside else _anywhere(rng)
        if 0 <= min(tint) and max(tint) <= 255 and all(math.dist(tint, color) >= APART for color in never):
            return tint


def _anywhere(rng: random.Random) -> Tint:
    """As often pale or grey as full."""
    red, green, blue = (rng.uniform(0, 255) for _ in range(3))
    grey, share = rng.uniform(0, 255), rng.random()
    return round(red + share * (grey - red)), round(green + share * (grey - green)), round(blue + share * (grey - blue))


def _beside(color: typing.Sequence[int], rng: random.Random) -> Tint:
    """At `APART` to half as much again from a colour, in any direction; may lie outside of sRGB."""
    way = [rng.gauss(0, 1) for _ in range(3)]
    reach = rng.uniform(APART, 1.5 * APART) / math.hypot(*way)
    red, green, blue = (round(value + reach * step) for value, step in zip(color, way, strict=True))
    return red, green, blue


def caption(scene: Scene, world: WorldSettings, rng: random.Random) -> str:
    """One of the ways to say the scene; prefix and "standing" come by chance."""
    words = plain_caption(scene)
    if scene.style is not None:
        words = f"{scene.style} {words}"
    elif rng.random() < world.odds.prefix:
        words = f"{rng.choice(world.prefixes)} {words}"
    if scene.background is not None:
        return f"{words} on {with_article(scene.background)} background"
    if scene.place is not None:
        standing = " standing" if len(scene.things) == 1 and rng.random() < world.odds.standing else ""
        return f"{words}{standing} {scene.place}"
    return words


def scene_of(text: str, world: WorldSettings) -> Scene | None:
    """The scene that a caption says; None if it is no caption of this world. The inverse of `caption`."""
    words, style, background, place = text, None, None, None
    for start in (*world.styles, *world.prefixes):
        if words.startswith(f"{start} "):
            words, style = words.removeprefix(f"{start} "), start if start in world.styles else None
            break
    grounds = {f" on {with_article(color)} background": color for color in world.colors}
    for end in (*(f" {where}" for where in world.places), *grounds):
        if words.endswith(end):
            words = words.removesuffix(end).removesuffix(" standing")
            background, place = grounds.get(end), end.strip() if end not in grounds else None
            break
    phrases = {noun_phrase(thing): thing
               for name in world.objects for thing in (Thing(name, None), *(Thing(name, c) for c in world.colors))}
    things = [phrases.get(phrase) for phrase in words.split(" and ")]
    if None in things or len(things) > 2:
        return None
    return Scene(tuple(things), background, place, style)


def plain_caption(scene: Scene) -> str:
    """The things alone, said in one way."""
    return " and ".join(noun_phrase(thing) for thing in scene.things)


def with_colors_exchanged(scene: Scene) -> Scene:
    """Each of two things in the other one's color."""
    colors = [thing.color for thing in reversed(scene.things)]
    return dataclasses.replace(
        scene, things=tuple(Thing(thing.name, color) for thing, color in zip(scene.things, colors)))


NEAR_MISSES = 20  # are drawn at most, until one is of no combination that is held out


def near_miss(scene: Scene, world: WorldSettings, rng: random.Random) -> Scene:
    """The scene with one word wrong: a colour or an object, drawn as scenes draw it; or the colours of two things swapped,
    which may change nothing.

    What is held out is no near miss: a network that met it as wrong alone would learn that it is never right.
    """
    for _ in range(NEAR_MISSES):
        other = _one_word_wrong(scene, world, rng)
        things = other.things
        if not is_held_out(things, world) and not any(world.is_held_out(thing.name, thing.color) for thing in things):
            return other
    return scene


def _one_word_wrong(scene: Scene, world: WorldSettings, rng: random.Random) -> Scene:
    which = rng.randrange(len(scene.things))
    thing, chance = scene.things[which], rng.random()
    if chance < 0.3 and thing.color is not None and len(world.colors) > 1:
        wrong = Thing(thing.name, rng.choice([color for color in world.colors if color != thing.color]))
    elif (chance < 0.8 or len(scene.things) == 1) and len(world.objects) > 1:
        wrong = Thing(draw_name(world, rng, besides=thing.name), thing.color)
    else:
        return with_colors_exchanged(scene)
    things = tuple(wrong if i == which else thing for i, thing in enumerate(scene.things))
    return dataclasses.replace(scene, things=things)
