"""Schedulers walked through with a model that is a formula, so that any language can repeat it."""
import itertools
import math

import torch
from diffusers import (
    DDIMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler, PNDMScheduler, StableDiffusionPipeline,
)

from .files import noise, pipeline, save_json

KINDS = (DDIMScheduler, PNDMScheduler, EulerDiscreteScheduler, DPMSolverMultistepScheduler)

SD = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
START = noise(5, (8,))
FORCING = torch.tensor([0.1 * math.cos(i) for i in range(8)])


def cases():
    """(class, config as a file would hold it, numbers of steps)."""
    leading = SD | dict(steps_offset=1, clip_sample=False, set_alpha_to_one=False)
    yield DDIMScheduler, {}, [1, 5, 30]
    for spacing, offset, one in itertools.product(("leading", "trailing", "linspace"), (0, 1), (True, False)):
        yield DDIMScheduler, SD | dict(
            timestep_spacing=spacing, steps_offset=offset, set_alpha_to_one=one, clip_sample=False
        ), [1, 5, 30]
    for kind in ("v_prediction", "sample"):
        yield DDIMScheduler, leading | dict(prediction_type=kind), [1, 5, 30]
    yield DDIMScheduler, leading | dict(clip_sample=True), [5, 30]
    yield DDIMScheduler, leading | dict(clip_sample=True, clip_sample_range=0.5), [5]
    for kind in ("v_prediction", "sample"):
        yield DDIMScheduler, SD | dict(
            rescale_betas_zero_snr=True, timestep_spacing="trailing", prediction_type=kind, clip_sample=False
        ), [5, 30]
    yield DDIMScheduler, dict(beta_schedule="squaredcos_cap_v2", clip_sample=False), [5, 30]
    yield DDIMScheduler, dict(beta_schedule="linear", clip_sample=False, num_train_timesteps=50), [5, 30]
    yield DDIMScheduler, dict(trained_betas=[0.01 * (i + 1) for i in range(20)], num_train_timesteps=20,
                              clip_sample=False), [5]

    # The file of SD 1.4 and 1.5.
    yield PNDMScheduler, leading | dict(skip_prk_steps=True, num_train_timesteps=1000, trained_betas=None), [1, 2, 5, 30]
    yield PNDMScheduler, {}, [4, 5, 30]
    yield PNDMScheduler, leading, [4, 5, 30]
    for spacing in ("trailing", "linspace"):
        yield PNDMScheduler, SD | dict(skip_prk_steps=True, timestep_spacing=spacing), [1, 5, 30]
    yield PNDMScheduler, leading | dict(skip_prk_steps=True, prediction_type="v_prediction"), [5, 30]
    yield PNDMScheduler, SD | dict(skip_prk_steps=True, set_alpha_to_one=True), [5]

    yield EulerDiscreteScheduler, {}, [1, 5, 30]
    for spacing, offset in itertools.product(("leading", "trailing", "linspace"), (0, 1)):
        yield EulerDiscreteScheduler, SD | dict(timestep_spacing=spacing, steps_offset=offset), [1, 5, 30]
    for kind in ("v_prediction", "sample"):
        yield EulerDiscreteScheduler, leading | dict(prediction_type=kind), [5, 30]
    yield EulerDiscreteScheduler, SD | dict(interpolation_type="log_linear"), [5]
    yield EulerDiscreteScheduler, SD | dict(final_sigmas_type="sigma_min"), [5]
    yield EulerDiscreteScheduler, SD | dict(use_karras_sigmas=True), [5, 30]
    yield EulerDiscreteScheduler, SD | dict(
        rescale_betas_zero_snr=True, timestep_spacing="trailing", prediction_type="v_prediction"
    ), [5]

    yield DPMSolverMultistepScheduler, {}, [1, 5, 30]
    for spacing, offset in itertools.product(("leading", "trailing", "linspace"), (0, 1)):
        yield DPMSolverMultistepScheduler, SD | dict(timestep_spacing=spacing, steps_offset=offset), [1, 2, 5, 30]
    for kind in ("v_prediction", "sample"):
        yield DPMSolverMultistepScheduler, leading | dict(prediction_type=kind), [5, 30]
    yield DPMSolverMultistepScheduler, SD | dict(solver_order=1), [5]
    yield DPMSolverMultistepScheduler, SD | dict(solver_type="heun"), [5, 30]
    yield DPMSolverMultistepScheduler, SD | dict(final_sigmas_type="sigma_min", lower_order_final=False), [5, 30]
    yield DPMSolverMultistepScheduler, SD | dict(final_sigmas_type="sigma_min"), [5, 30]
    yield DPMSolverMultistepScheduler, SD | dict(final_sigmas_type="sigma_min", euler_at_final=True), [30]
    yield DPMSolverMultistepScheduler, SD | dict(use_karras_sigmas=True), [5, 30]
    yield DPMSolverMultistepScheduler, SD | dict(rescale_betas_zero_snr=True, timestep_spacing="trailing",
                                                 prediction_type="v_prediction"), [5]
    yield DPMSolverMultistepScheduler, dict(beta_schedule="squaredcos_cap_v2", lambda_min_clipped=-5.1), [5, 30]


def walk(kind, config, steps):
    scheduler = kind.from_config(config)
    scheduler.set_timesteps(steps)
    sigma = float(scheduler.init_noise_sigma)
    # Through a tensor, as StableDiffusionPipeline multiplies it.
    sample = START * scheduler.init_noise_sigma
    trajectory = []
    for i, t in enumerate(scheduler.timesteps):
        scaled = scheduler.scale_model_input(sample, t)
        output = 0.3 * scaled + FORCING.roll(-i)
        sample = scheduler.step(output, t, sample).prev_sample
        trajectory.append(floats(sample))
    return {
        "class": kind.__name__, "config": config, "steps": steps, "init_noise_sigma": sigma,
        "timesteps": [float(t) for t in scheduler.timesteps], "trajectory": trajectory,
    }


def floats(tensor):
    """float32 in nine digits, which give the same bits back."""
    return [float(f"{x:.9g}") for x in tensor.flatten().tolist()]


def through_pipeline(model, kind):
    """What StableDiffusionPipeline makes of a scheduler whose file holds no key: it overrides two of them."""
    base = pipeline(model)
    scheduler = StableDiffusionPipeline(**base.components | {"scheduler": kind()}).scheduler
    scheduler.set_timesteps(5)
    return {
        "class": kind.__name__, "steps": 5, "timesteps": [float(t) for t in scheduler.timesteps],
        "clip_sample": scheduler.config.get("clip_sample", False),
    }


def make(model, folder):
    """`cases`: after step i (from 0) the sample is `trajectory[i]`; the model's output at step i is
    0.3 * scaled sample + forcing rotated left by i, in float32. `schedules`: alphas_cumprod whole. `pipelines`: the
    timesteps that StableDiffusionPipeline leaves of each class's defaults."""
    walks = [walk(kind, config, n) for kind, config, counts in cases() for n in counts]
    schedules = []
    for config in (
        {}, SD, SD | dict(rescale_betas_zero_snr=True), dict(beta_schedule="squaredcos_cap_v2"),
        dict(num_train_timesteps=7), dict(num_train_timesteps=1),
    ):
        schedules.append({"config": config, "alphas_cumprod": floats(DDIMScheduler.from_config(config).alphas_cumprod)})
    save_json(
        folder / "schedulers.json",
        {"start": floats(START), "forcing": floats(FORCING), "cases": walks, "schedules": schedules,
         "pipelines": [through_pipeline(model, kind) for kind in KINDS]}, compact=True,
    )
    print(f"  {len(walks)} walks")
