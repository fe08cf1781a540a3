"""Prompts with textual inversions of several vectors, as StableDiffusionPipeline expands them."""
from transformers import CLIPTokenizer

from .files import pipeline, save_json, tokens

# One of three vectors, one of two whose first token is part of another's text, one of one; `<cat>_4` has a gap before it.
ADDED = ["<cat>", "<cat>_1", "<cat>_2", "<cat>_4", "<dog>", "<dog>_1", "<one>"]
PROMPTS = [
    "a <cat>", "a <cat> on the beach", "<cat><dog> and <one>", "a <cat> and a <cat>", "a <cat>_1", "a <cat> <cat>_1",
    "a <cat>_4", "a <CAT>", "a red car", "a <cat> " * 30, "",
]


def make(model, folder):
    """inversions.json: `added` tokens with their ids, and of each prompt the 77 ids."""
    tokenizer = CLIPTokenizer.from_pretrained(model / "tokenizer")
    tokenizer.add_tokens(ADDED)
    pipe = pipeline(model)
    cases = []
    for prompt in PROMPTS:
        expanded = pipe.maybe_convert_prompt(prompt, tokenizer)
        cases.append(dict(prompt=prompt, expanded=expanded, ids=tokens(tokenizer, [expanded])[0].tolist()))
    added = {token: tokenizer.convert_tokens_to_ids(token) for token in ADDED}
    save_json(folder / "inversions.json", dict(added=added, cases=cases), compact=True)
