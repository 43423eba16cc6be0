"""What presets and variants are made of, and how a chapter trains on two CPU cores."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Value:
    """A setting and the place in the paper where it is said, or `assumption`, or `laptop`."""

    value: object
    source: str


def laptop(**values) -> dict[str, Value]:
    """Values chosen for two CPU cores."""
    return {name: Value(value, "laptop") for name, value in values.items()}


def assumed(**values) -> dict[str, Value]:
    """Values that the paper does not give."""
    return {name: Value(value, "assumption") for name, value in values.items()}


def stated(place: str, **values) -> dict[str, Value]:
    """Values that the paper gives in one place."""
    return {name: Value(value, place) for name, value in values.items()}


@dataclass(frozen=True)
class Variant:
    """What a variant changes, and what it answers in the paper or in this book."""

    answers: str
    training: dict = field(default_factory=dict)
    model: dict = field(default_factory=dict)
    method: dict = field(default_factory=dict)
    control: str = ""  # the rule of `training.controls.Control` that takes the method's place


# A chapter's laptop presets begin with these, and say what they change.
LAPTOP_TRAINING = laptop(
    size=48,
    max_frames=32,
    epochs=8,
    warmup=1,
    batch_size=32,
    lr=3e-3,
    lr_backbone=3e-4,
    lr_min=3e-5,
    weight_decay=0.05,
    optimizer="adamw",
    schedule="cosine",
    clip_norm=1.0,
    precision="bf16-mixed",
    cpu_precision="bf16-mixed",
    crop_scale=(0.8, 1.0),
    flip=True,
    jitter=0.4,
)
# Few clips, nothing augmented, and rates that fit them: after 16 epochs nearly all wrong labels are known by heart.
MEMORISE_TRAINING = laptop(
    train_clips=400, epochs=16, lr_backbone=1e-3, crop_scale=(1.0, 1.0), flip=False, jitter=0.0
)
# Heads on the shipped backbone's frame features: nothing is augmented, float32 is fast enough.
FROZEN_TRAINING = laptop(
    features="facenet", epochs=8, crop_scale=(1.0, 1.0), flip=False, jitter=0.0, cpu_precision="32-true"
)
