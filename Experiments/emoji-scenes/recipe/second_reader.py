"""The second scene reader: the questions of the first to a network of another kind, a small convolutional one.

It shares no weight and no random number with the first. Where the two agree, an answer is not a habit of one network;
what their scenes teach both wrong is still wrong in both.
"""
import dataclasses
import pathlib
import typing

import torch
import torch.nn.functional as F
from diffusers.models.resnet import ResnetBlock2D

from recipe import checkpoints, scene_reader, truths, vae
from recipe.scene_reader import Answers
from recipe.settings import Settings

FOLDER = "second_scene_reader"  # within a model folder
KIND = "convolutional_scene_reader"  # model_type of its config.json


class SecondReader(torch.nn.Module):
    """Halvings with residual blocks (`ResnetBlock2D` of diffusers, without time).

    The last level but one has a cell for each patch and answers for it. The last sees more of the picture, tells of it
    as a whole, and is added to the one before.
    """

    def __init__(self, settings: Settings):
        super().__init__()
        own, widths = settings.second_judge, settings.second_judge.widths
        self.words = truths.vocabulary(settings)
        self.size, self.patch, self.groups = settings.world.picture_size, settings.judge.patch, own.norm_groups

        def block(width: int) -> ResnetBlock2D:
            return ResnetBlock2D(in_channels=width, out_channels=width, temb_channels=None, groups=own.norm_groups)

        self.halvings = torch.nn.ModuleList(
            torch.nn.Conv2d(before, width, 3, stride=2, padding=1) for before, width in zip((3, *widths), widths))
        self.levels = torch.nn.ModuleList(
            torch.nn.ModuleList(block(width) for _ in range(count)) for width, count in zip(widths, own.blocks))
        self.context = torch.nn.Conv2d(widths[-1], widths[-2], 1)
        self.joined = block(widths[-2])
        self.patch_norm = torch.nn.GroupNorm(own.norm_groups, widths[-2], eps=1e-6)
        self.patch_head = torch.nn.Linear(widths[-2], sum(self.words.patch_sizes) + self.patch**2)
        self.picture_norm = torch.nn.GroupNorm(own.norm_groups, widths[-1], eps=1e-6)
        self.picture_head = torch.nn.Linear(widths[-1], sum(self.words.picture_sizes))

    def forward(self, pictures: torch.Tensor, kept: torch.Tensor | None = None) -> Answers:
        """Of pictures `[batch, 3, size, size]` in 0-1.

        - kept: numbers of the patches that are answered for; None: all. The whole picture is looked at.
        """
        seen = vae.to_model(pictures).contiguous(memory_format=torch.channels_last)
        answering = seen
        for halving, blocks in zip(self.halvings, self.levels):
            answering, seen = seen, halving(seen)
            for block in blocks:
                seen = block(seen, None)
        around = F.interpolate(self.context(seen), scale_factor=2.0, mode="nearest")
        cells = F.silu(self.patch_norm(self.joined(answering + around, None))).flatten(2).transpose(1, 2)
        if kept is not None:
            cells = cells[:, kept]
        whole = F.silu(self.picture_norm(seen)).mean((2, 3))
        return scene_reader.answers(self.patch_head(cells), self.picture_head(whole), self.words)

    def description(self) -> dict[str, typing.Any]:
        """What config.json says of the network."""
        return {
            "model_type": KIND, "image_size": self.size, "patch_size": self.patch, "norm_num_groups": self.groups,
            "block_out_channels": [halving.out_channels for halving in self.halvings],
            "blocks": [len(blocks) for blocks in self.levels], **self.words._asdict()}

    def named_for_file(self) -> checkpoints.Weights:
        """The weights, not copied, by the names that they have in a folder."""
        return dict(self.state_dict())


def build(settings: Settings) -> SecondReader:
    """With first weights from torch's global generator."""
    return SecondReader(settings)


def shape(settings: Settings) -> dict[str, typing.Any]:
    own = dataclasses.asdict(settings.second_judge)
    words = truths.vocabulary(settings)
    return {"world.picture_size": settings.world.picture_size, "vocabulary": list(map(list, words)),
            "judge.patch": settings.judge.patch,
            **{f"second_judge.{key}": own[key] for key in ("widths", "blocks", "norm_groups")}}


def read(settings: Settings, folder: pathlib.Path) -> SecondReader:
    """As `scene_reader.read`."""
    return scene_reader.read_into(build(settings), folder)
