"""What presets and variants are made of, and how a chapter trains on two CPU cores."""

from dataclasses import dataclass, field

from dfer_nb.data.expressions import EXPRESSIONS

ALL_COLUMNS = (*EXPRESSIONS, "UAR", "WAR")  # of a main table that prints every recall


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
class Choice:
    """Something that the paper does not decide, or gives as an example, and that is decided here.

    ours: what is done here; theirs: what the paper says, and public code where it is known; variant: the one that tries
    the other way, "" where none does. A choice that is a preset's value, too, has the word `assumption` there.
    """

    ours: str
    theirs: str
    variant: str = ""


@dataclass(frozen=True)
class Variant:
    """What a variant changes, and what it answers in the paper or in this book.

    full_size: settings of the training that it changes in the presets of the paper's size alone.
    """

    answers: str
    training: dict = field(default_factory=dict)
    model: dict = field(default_factory=dict)
    method: dict = field(default_factory=dict)
    full_size: dict = field(default_factory=dict)
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
    cosine_from="warmup",
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

# What every paper leaves open in the same way.
COSINE = Choice(
    "falls from where the warm-up ends",
    '"cosine scheduler" with warm-up epochs; in public code of the laboratory (timm) it runs over all epochs, and the '
    "warm-up cuts into it: up to a tenth of the peak apart",
    "cosine-from-start",
)
FROM_START = Variant("public code of the laboratory: the cosine runs over all epochs",
                     training={"cosine_from": "start"})
JITTER = Choice(
    "brightness, contrast and saturation, by 0.4; hue is left out",
    '"0.4 color jitter" does not say of what; public code of the laboratory jitters hue by 0.4 as well',
)
CROP = Choice(
    "a square of 0.7 to 1 of the area (laptop: 0.8 to 1)",
    '"random cropping", without a range; public code of the laboratory: 0.08 to 1, sides of 3 : 4 to 4 : 3',
)
