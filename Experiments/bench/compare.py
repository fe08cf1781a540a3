#!/usr/bin/env python3
"""Times a UNet step of attnlab against PyTorch's on the same model and the same inputs, and checks that they agree.

    make build
    python Experiments/bench/compare.py --report Results/bench/report.md
    python Experiments/bench/compare.py --sd15 DIR --report Results/bench/report.md

needs torch, diffusers and safetensors. DIR is a folder of Stable Diffusion 1.5's configuration in the diffusers layout,
as Tests/Fixtures/sd15_random.py makes one; without it only the bundled model is timed.

The two take turns, round by round, in processes of their own; medians are over all rounds. PyTorch runs diffusers'
UNet2DConditionModel in fp32 under inference_mode with its fused attention. Where maps are recorded, attention
processors materialise the probabilities of the attentions in question, the usual way to get hold of them; like attnlab
they keep the conditional half's mean over heads in fp32.
"""
import argparse
import dataclasses
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import diffusers
import torch
from diffusers.models.attention_processor import AttnProcessor2_0
from safetensors.torch import load_file, save_file

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
BUNDLED = CHECKOUT / "Sources/Pipelines/Models/emoji-scenes"
RECORDS = ("none", "cross", "all")
TOLERANCE = 5e-5
TIMESTEP = 501


@dataclasses.dataclass
class Case:
    """One row of the comparison; sides in latent cells."""

    model: str
    folder: pathlib.Path
    batch: int
    side: int
    record: str
    rounds: int
    calls: int  # timed calls of each side in a round
    ours: list = dataclasses.field(default_factory=list)
    theirs: list = dataclasses.field(default_factory=list)
    our_memory: float = 0.0
    their_memory: float = 0.0
    difference: float = 0.0

    @property
    def name(self):
        return f"{self.model}, batch {self.batch}, {self.side}x{self.side} cells, record {self.record}"

    @property
    def ratio(self):
        return statistics.median(self.theirs) / statistics.median(self.ours)


class Recording:
    """diffusers' plain attention with its probabilities in the open; their mean over heads is kept."""

    def __init__(self, kept):
        self.kept = kept

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None, **_):
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        query, key, value = (
            attn.head_to_batch_dim(project(x))
            for project, x in ((attn.to_q, hidden_states), (attn.to_k, context), (attn.to_v, context))
        )
        probabilities = attn.get_attention_scores(query, key, attention_mask)
        conditional = probabilities.unflatten(0, (-1, attn.heads))[hidden_states.shape[0] // 2 :]
        self.kept.append(conditional.mean(1).numpy().tobytes())
        out = attn.batch_to_head_dim(torch.bmm(probabilities, value))
        return attn.to_out[1](attn.to_out[0](out)) / attn.rescale_output_factor


class Torch:
    """A UNet of diffusers; one model is held at a time."""

    def __init__(self, folder, channels_last):
        self.unet = diffusers.UNet2DConditionModel.from_pretrained(folder, subfolder="unet", torch_dtype=torch.float32)
        self.unet.eval()
        if channels_last:
            self.unet.to(memory_format=torch.channels_last)
        self.kept = []

    def inputs(self, batch, side):
        generator = torch.Generator().manual_seed(1)
        config = self.unet.config
        return {
            "latents": torch.randn(batch, config.in_channels, side, side, generator=generator),
            "embeddings": torch.randn(batch, 77, config.cross_attention_dim, generator=generator),
            "timestep": torch.tensor([float(TIMESTEP)]),
        }

    def record(self, which):
        kinds = {"none": (), "cross": ("attn2",), "all": ("attn1", "attn2")}[which]
        self.unet.set_attn_processor({
            name: Recording(self.kept) if name.split(".")[-2] in kinds else AttnProcessor2_0()
            for name in self.unet.attn_processors
        })

    def step(self, inputs):
        self.kept.clear()
        with torch.inference_mode():
            start = time.perf_counter()
            result = self.unet(inputs["latents"], TIMESTEP, inputs["embeddings"], return_dict=False)[0]
            return time.perf_counter() - start, result


def restart_peak():
    """Counts this process's largest resident memory anew, where the kernel allows it."""
    try:
        pathlib.Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass


def peak_gib():
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 2**20


def attnlab_step(program, case, inputs, output):
    line = [program, "bench", "step", "--model", case.folder, "--record", case.record, "--repeat", str(case.calls)]
    outcome = subprocess.run(
        [*map(str, line), "--inputs", str(inputs), "--output", str(output), "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if outcome.returncode != 0:
        sys.exit(f"{' '.join(map(str, line))} ended with {outcome.returncode}:\n{outcome.stderr}")
    return json.loads(outcome.stdout), load_file(output)["prediction"]


def measure(case, program, torch_side, scratch):
    """Runs the rounds of a case and fills in what they gave."""
    inputs = torch_side.inputs(case.batch, case.side)
    given, taken = scratch / "inputs.safetensors", scratch / "output.safetensors"
    save_file(inputs, given)
    torch_side.record(case.record)
    for round_ in range(case.rounds):
        result, ours = attnlab_step(program, case, given, taken)
        case.ours += result["times_s"]
        case.our_memory = max(case.our_memory, result["peak_rss_gib"] or 0)
        torch_side.step(inputs)  # warm-up, as attnlab has one
        restart_peak()
        for _ in range(case.calls):
            seconds, theirs = torch_side.step(inputs)
            case.theirs.append(seconds)
        case.their_memory = max(case.their_memory, peak_gib())
        difference = ((ours - theirs).abs().max() / theirs.abs().max()).item()
        # A difference that is not a number must fail too.
        if not difference <= TOLERANCE:
            sys.exit(
                f"{case.name}: the outputs differ by {difference:.1e} of the largest value; {TOLERANCE} is allowed")
        case.difference = max(case.difference, difference)
        print(f"{case.name}: round {round_ + 1} of {case.rounds}", file=sys.stderr)
    torch_side.kept.clear()
    return result


def spread(times):
    scale, unit = (1000, "ms") if statistics.median(times) < 1 else (1, "s")
    low, middle, high = (f"{scale * t:.3g}" for t in (min(times), statistics.median(times), max(times)))
    return f"{middle} ({low}-{high}) {unit}"


def table(cases):
    lines = [
        "| model | batch | latents | record | attnlab: median (min-max) | PyTorch: median (min-max) "
        "| PyTorch / attnlab | n | largest difference | peak memory, attnlab / PyTorch |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for c in cases:
        lines.append(
            f"| {c.model} | {c.batch} | {c.side}x{c.side} | {c.record} | {spread(c.ours)} | {spread(c.theirs)} "
            f"| **{c.ratio:.2f}** | {len(c.ours)} | {c.difference:.1e} "
            f"| {c.our_memory:.2f} / {c.their_memory:.2f} GiB |")
    return "\n".join(lines)


def parts_table(results):
    lines = [
        "| case | engine | median (min-max) | n | GFLOP/s | share of peak | throughput "
        "| largest difference (allowed) |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for r in results:
        throughput = f"{r['gib_per_s']:.1f} GiB/s" if "gib_per_s" in r else ""
        if "rows_per_s" in r:
            throughput = f"{r['rows_per_s']:.0f} rows/s, {r['mb_per_s']:.0f} MB/s"
        gflops = "" if r["gflops"] is None else f"{r['gflops']:.3g}"
        share = "" if r["peak_share"] is None else f"{100 * r['peak_share']:.0f} %"
        check = f"{r['difference']:.1e} ({r['difference_allowed']:.1e})" if "difference" in r else ""
        engine = " ".join(r["engine"].replace(",", " ").split()[:2])
        lines.append(
            f"| {r['case']} | {engine} | {spread(r['times_s'])} | {r['n']} | {gflops} | {share} | {throughput} "
            f"| {check} |")
    return "\n".join(lines)


def parts(program, repeats):
    results = []
    for part in ("kernels", "vae", "recorder"):
        output = subprocess.run(
            [str(program), "bench", part, "--repeat", str(repeats), "--json"], check=True, text=True,
            stdout=subprocess.PIPE).stdout
        results += [json.loads(line) for line in output.splitlines()]
    return results


def git(*arguments):
    outcome = subprocess.run(["git", "-C", str(CHECKOUT), *arguments], text=True, capture_output=True)
    return outcome.stdout.strip() if outcome.returncode == 0 else ""


def machine():
    processor = next(
        (line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
         if line.startswith("model name")), platform.processor())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{processor}, {os.cpu_count()} processors, {memory:.0f} GiB"


def page(cases, results, facts, command):
    sections = [
        "# Speed, against PyTorch and by itself",
        "Written by [Experiments/bench/compare.py](../../Experiments/bench/compare.py); its head says how it compares.",
        facts,
        "## One guided step of the UNet",
        "*PyTorch / attnlab* is the ratio of the medians: above 1 attnlab is the faster. Both compute in fp32 on the "
        "same inputs; the largest difference is max\\|a - b\\| / max\\|b\\| of the two outputs over all rounds, and "
        f"above {TOLERANCE} the script stops. What is recorded is the conditional half's mean over heads, in fp32. "
        "attnlab computes the text's keys and values once a prompt, before the step, and PyTorch in every step. Memory "
        "is the process's largest while it ran, the interpreter and its libraries included.",
        table(cases),
    ]
    if results:
        peak = max(r["peak_gflops"] for r in results if r["peak_gflops"])
        sections += [
            "## Parts",
            "`attnlab bench kernels`, `vae` and `recorder`. Kernels, products, convolutions and the recorder were "
            "checked before they were timed. The machine's peak is the fastest call of a product of 2048x2048x2048 "
            f"between the cases, up to {peak:.0f} GFLOP/s; a share is of the peak beside the case itself.",
            parts_table(results),
        ]
    sections += ["## Again", f"    make build\n    {command}"]
    return "\n\n".join(sections) + "\n"


def facts(program, engine, load_before, channels_last, threads):
    version = subprocess.run([str(program), "--version"], check=True, text=True, capture_output=True).stdout.strip()
    commit = git("rev-parse", "--short=12", "HEAD") or "unknown"
    if git("status", "--porcelain", "--", "Sources", "Package.swift"):
        commit += ", with changes"
    load_after = os.getloadavg()[0]
    layout = "channels_last" if channels_last else "its own"
    rows = [
        ("machine", machine()),
        ("attnlab", f"{version}, commit {commit}; {engine}; {threads} threads"),
        ("PyTorch", f"torch {torch.__version__}, diffusers {diffusers.__version__}; {torch.get_num_threads()} threads; "
                    f"memory format: {layout}"),
        ("OMP_WAIT_POLICY", os.environ.get("OMP_WAIT_POLICY", "not set")),
        ("GOMP_SPINCOUNT", os.environ.get("GOMP_SPINCOUNT", "not set")
         + ("" if {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"} & os.environ.keys() else "; attnlab itself takes 1000")),
        ("load before and after", f"{load_before:.1f} and {load_after:.1f}; the comparison itself brings up to "
                                  f"{os.cpu_count()}"),
    ]
    if load_before > 0.5:
        rows.append(("note", "other work ran on the machine: single times are too long by an unknown amount; the two "
                             "sides took turns, so ratios suffer less, but they too are to be measured again"))
    return "\n".join(["| | |", "| --- | --- |", *(f"| {a} | {b} |" for a, b in rows)])


def planned(given):
    def of(model, folder, batch, side, rounds, calls):
        return [Case(model, folder, batch, side, record, rounds, calls) for record in given.record]

    cases = of("emoji-scenes", BUNDLED, 2, 16, given.rounds, 10) + of("emoji-scenes", BUNDLED, 14, 16, given.rounds, 4)
    if given.sd15:
        folder = given.sd15.resolve()
        cases += of("SD 1.5's configuration", folder, 2, 32, max(1, given.rounds // 2), 2)
        cases += of("SD 1.5's configuration", folder, 2, 64, given.large_rounds, 1)
    return cases


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attnlab", type=pathlib.Path, default=CHECKOUT / ".build/release/attnlab", metavar="PROGRAM")
    parser.add_argument(
        "--sd15", type=pathlib.Path, metavar="DIR", help="also time this folder, at 32x32 and 64x64 cells")
    parser.add_argument("--record", nargs="+", choices=RECORDS, default=RECORDS)
    parser.add_argument("--rounds", type=int, default=6, help="of the bundled model; half as many of DIR (default 6)")
    parser.add_argument("--large-rounds", type=int, default=2, help="of DIR at 64x64 cells (default 2)")
    parser.add_argument("--channels-last", action="store_true", help="give PyTorch that memory format")
    parser.add_argument("--without-parts", action="store_true", help="leave out kernels, vae and recorder")
    parser.add_argument("--report", type=pathlib.Path, metavar="FILE", help="write a Markdown page")
    given = parser.parse_args()
    if not given.attnlab.exists():
        parser.error(f"{given.attnlab} does not exist; run `make build` first")
    if given.rounds < 1 or given.large_rounds < 1:
        parser.error("--rounds and --large-rounds are at least 1")
    if given.sd15 and not (given.sd15 / "unet/config.json").exists():
        parser.error(f"{given.sd15} is not a model in the diffusers layout")

    load = os.getloadavg()[0]
    cases, torch_side, result = planned(given), None, None
    with tempfile.TemporaryDirectory() as scratch:
        for index, case in enumerate(cases):
            if index == 0 or case.folder != cases[index - 1].folder:
                torch_side = None  # frees the former model first
                torch_side = Torch(case.folder, given.channels_last)
            result = measure(case, given.attnlab, torch_side, pathlib.Path(scratch))
            print(f"{case.name}: attnlab {spread(case.ours)}, PyTorch {spread(case.theirs)}, ratio {case.ratio:.2f}")
    torch_side = None
    results = [] if given.without_parts else parts(given.attnlab, 7)
    if given.report:
        about = facts(given.attnlab, result["engine"], load, given.channels_last, result["threads"])
        command = "python Experiments/bench/compare.py " + ("--sd15 DIR " if given.sd15 else "")
        command += "--channels-last " if given.channels_last else ""
        command += f"--record {' '.join(given.record)} " if tuple(given.record) != RECORDS else ""
        command += "--without-parts " if given.without_parts else ""
        for name in ("rounds", "large_rounds"):
            if getattr(given, name) != parser.get_default(name):
                command += f"--{name.replace('_', '-')} {getattr(given, name)} "
        given.report.parent.mkdir(parents=True, exist_ok=True)
        given.report.write_text(page(cases, results, about, command + "--report Results/bench/report.md"))
        print(f"wrote {given.report}")


if __name__ == "__main__":
    main()
