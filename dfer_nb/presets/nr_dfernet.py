"""Presets and variants of the NR-DFERNet chapter."""

from dfer_nb.nr_dfernet import NRDFERNet, SnippetFiltering
from dfer_nb.presets.values import (
    FROZEN_TRAINING,
    LAPTOP_TRAINING,
    MEMORISE_TRAINING,
    Choice,
    Value,
    Variant,
    assumed,
    laptop,
    stated,
)

MODEL, METHOD = NRDFERNet, SnippetFiltering
MAIN_TABLE = ("5", "NR-DFERNet")  # the paper's table of five folds on DFEW, and its own row there

_SAMPLING = stated("Sec. 4.2", segments=8, frames_per_segment=2)
_NETWORK = {
    **stated("Sec. 4.3", spatial_layers=2, temporal_layers=4, snippet_width=3, snippet_stride=2),
    **stated("Sec. 4.2", heads=4),
    **stated("Eq. 4", branches="both"),
    **stated("Eq. 5", token="dynamic"),
    **assumed(head_width=32, spatial_mlp=256, temporal_mlp=512, snippets="testing", snippet_times="own"),
    **assumed(initial_scale=0.02),
}
_DECISION = {**stated("Sec. 4.2", mu1=0.7, mu2=0.05), **stated("Eq. 7", filtered=True), **assumed(smoothing=0.0)}
_PAPER = {
    "training": {
        **_SAMPLING,
        **stated(
            "Sec. 4.2",
            epochs=70,
            optimizer="sgd",
            schedule="exponential",
            lr=1e-3,
            lr_backbone=1e-3,
            batch_size=32,
            flip=True,
            size=112,
        ),
        **assumed(gamma=0.96, weight_decay=1e-4, warmup=0, lr_min=0.0, clip_norm=0.0, max_frames=128),
        **assumed(jitter=0.4, crop_scale=(0.7, 1.0), precision="bf16-mixed", cpu_precision="bf16-mixed"),
    },
    "model": {**_NETWORK, **assumed(backbone_name="resnet18", backbone_weights="none")},
    "method": _DECISION,
}

_LAPTOP = {
    "training": {**LAPTOP_TRAINING, **_SAMPLING},
    "model": {
        **_NETWORK,
        **laptop(backbone_name="facenet", backbone_weights="shipped", head_width=16, spatial_mlp=128,
                 temporal_mlp=128),
    },
    "method": _DECISION,
}

PRESETS: dict[str, dict[str, dict[str, Value]]] = {
    "laptop": _LAPTOP,
    "memorise": {**_LAPTOP, "training": {**_LAPTOP["training"], **MEMORISE_TRAINING}},
    # A frame's feature is a map of one position here: good for class token, temporal stage and filter, while the fusion
    # has no places left to look at.
    "frozen": {
        **_LAPTOP,
        "training": {**_LAPTOP["training"], **FROZEN_TRAINING},
        "model": {**_LAPTOP["model"], **laptop(backbone_name="features", backbone_weights="none")},
    },
    "paper": _PAPER,
    "paper-scratch": _PAPER,  # the paper names no weights for DFEW: both begin anew
}
FRAMES = {"facsimile-long": 64}  # more frames to be drawn from than of the other kinds

_BASELINE = {"branches": "static", "token": "learned"}
_FEW = 150  # training clips of the small dataset: a fifth of a fold, as AFEW's 773 are of DFEW's
_LEFT = 880  # training clips without a trouble, of 1120: a few less than the 896 that have no irrelevant frames


def _components() -> dict[str, Variant]:
    """Table 1. A pair that differs in the filter alone is one training: see `evidence.unfiltered`."""
    rows = {"baseline": ("a", _BASELINE), "baseline-filter": ("b", _BASELINE), "token": ("c", {"branches": "static"}),
            "token-filter": ("d", {"branches": "static"}), "fusion": ("e", {"token": "learned"}),
            "fusion-filter": ("f", {"token": "learned"}), "without-filter": ("g", {})}
    return {name: Variant(f"Table 1, {row}", model=model, method={} if row in "bdf" else {"filtered": False})
            for name, (row, model) in rows.items()}


def _unseen() -> dict[str, Variant]:
    """Training without the clips of a trouble, and on as many of all clips."""
    learned, clips = {"token": "learned"}, {"train_clips": _LEFT}
    return {
        "as-many": Variant("control: as many clips as are left without a trouble", training=clips),
        "as-many-learned": Variant("control: the same, with the learned token", training=clips, model=learned),
        "no-brief": Variant("ours: no clip of a short apex in training", training={"leave_out": "short_apex"} | clips),
        "no-irrelevant": Variant("ours: no irrelevant frame in training", training={"leave_out": "irrelevant"} | clips),
        "no-irrelevant-learned": Variant("ours: the same, with the learned token",
                                         training={"leave_out": "irrelevant"} | clips, model=learned),
    }


def _windows() -> dict[str, Variant]:
    """Table 2, but for the chosen stride and width."""
    return {f"width-{width}-stride-{stride}": Variant(
        f"Table 2, S={stride}, L={width}", model={"snippet_width": width, "snippet_stride": stride})
        for width in (3, 6) for stride in (1, 2, 3) if (width, stride) != (3, 2)}


def _depths() -> dict[str, Variant]:
    """Table 3, but for the chosen depths."""
    return {f"depth-{m}-{n}": Variant(f"Table 3, M={m}, N={n}", model={"spatial_layers": m, "temporal_layers": n})
            for n in (4, 6) for m in (1, 2, 3) if (m, n) != (2, 4)}


VARIANTS = {
    "nr_dfernet": Variant("Table 1, h; Tables 2 and 3, the chosen settings; Table 5, NR-DFERNet"),
    **_components(),
    **_windows(),
    **_depths(),
    "oversampled": Variant("Table 5, NR-DFERNet*: every class equally often", training={"balance": 1.0}),
    "few": Variant("Table 4's question: few clips, and nothing before them",
                   training={"train_clips": _FEW}, full_size={"train_clips": 0, "epochs": 30}),
    "fine-tuned": Variant("Table 4: few clips, after training on another dataset (give it as `start`)",
                          training={"train_clips": _FEW, "lr": 1e-3, "lr_backbone": 1e-4, "lr_min": 1e-5},
                          full_size={"train_clips": 0, "epochs": 30, "lr": 3e-4, "lr_backbone": 3e-4, "lr_min": 0.0},
                          begins=True),
    "dynamic-only": Variant("control: the difference branch alone", model={"branches": "dynamic"}),
    "shuffled": Variant("control: frames out of order", training={"shuffled": True}),
    "token-shuffled": Variant("control: Table 1, d, frames out of order", training={"shuffled": True},
                              model={"branches": "static"}),
    **_unseen(),
    "snippets-learnt": Variant("ours: snippets are trained, too", model={"snippets": True},
                               method={"snippet_loss": 0.5}),
    "first-times": Variant("ours: every snippet begins at the first position", model={"snippet_times": "first"}),
    "public-schedule": Variant("public code of the first author: the rate halved every seven epochs, weight decay 0.1",
                               full_size={"gamma": 0.5 ** (1 / 7), "weight_decay": 0.1}),
    "public-thresholds": Variant("public code of the first author: mu1 = 0.75, mu2 = 0.03",
                                 method={"mu1": 0.75, "mu2": 0.03}),
}

CHOICES = {
    "primary feature map": Choice(
        "ResNet18's 7x7 convolution and max-pool, the first block of each of its first three stages: 256 x 7 x 7",
        "three convolutional layers, C x H x W (Sec. 3.2); public code of the first author: a 3x3 convolution with "
        "stride 2, batch normalisation, ReLU and another 3x3 before its blocks, 1.5 GMAC more",
    ),
    "weights at the start": Choice("none (laptop: the small network's action-unit weights)", "not said for DFEW"),
    "Conv-D": Choice("a 3x3 convolution with stride 2, alone", "stride 2 (Eq. 2)"),
    "dynamic branch": Choice(
        "three residual blocks of two 3x3 convolutions, batch normalisation and ReLU, the first with stride 2",
        '"three convolution layers with 3x3 kernels" and "three convolutional blocks" (Sec. 3.3)',
    ),
    "last frame": Choice(
        "its static features are left out, in the baseline, too", "left out with dynamic features (Sec. 3.2)"
    ),
    "sizes of the encoders": Choice(
        "4 heads of 32, feed-forward layers of 256 (spatial) and 512 (temporal): all FLOPs of Table 3 follow, if each "
        "residual is taken twice (laptop: heads of 16, layers of 128)",
        "4 heads (Sec. 4.2); public code of the first author has N = 2",
    ),
    "beginning of positions and token": Choice(
        "from a normal of deviation 0.02", '"learnable" (Eq. 3); usual code of vision transformers: 1.0'
    ),
    "classifier": Choice("one layer on the class token as the last encoder leaves it", "an FC layer (Sec. 3.1)"),
    "what a snippet is taken from": Choice(
        "windows over the T-1 dynamic-static features; Eq. 6 with T-1 for T: as many snippets with L = 3, S = 2",
        "a window over T frames that are fed into the network (Sec. 3.5)",
    ),
    "positions of a snippet": Choice(
        "those of its frames in the sequence, and a class token of its own", "not said", "first-times"
    ),
    "snippets in training": Choice("none: only whole sequences are trained", "not said", "snippets-learnt"),
    "thresholds": Choice(
        "0.7 and 0.05; at equality a snippet does not trip",
        "0.7 and 0.05 (Sec. 4.2); Eq. 7 leaves equality open; public code of the first author: 0.75 and 0.03",
        "public-thresholds",
    ),
    "filtered logits": Choice(
        "minus infinity for Neutral, so that its probability is 0 and the others share 1",
        '"the predicted probability of neutral class setting to zero" (Sec. 3.5)',
    ),
    "attention of Fig. 5": Choice(
        "mean over heads, product of the layers, the class token's row without itself",
        '"multiply the attention map in each layer and normalize" (Sec. 4.5): residuals are not spoken of',
    ),
    "frames of a segment": Choice(
        "V neighbours, at a place drawn by lot; a clip of fewer than U x V frames repeats its last one",
        '"randomly pick V frames" (Sec. 3.2); public code of the first author drops clips of fewer than 16 frames',
    ),
    "frames of a video": Choice(
        "a longer one keeps 128, evenly spread, before segments are made (laptop: 32)", "all of them (Sec. 3.2)"
    ),
    "schedule": Choice(
        "the rate falls to 0.96 of itself in each epoch, weight decay 0.0001, momentum 0.9",
        "SGD, an exponential rate (Sec. 4.2); public code of the first author: halved every seven epochs, decay 0.1",
        "public-schedule",
    ),
    "oversampling": Choice(
        "every class equally often, epochs as long as before; a clip that comes again is cropped anew",
        '"reduce the sampling of classes with a large proportion" (Sec. 4.4): how far is not said', "oversampled"
    ),
    "few clips": Choice(
        f"{_FEW} training clips and 8 epochs with a third of the rate (full size: all clips of the other dataset)",
        "AFEW's 773 clips, 30 epochs from 0.0003 after 70 from 0.001 on DFEW's first fold (Sec. 4.2)", "fine-tuned"
    ),
    "colour jitter": Choice("brightness, contrast and saturation, by 0.4", '"color jittering" (Sec. 4.2)'),
    "random crop": Choice("a square of 0.7 to 1 of the area (laptop: 0.8 to 1)", '"random cropping" (Sec. 4.2)'),
    "input scaling": Choice(
        "ImageNet's mean and deviation (laptop: (x - 0.5) * 4, the small network's own)",
        "not said; most public code of the field leaves colours in 0 to 1",
    ),
}
