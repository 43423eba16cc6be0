"""Augmentation of clips: random crop, flip and colour jitter, one draw a clip, applied on the device."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from dfer_nb.errors import BadInput

GRAY = (0.2989, 0.587, 0.114)  # of red, green, blue; torchvision's weights


@dataclass(frozen=True)
class Augment:
    """What may happen to a clip in training.

    crop_scale: share of the picture's area that a random square crop keeps, scaled back to full size
    (the shape of a face carries the expression, so its proportions stay). flip: mirror half of the clips.
    jitter: brightness, contrast and saturation factors lie in 1 - jitter … 1 + jitter, as in torchvision's
    ColorJitter, in this order; hue is left out (skin in other hues is no face that a test will show).
    """

    crop_scale: tuple[float, float] = (0.7, 1.0)
    flip: bool = True
    jitter: float = 0.4

    def __post_init__(self):
        low, high = self.crop_scale
        if not (0 < low <= high <= 1 and 0 <= self.jitter <= 1):
            raise BadInput(
                f"crop_scale {self.crop_scale}, jitter {self.jitter}: no such augmentation",
                "Augment",
                "give crop_scale two numbers, 0 < low <= high <= 1, and jitter one from 0 to 1",
            )

    def draw(self, rngs) -> "Draws":
        """One draw a clip, from one NumPy generator a clip: always seven numbers, whatever is switched on."""
        u = np.stack([rng.random(7) for rng in rngs])
        low, high = self.crop_scale
        side = np.sqrt(low + (high - low) * u[:, 0])
        box = np.stack([u[:, 1] * (1 - side), u[:, 2] * (1 - side), side, side], axis=1)
        factors = 1 + self.jitter * (2 * u[:, 4:7] - 1)
        return Draws(box, (u[:, 3] < 0.5) & self.flip, factors)


@dataclass(frozen=True)
class Draws:
    """What happens to each of B clips.

    box (B, 4): top, left, height and width of the crop, as shares of the picture; flip (B,): bool;
    factors (B, 3): of brightness, contrast, saturation.
    """

    box: np.ndarray
    flip: np.ndarray
    factors: np.ndarray


def augment(frames: torch.Tensor, draws: Draws) -> torch.Tensor:
    """Crop, flip and recolour clips, every frame of a clip alike: (B, T, 3, H, W) float in 0..1, and back.

    With equal parameters the result is that of torchvision's `resized_crop` (bilinear), `horizontal_flip`,
    `adjust_brightness`, `adjust_contrast` and `adjust_saturation`, in this order.
    """
    return _recolour_(_crop(frames, draws), draws.factors)


def _crop(frames, draws) -> torch.Tensor:
    b, t, c, h, w = frames.shape
    rows = _positions(draws.box[:, 0], draws.box[:, 2], h, np.zeros(b, bool))
    columns = _positions(draws.box[:, 1], draws.box[:, 3], w, draws.flip)
    grid = np.stack(
        [np.broadcast_to(columns[:, None, :], (b, h, w)), np.broadcast_to(rows[:, :, None], (b, h, w))],
        axis=-1,
    )
    grid = torch.from_numpy(grid.astype(np.float32)).to(frames.device, frames.dtype)
    # Frames stand beside colours as channels: one grid a clip, and every frame of the clip is cut alike.
    cut = F.grid_sample(frames.reshape(b, t * c, h, w), grid, "bilinear", align_corners=False)
    return cut.view(b, t, c, h, w)


def _positions(start, length, n, mirror) -> np.ndarray:
    """Where n output pixels lie along one side, (B, n), in grid_sample's -1..1 over the whole picture."""
    start, length = start[:, None] * n, length[:, None] * n  # in pixels
    at = start + (np.arange(n) + 0.5) * length / n
    # Kept between the crop's own outermost pixel centres: what was cut off must not blend in at the rim.
    half = np.minimum(0.5, length / 2)
    at = np.clip(at, start + half, start + length - half)
    at = np.where(mirror[:, None], at[:, ::-1], at)
    return at * 2 / n - 1


def _recolour_(frames, factors) -> torch.Tensor:
    """Brightness, contrast, saturation, in place; contrast turns about the mean grey of each frame."""
    brightness, contrast, saturation = (
        torch.from_numpy(factors.astype(np.float32))
        .to(frames.device, frames.dtype)
        .T.reshape(3, -1, 1, 1, 1, 1)
    )
    frames = frames.mul_(brightness).clamp_(0, 1)
    mean = _grey(frames).mean((-1, -2), keepdim=True)
    frames = frames.mul_(contrast).add_(mean * (1 - contrast)).clamp_(0, 1)
    grey = _grey(frames).mul_(1 - saturation)
    return frames.mul_(saturation).add_(grey).clamp_(0, 1)


def _grey(frames) -> torch.Tensor:
    red, green, blue = frames.unbind(2)
    return (red * GRAY[0]).add_(green, alpha=GRAY[1]).add_(blue, alpha=GRAY[2]).unsqueeze(2)
