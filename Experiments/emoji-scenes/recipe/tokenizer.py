"""Learns CLIP's byte-pair merges from captions, so that every word of the world is one token."""
import json
import pathlib
import random

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer

from recipe import captions, checkpoints
from recipe.settings import Settings
from recipe.world import World

START, END = "<|startoftext|>", "<|endoftext|>"
POSITIONS = 77
# The words of OpenAI's CLIP: letters, single digits, runs of signs.
WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def prepare(settings: Settings, run: pathlib.Path) -> CLIPTokenizer:
    """The tokenizer of a run's folder, made if there is none yet."""
    folder = run / "tokenizer"
    if not (folder / "vocab.json").exists():
        write(learn_merges(settings), folder)
    return CLIPTokenizer.from_pretrained(folder)


def learn_merges(settings: Settings) -> list[tuple[str, str]]:
    """The merges in the order in which they apply, the most frequent pair first."""
    world = World(settings, "tokenizer")
    texts = []
    for number in range(settings.tokenizer.captions):
        rng = random.Random(f"{settings.seed}/tokenizer/{number}/caption")
        texts.append(captions.caption(world.describe(number), settings.world, rng))
    learner = Tokenizer(models.BPE(unk_token=END, continuing_subword_prefix="", end_of_word_suffix="</w>"))
    learner.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    learner.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(WORDS), behavior="removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
    ])
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    learner.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=2 * len(alphabet) + settings.tokenizer.merges, min_frequency=1, special_tokens=[],
        initial_alphabet=alphabet, end_of_word_suffix="</w>", show_progress=False))
    merges = json.loads(learner.to_str())["model"]["merges"]
    return [tuple(merge.split(" ") if isinstance(merge, str) else merge) for merge in merges]


def byte_letters() -> list[str]:
    """The letter that stands for each byte, printable ones first, in the order of OpenAI's vocabulary."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = 256 - len(printable)
    return [chr(byte) for byte in printable] + [chr(256 + i) for i in range(others)]


def write(merges: list[tuple[str, str]], folder: pathlib.Path) -> None:
    """vocab.json in CLIP's order (bytes, bytes that end a word, merges, start, end), merges.txt, two settings."""
    letters = byte_letters()
    pieces = [*letters, *(letter + "</w>" for letter in letters), *("".join(merge) for merge in merges), START, END]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    special = {"bos_token": START, "eos_token": END, "pad_token": END, "unk_token": END}
    config = {"tokenizer_class": "CLIPTokenizer", "model_max_length": POSITIONS, **special, "do_lower_case": True,
              "add_prefix_space": False, "errors": "replace"}
    texts = {
        "merges.txt": "".join(["#version: 0.2\n", *(f"{left} {right}\n" for left, right in merges)]),
        "tokenizer_config.json": json.dumps(config),
        "special_tokens_map.json": json.dumps(special),
        "vocab.json": json.dumps(vocabulary, ensure_ascii=False),  # last: its presence says that all are there
    }
    for name, text in texts.items():
        checkpoints.replace(folder / name, lambda file, text=text: file.write_text(text, encoding="utf-8"))
