"""Makes the fixtures of the tokenizer tests from transformers' CLIPTokenizer.

    python make_tokenizer_fixtures.py                        writes tokenizer/ beside this file
    python make_tokenizer_fixtures.py --random 30000 FILE    writes random cases, for ATTNLAB_TOKENIZER_CASES=FILE

Needs transformers 5 and tokenizers. All randomness is seeded, so a second run writes the same bytes.
"""

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

import tokenizers
import transformers
from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, trainers
from tokenizers.models import BPE
from transformers import CLIPTokenizer

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
OUT = HERE / "tokenizer"
EMOJI = ROOT / "Sources/Pipelines/Models/emoji-scenes/tokenizer"
START, END = "<|startoftext|>", "<|endoftext|>"

PROMPTS = [
    # Plain, and the limits of length.
    "", " ", "   \t\n ", "a", "a red car", "A Red CAR", "a red car, a blue car", "two red cars on green grass",
    "a dog in the snow " * 12, "car " * 74, "car " * 75, "car " * 76, "car " * 77, "car " * 500, "x" * 400,
    "a " * 74 + "extraordinarily", "a " * 73 + "extraordinarily", "\u00e9" * 100, "!" * 90, "1" * 90,
    "supercalifragilisticexpialidocious", "ab" * 700, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    # Contractions and apostrophes.
    "it's", "don't", "we're", "I've", "I'm", "they'll", "he'd", "IT'S", "DON'T", "'s", "'st", "''s", "'''", "a'b", "'",
    "rock'n'roll", "it\u2019s", "x'llama", "'re're", "'reality", "\"'s\"", "-'t", "o'clock's", "'LL", "'\u017f",
    # Signs and digits.
    "hello!", "hello!!", "!", "! !", "a!b!c", "a,b;c:d", "(((masterpiece:1.2)))", "--ar 16:9", "#tag @name $5 50%",
    "10", "2024", "3.14", "1,000", "\u00b2", "x\u00b2+y\u00b3", "\u2177", "\u2167", "\u00bd", "\u0663\u0664", "\uff11\uff12",
    "\u3007", "\u4e00\u4e8c\u4e09", "a1b2c3", "b&w", "<>", "a/b\\c", "``x``", "___", "a_b", "\u2014", "\u2026", "\u00a3\u20ac\u00a5",
    # Literal special tokens.
    START, END, f"{START}{END}", f"a {END} b", f"a{END}b", f"{START} red", START.upper(), END.upper(), "<|EndOfText|>!x",
    "!<|ENDOFTEXT|>!", "<|STARTOFTEXT|>car", "<|startoftext|", "|>", "<|", "< |endoftext|>", "<|endoftext|>!!", "</w>",
    "car</w>", "<<|endoftext|>>", "<|endoftext|>\u0301x", "\u212a<|endoftext|>", "<|\u0130|>",
    # White space.
    "a  b", "\ta\tb\t", "a\nb\r\nc", "a\u00a0b", "a\u3000b", "a\u2003b", "a\u200bb", "a\u2028b", "a\u0085b", "a\ufeffb", "a\u180eb",
    "\u00a0", "\u2009a\u2009", "a\u000bb\u000cc", "a\u001cb", "\u1680x\u205fy\u202fz", " ! ", "a \u0301b",
    # Case.
    "\u03a3\u0391\u03a3", "\u039f\u0394\u039f\u03a3 \u039f\u0394\u039f\u03a3", "\u0130stanbul", "I\u0307", "\u0131", "STRASSE stra\u00dfe \u1e9e", "\u01c5", "\u01c4",
    "\ufb01ne", "\uff21\uff22\uff23", "\u13a0\u13a1", "\uab70", "\u10d0\u1c90", "\U00010400", "\u2126 \u212b \u212a", "\u24b6\u24d0", "\u0345\u0399",
    # Composition.
    "e\u0301", "\u00e9", "e\u0323\u0302", "e\u0302\u0323", "\u1ec7", "A\u030a", "\u0041\u0301\u0328", "\u1112\u1161\u11ab\u1100\u1173\u11af", "\ud55c\uae00",
    "q\u0307\u0323", "a\u0305\u0301", "a\u0323\u0305\u0302", "\uac00\u11a8", "\uac01\u11a8", "\u1100\uac00\u11a7", "\u1113\u1174", "\U00010053\u0323", "\U00010416\u0306", "\U00011099\U000110ba", "\u0344", "\u0958", "\u2adc", "\ufb1d", "\u0f73", "\u0301", "\u0301a", "a" + "\u0301" * 40, "\U00011935\U00011930",
    "\u1100\u1161\u11a8\u11a8", "\u09c7\u09be", "\U0001d15e", "a\u1acf\u0323", "a\u07fd\u0301", "\u30ab\u3099", "\u2f800".encode("utf-16", "surrogatepass").decode("utf-16"),
    # Scripts.
    "caf\u00e9 na\u00efve co\u00f6perate", "\u043a\u0440\u0430\u0441\u043d\u0430\u044f \u043c\u0430\u0448\u0438\u043d\u0430", "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd",
    "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645", "\u202e\u0645\u0631\u062d\u0628\u0627\u202c", "\u7ea2\u8272\u6c7d\u8f66", "\u8d64\u3044\u8eca", "\u30d1\u30f3\u30c0", "\uff76\uff9e", "\u0e01\u0e33\u0e44\u0e17\u0e22",
    "\u0939\u093f\u0928\u094d\u0926\u0940", "\u0ba4\u0bae\u0bbf\u0bb4\u0bcd", "\ua015\ua016", "\U00020000\U0002a6d6", "\u0660a\u0661", "\u1e900", "\U00016fe4",
    # Emoji and signs beyond the basic plane.
    "\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466", "\U0001f44d\U0001f3fd", "\U0001f1eb\U0001f1f7", "\u2764\ufe0f", "1\ufe0f\u20e3", "a\U0001f600b",
    "\U0001fae8", "\U0001fadf", "\U0001f697 car \U0001f697", "\U0001d400\U0001d7d8", "\U0001f110", "\u2460",
    # Odd code points.
    "\x00", "a\x00b", "\x7f", "\x1b[31mred", "\ufffd", "\ufffe", "\uffff", "\ue000", "\U0010ffff", "\u00ad", "a\u00adb", "\u034f",
    "a\u088fb\u0c5cc", "1\U00011de0\u20ac", "\u0378", "\u088f", "\u0c5c", "\U00011de0", "\U0001e6c0", "\ua7cd", "\U0001ccd6", "\u061c\u200e\u200f", "\ufff9x\ufffb",
]

WORDS = (
    "a the of on in red blue green yellow white black car cat dog horse lion rabbit sheep monkey tiger snow park forest "
    "beach painting photo style portrait masterpiece beautiful detailed light dark running standing two three small big"
).split()
FOREIGN = (
    "\u043a\u0440\u0430\u0441\u043d\u044b\u0439 \u0441\u0438\u043d\u0438\u0439 \u043c\u0430\u0448\u0438\u043d\u0430 \u0441\u043e\u0431\u0430\u043a\u0430 \u03ba\u03cc\u03ba\u03ba\u03b9\u03bd\u03bf \u03b1\u03c5\u03c4\u03bf\u03ba\u03af\u03bd\u03b7\u03c4\u03bf "
    "\u00e9t\u00e9 gar\u00e7on na\u00efve stra\u00dfe \u00fcber \u7ea2\u8272 \u6c7d\u8f66 \u8d64\u3044 \u8eca \ud55c\uae00 \u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd \U0001f600 \U0001f697 \u2764\ufe0f \U0001f44d\U0001f3fd ... !! ?! -- (( ))"
).split()


def token(content):
    """A special token as Stable Diffusion's folders hold it: matched after normalisation too."""
    return {"content": content, "lstrip": False, "normalized": True, "rstrip": False, "single_word": False}


def make_multibyte(folder):
    """A folder like Stable Diffusion 2's: padding "!", merges across bytes, some merges out of their natural order."""
    rng = random.Random(2403)
    text = [" ".join(rng.choices(WORDS + FOREIGN, k=12)) for _ in range(4000)]
    trained = Tokenizer(BPE(unk_token=END, continuing_subword_prefix="", end_of_word_suffix="</w>"))
    trained.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    trained.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trained.train_from_iterator(
        text,
        trainers.BpeTrainer(vocab_size=1200, initial_alphabet=alphabet, end_of_word_suffix="</w>", show_progress=False),
    )
    merges = [tuple(m) for m in json.loads(trained.to_str())["model"]["merges"]]
    for _ in range(len(merges) // 5):
        a, b = rng.randrange(len(merges)), rng.randrange(len(merges))
        merges[a], merges[b] = merges[b], merges[a]
    pieces = ["!"] + [c for c in alphabet if c != "!"] + [c + "</w>" for c in alphabet]
    pieces += [m for m in dict.fromkeys(a + b for a, b in merges) if m not in set(pieces)]
    # Two bytes' signs are left out, so that the unknown token is used.
    pieces = [p for p in pieces if p not in ("\u0108", "\u0108</w>")] + [START, END]
    merges = [(a, b) for a, b in merges if {a, b, a + b} <= set(pieces)]
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "vocab.json", {p: i for i, p in enumerate(pieces)})
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges), encoding="utf-8")
    write(
        folder / "special_tokens_map.json",
        {"bos_token": token(START), "eos_token": token(END), "pad_token": "!", "unk_token": token(END)},
    )
    write(
        folder / "tokenizer_config.json",
        {
            "add_prefix_space": False,
            "bos_token": {"__type": "AddedToken", **token(START)},
            "do_lower_case": True,
            "eos_token": {"__type": "AddedToken", **token(END)},
            "errors": "replace",
            "model_max_length": 77,
            "pad_token": END,
            "tokenizer_class": "CLIPTokenizer",
            "unk_token": {"__type": "AddedToken", **token(END)},
        },
    )


def make_inversion(folder):
    """Folder of the bundled tokenizer with tokens of a textual inversion, saved by transformers 5 as tokenizer.json."""
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        for name in ("vocab.json", "merges.txt"):
            (scratch / name).write_bytes((EMOJI / name).read_bytes())
        write(scratch / "added_tokens.json", {"<cat-toy>": 760, "<Caf\u00e9>": 761, "<cat-toy>s": 762})
        tokenizer = CLIPTokenizer.from_pretrained(str(scratch))
        tokenizer.save_pretrained(str(folder))
    config = json.loads((folder / "tokenizer_config.json").read_text())
    # Nothing that tells of the machine.
    write(folder / "tokenizer_config.json", {k: v for k, v in config.items() if "local" not in k and "name" not in k})
    write(folder / "tokenizer.json", json.loads((folder / "tokenizer.json").read_text()))


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def folders():
    return {"emoji-scenes": EMOJI, "multibyte": OUT / "multibyte", "inversion": OUT / "inversion"}


def encode(tokenizer, text):
    ids = tokenizer(text, padding="max_length", max_length=77, truncation=True)["input_ids"]
    assert len(ids) == 77
    while ids and ids[-1] == tokenizer.pad_token_id:
        ids.pop()
    return ids


INVERSION = ["a <cat-toy> on grass", "<CAT-TOY>s<cat-toy>", "<cat-toy>S <Cafe\u0301> <caf\u00c9>", "x<cat-toy>x<|endoftext|>"]


def random_text(rng):
    def scalar():
        kind = rng.random()
        if kind < 0.15: return chr(rng.randrange(0x80))
        if kind < 0.30: return chr(rng.randrange(0x80, 0x250))
        if kind < 0.40: return chr(rng.randrange(0x300, 0x370))
        if kind < 0.45: return rng.choice("\u00a0\u1680\u2000\u2001\u2009\u2028\u202f\u205f\u3000\u0085\t\n\r\x0b\x0c\x1c\u200b\u200d\ufe0f\u2019")
        if kind < 0.50: return chr(rng.randrange(0x1100, 0x1200))
        if kind < 0.55: return chr(rng.randrange(0x1f300, 0x1fb00))
        if kind < 0.75: return chr(rng.randrange(0x370, 0xd800))
        if kind < 0.85: return chr(rng.randrange(0xe000, 0x10000))
        if kind < 0.97: return chr(rng.randrange(0x10000, 0x20000))
        return chr(rng.randrange(0x20000, 0x110000))

    def part():
        kind = rng.random()
        if kind < 0.25: return rng.choice(WORDS + FOREIGN)
        if kind < 0.32: return rng.choice(["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'", "''", "\u2019s"])
        if kind < 0.38: return rng.choice([START, END, START.upper(), END.title(), "<|", "|>", "</w>", "<cat-toy>", "<CAF\u00c9>"])
        if kind < 0.45: return rng.choice(["!", "!!", "?!", ",", ".", "...", "(", "))", "-", "1", "23", "\u00b2"])
        if kind < 0.50: return rng.choice(WORDS).upper()
        if kind < 0.55: return "".join(rng.choices("abc \u0301\u0323", k=rng.randrange(40)))
        if kind < 0.65: return " " * rng.randrange(1, 3)
        return "".join(scalar() for _ in range(rng.randrange(1, 8)))

    return "".join(part() + rng.choice(["", "", " "]) for _ in range(rng.randrange(0, 14)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--random", nargs=2, metavar=("COUNT", "FILE"))
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if not arguments.random:
        make_multibyte(OUT / "multibyte")
        make_inversion(OUT / "inversion")
    loaded = {name: CLIPTokenizer.from_pretrained(str(folder)) for name, folder in folders().items()}
    if arguments.random:
        rng = random.Random(arguments.seed)
        prompts = [random_text(rng) for _ in range(int(arguments.random[0]))]
        path = Path(arguments.random[1])
    else:
        prompts = PROMPTS + INVERSION
        path = OUT / "prompts.json"
    cases = {}
    for name, tokenizer in loaded.items():
        ids = [encode(tokenizer, prompt) for prompt in prompts]
        decoded = [tokenizer.decode(i, skip_special_tokens=True) for i in ids]
        cases[name] = {"pad": tokenizer.pad_token_id, "ids": ids, "decoded": decoded}
    versions = {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__}
    versions["python"] = sys.version.split()[0]
    write(path, {"made_by": Path(__file__).name, "versions": versions, "prompts": prompts, "cases": cases})
    print(f"{len(prompts)} prompts x {len(cases)} folders -> {path}")


if __name__ == "__main__":
    main()
