"""The variations of a training picture, each decided by the run's seed, the epoch and the draw alone."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import InterpolationMode, v2

from worker.ml.embed import Framing, centre_crop
from worker.ml.recipes import Augmentation

_ASPECT = (3 / 4, 4 / 3)


class Augmenter:
    """Crops a picture to the model's input and varies it."""

    def __init__(self, settings: Augmentation, framing: Framing) -> None:
        self.settings = settings
        self.framing = framing
        self.vary = v2.Compose(_transforms(settings, framing))

    def __call__(self, image: Image.Image, *, seed: int, epoch: int, draw: int) -> torch.Tensor:
        """-> uint8 [3, px, px], the same for the same picture, seed, epoch and draw (the how-manieth of the epoch).

        Nobody else's random numbers are used, and none are taken from them: it does not matter which process
        prepares a picture, or in what order.
        """
        if self.settings.crop_scale == 1.0:
            image = Image.fromarray(centre_crop(image, self.framing))
        with torch.random.fork_rng(devices=[]):
            # Only the CPU's generator: `torch.manual_seed` would reach into the GPU's as well.
            torch.default_generator.manual_seed(derived_seed(seed, epoch, draw))
            varied = self.vary(image)
        return torch.from_numpy(np.array(varied)).permute(2, 0, 1).contiguous()


def derived_seed(*numbers: int) -> int:
    """A well-mixed 63-bit seed for a place in the run: near places get unrelated ones."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0]) >> 1


def _transforms(settings: Augmentation, framing: Framing) -> list[v2.Transform]:
    """Geometry first, then colour, then RandAugment; what is switched off is left out."""
    px, fill = framing.input_px, (124, 116, 104)  # the mean of ImageNet, where a rotation uncovers nothing
    chosen: list[v2.Transform] = []
    if settings.crop_scale < 1.0:
        interpolation = InterpolationMode(framing.interpolation)
        chosen.append(v2.RandomResizedCrop(px, (settings.crop_scale, 1.0), _ASPECT, interpolation))
    if settings.flip_horizontal:
        chosen.append(v2.RandomHorizontalFlip())
    if settings.flip_vertical:
        chosen.append(v2.RandomVerticalFlip())
    if settings.rotation:
        chosen.append(v2.RandomRotation(settings.rotation, InterpolationMode.BILINEAR, fill=fill))
    jitter = (settings.brightness, settings.contrast, settings.saturation, settings.hue)
    if any(jitter):
        chosen.append(v2.ColorJitter(*jitter))
    if settings.randaugment_ops:
        ops, magnitude = settings.randaugment_ops, settings.randaugment_magnitude
        chosen.append(v2.RandAugment(ops, magnitude, interpolation=InterpolationMode.BILINEAR, fill=fill))
    return chosen or [v2.Identity()]
