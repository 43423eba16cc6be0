"""Presets and variants of the SCIU chapter."""

from torch import nn

from dfer_nb.models.host import SubClips
from dfer_nb.models.hosts import host
from dfer_nb.models.layers import write_out_attention
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
from dfer_nb.rdfer import AgreementReweighting
from dfer_nb.sciu import Purification, Weighted
from dfer_nb.training.controls import Instead


def network(backbone_name: str = "cnn-lstm", backbone_weights: str = "shipped", width: str = "narrow",
            length: int = 16, size: int = 0, weighted: bool = True, hidden: int = 0, sub_clips: int = 0,
            feature_norm: bool = False) -> nn.Module:
    """A host by name, with a weight branch or without (SCIU, Table 1).

    backbone_name, backbone_weights, width, size and feature_norm: as `models.hosts.host` takes them; length: frames of
    a clip; hidden: as in `WeightBranch`; sub_clips: so many are asked as well, 0: none. Raises BadInput.
    """
    net = host(backbone_name, width, backbone_weights, length, size, feature_norm=feature_norm)
    net = write_out_attention(net) if width == "narrow" else net
    net = SubClips(net, sub_clips) if sub_clips else net
    return Weighted(net, hidden) if weighted else net


def training(smoothing: float = 0.0, prune: bool = True, correct: bool = True, prune_below: float = 0.6,
             correct_above: float = 0.4, rounds: int = 2, start: int = 2, times: str = "logits",
             score_of: str = "max", returns: bool = True, lasting: bool = False, leaves: bool = True,
             reweighting: bool = False, watched: bool = False, prune_by: str = "",
             correct_by: str = "") -> Purification:
    """SCIU's training; reweighting: around RDFER's, with the values of its Sec. IV-B and the same first epoch.

    watched: agreement is written down, as reweighting does, and every clip weighs the same; prune_by, correct_by: as in
    `Instead`. All else is as in `Purification`. Raises BadInput.
    """
    shares = {"hard": 0.0, "noisy": 0.0} if watched else {}
    inner = AgreementReweighting(smoothing, start=start, **shares) if reweighting or watched else None
    return Purification(smoothing, prune, correct, prune_below, correct_above, rounds, start, times, score_of,
                        returns, lasting, leaves, inner, Instead(prune_by, correct_by))


MODEL, METHOD = network, training
CONTROLLED = {"model": {"weighted": False}}  # what the controls of every paper are of: the host as it is
MAIN_TABLE = ("1", "Res18_LSTM + SCIU")  # its table of DFEW (of one fold, as it seems), and its row of the first host

_READING = {
    **stated("Sec. 3.1", times="logits"),
    **assumed(score_of="max", returns=True, lasting=False, leaves=True, smoothing=0.0),
}
_STAGES = {
    **stated("Sec. 4.3", prune=True, correct=True, prune_below=0.6, correct_above=0.4, rounds=2),
    **_READING,
}
_PAPER = {
    "training": {
        **stated("Sec. 4.1", epochs=200, optimizer="sgd", max_frames=16),
        **assumed(lr=1e-2, lr_backbone=1e-2, lr_min=1e-4, schedule="cosine", cosine_from="warmup", warmup=0),
        **assumed(batch_size=32, weight_decay=1e-4, clip_norm=0.0, size=112, crop_scale=(0.7, 1.0), flip=True),
        **assumed(jitter=0.4, precision="bf16-mixed", cpu_precision="bf16-mixed"),
    },
    "model": {
        **stated("Table 1", backbone_name="cnn-lstm"),
        **stated("Eq. 1", weighted=True),
        **assumed(width="full", backbone_weights="torchvision", size=112, hidden=256, sub_clips=0, feature_norm=False),
    },
    "method": {**_STAGES, **assumed(start=10)},
}

_LAPTOP = {
    "training": {**LAPTOP_TRAINING, **stated("Sec. 4.1", max_frames=16)},
    "model": {
        **stated("Table 1", backbone_name="cnn-lstm"),
        **stated("Eq. 1", weighted=True),
        **laptop(width="narrow", backbone_weights="shipped", size=48, hidden=64, sub_clips=0, feature_norm=True),
    },
    # As many are below this lambda in plain training's last epoch as CGP alone prunes in Table 3; see "thresholds".
    "method": {**_STAGES, **laptop(prune_below=0.4, start=4)},
}

PRESETS: dict[str, dict[str, dict[str, Value]]] = {
    "laptop": _LAPTOP,
    "memorise": {  # as sure of itself as the paper's networks: the paper's own thresholds
        **_LAPTOP,
        "training": {**_LAPTOP["training"], **MEMORISE_TRAINING},
        "method": {**_STAGES, **laptop(start=4)},
    },
    "frozen": {  # the mean of frame features, without an LSTM: enough for both stages, which ask for any classifier
        **_LAPTOP,
        "training": {**_LAPTOP["training"], **FROZEN_TRAINING},
        "model": {**_LAPTOP["model"], **laptop(backbone_name="features", backbone_weights="none")},
    },
    "paper": _PAPER,
    "paper-scratch": {**_PAPER, "model": {**_PAPER["model"], **assumed(backbone_weights="none")}},
}
FRAMES: dict[str, int] = {}  # 16 of every kind

_WITHOUT = {"prune": False, "correct": False}
_ALONE = {"model": {"weighted": False}, "method": _WITHOUT}
_SUB_CLIPS = {"sub_clips": 4}
# In the paper's tables "cnn-lstm" is Res18_LSTM.
_HOSTS = {"resnet50-lstm": "Table 1, Res50_LSTM", "vgg13-lstm": "Table 1, VGG13_LSTM",
          "vgg16-lstm": "Table 1, VGG16_LSTM", "former-dfer": "Table 1, Former-DFER", "vit-lstm": "Table 1, ViT_LSTM",
          "cnn-gru": "ours: ResNet18+GRU", "two-stream-lstm": "ours: two-stream ResNet18+LSTM"}
_COMPOSED = ("resnet50-lstm", "vit-lstm")


def _hosts() -> dict[str, Variant]:
    """Each further host with SCIU, and alone; some with RDFER's reweighting, and with both."""
    found = {}
    for name, answers in _HOSTS.items():
        own = {"backbone_name": name}
        found[name] = Variant(f"{answers} + SCIU", model=own)
        found[f"{name}-host"] = Variant(f"{answers}, Original", model=own | _ALONE["model"], method=_WITHOUT)
    for name in _COMPOSED:
        own, called = {"backbone_name": name} | _SUB_CLIPS, _HOSTS[name].partition(", ")[2]
        found[f"{name}-reweighting"] = Variant(f"ours: RDFER's reweighting on {called}", model=own | _ALONE["model"],
                                               method={**_WITHOUT, "reweighting": True})
        found[f"{name}-sciu-reweighting"] = Variant(f"ours: SCIU and RDFER's reweighting on {called}", model=own,
                                                    method={"reweighting": True})
    return found


def _as_many() -> dict[str, Variant]:
    """Controls that prune or correct as many clips as a stage alone would in the same training, but others."""
    pruned = {"random": ("lot", "drawn by lot"), "loss": ("loss", "of the largest loss, averaged over t epochs"),
              "wrong": ("wrong_label", "that are known to be wrongly labelled"),
              "low-quality": ("low_quality", "that are known to be of low quality")}
    corrected = {"random-labels": ("lot", "drawn by lot among those predicted otherwise, get the predicted label"),
                 "true-labels": ("true_label", "that are known to be wrongly labelled get the true one")}
    found = {f"as-many-{name}": Variant(f"control: as many clips pruned, {words}",
                                        method={"correct": False, "prune_by": rule})
             for name, (rule, words) in pruned.items()}
    return found | {f"as-many-{name}": Variant(f"control: as many clips, {words}", model=_ALONE["model"],
                                               method={"prune": False, "correct_by": rule})
                    for name, (rule, words) in corrected.items()}


def _thresholds() -> dict[str, Variant]:
    """Tables 4 and 5, but for the chosen tau and t."""
    names = {"lambda": ("prune_below", "Table 4a", (0.5, 0.6, 0.7, 0.8, 0.9)),
             "tau": ("correct_above", "Table 4b", (0.1, 0.2, 0.3, 0.5)), "t": ("rounds", "Table 5", (3, 4, 5))}
    return {f"{symbol}-{value}".replace(".", ""): Variant(f"{table}, {symbol}={value}", method={name: value})
            for symbol, (name, table, values) in names.items() for value in values}


VARIANTS = {
    "sciu": Variant("Table 1, Res18_LSTM + SCIU; Table 2, both stages; Tables 4 and 5, tau and t chosen for DFEW"),
    "host": Variant("Table 1, Res18_LSTM, Original; Table 2, neither stage", **_ALONE),
    "pruning": Variant("Tables 2 and 3, CGP only", method={"correct": False}),
    "correction": Variant("Tables 2 and 3, FGC only", model={"weighted": False}, method={"prune": False}),
    **_thresholds(),
    "ferv39k-thresholds": Variant("Sec. 4.3: the values chosen for FERV39k",
                                  method={"prune_below": 0.7, "correct_above": 0.2, "rounds": 3}),
    **_hosts(),
    "score-of-label": Variant("Eq. 2 read so that p is the given label's", method={"score_of": "label"}),
    "times-probabilities": Variant("Sec. 3.2: the weight multiplies probabilities", method={"times": "probabilities"}),
    "no-return": Variant("Eq. 5 read so that a pruned clip stays away", method={"returns": False}),
    "lasting": Variant("Eq. 13 read so that a corrected label is the given one from then on",
                       method={"lasting": True}),
    "weigh-nothing": Variant("Eq. 6 read so that pruned clips count in a batch's mean, with 0",
                             method={"leaves": False}),
    "warm-up-2": Variant("Sec. 3.2: a warm-up of two epochs", method={"start": 2}),
    "without-weights": Variant("control: pruned by the plain probability, no weight branch",
                               model={"weighted": False}),
    "weights-and-correction": Variant("ours: FGC only, with the weight branch of CGP", method={"prune": False}),
    "weights-alone": Variant("ours: the weight branch and neither stage; agreement is written down as well",
                             model=_SUB_CLIPS, method={**_WITHOUT, "watched": True}),
    **_as_many(),
    "reweighting": Variant("ours: RDFER's reweighting on the same host, without SCIU",
                           model=_ALONE["model"] | _SUB_CLIPS, method={**_WITHOUT, "reweighting": True}),
    "sciu-reweighting": Variant("ours: SCIU and RDFER's reweighting together", model=_SUB_CLIPS,
                                method={"reweighting": True}),
}

CHOICES = {
    "what the weight multiplies": Choice(
        "the logits; scores are the softmax of the product",
        "the logits (Sec. 3.1), or the predicted probability value (Sec. 3.2, Eq. 2)", "times-probabilities"
    ),
    "p of the score": Choice(
        "the highest of the classes", 'the "predicted probability value" (Eq. 2): of which class is not said',
        "score-of-label",
    ),
    "pruned clips": Choice(
        "are scored on, and come back when their score has risen",
        '"continually updating the dataset" (Sec. 3.1): whether a pruned clip may return is not said', "no-return"
    ),
    "how pruned clips leave": Choice(
        "a batch's mean loss is of those that are left; the network still reads the others, to score them",
        "the pruned dataset is what is trained on (Eq. 6)", "weigh-nothing"
    ),
    "corrected labels": Choice(
        "decided anew after every epoch, from the first labels", "not said (Eq. 13)", "lasting"
    ),
    "rounds of Eq. 8 to 10": Choice(
        "the last t epochs", 'epochs t+1 to T, divided by t; "across the past t rounds" in words (Sec. 3.3)'
    ),
    "where scores are taken": Choice(
        "as a clip is trained, augmented, once an epoch", '"at the t-th iteration, we input v_i" (Sec. 3.2)'
    ),
    "thresholds": Choice(
        "those of DFEW; a score equal to lambda is pruned, a margin equal to tau is not enough (Eq. 4, 12)",
        "0.6, 0.4 and 2 epochs for DFEW, 0.7, 0.2 and 3 for FERV39k (Sec. 4.3)", "ferv39k-thresholds"
    ),
    "lambda of a short training": Choice(
        "laptop: 0.4, set on draw 9 by plain training: 29 % of the clips lie below it in the last epoch, and 67 % "
        "below 0.6; memorise: 0.6, for its network is soon as sure of itself as the paper's may be",
        "CGP alone prunes 22 % of DFEW and 44 % of FERV39k by the last of 200 epochs (Table 3)", "lambda-06"
    ),
    "warm-up": Choice(
        "10 epochs of 200 (laptop: 4 of 8; memorise: 4 of 16) without pruning and correction; their scores count",
        'weights are initialised "during the warm-up phase" (Sec. 3.2), whose length is not given', "warm-up-2"
    ),
    "weight branch": Choice(
        "half as wide as the feature in between; its gradient reaches the host", "a two-layer perceptron (Eq. 1)"
    ),
    "FGC alone": Choice(
        "without a weight branch, which belongs to CGP", "not said (Table 2)", "weights-and-correction"
    ),
    "controls that drop clips": Choice(
        "a tenth of them (random-drop, loss-drop); or as many as a stage alone would in the same training, counted "
        "anew after every epoch",
        "none; 851 of the 9,356 clips of a fold are pruned on DFEW (Table 3), a tenth nearly", "as-many-random"
    ),
    "optimiser": Choice(
        "rate 0.01, a cosine to 0.0001, batches of 32, weight decay 0.0001 (laptop: as in every chapter)",
        "SGD with momentum 0.9 (Sec. 4.1), the rest in Table 1, which has none of it",
    ),
    "weights at the start": Choice(
        "ImageNet's (laptop: the small network's action-unit weights)", "not said"
    ),
    "what the BiLSTM gives": Choice(
        "the mean of its outputs over time, then a linear layer", "the network's name alone (Table 1)"
    ),
    "frames of a video": Choice(
        "16, the middles of equal pieces; a shorter video repeats its last frame", "16, and not how (Sec. 4.1)"
    ),
    "colour jitter": Choice("brightness, contrast and saturation, by 0.4", "not said"),
    "random crop": Choice("a square of 0.7 to 1 of the area (laptop: 0.8 to 1)", "not said"),
    "input scaling": Choice(
        "ImageNet's mean and deviation (laptop: (x - 0.5) * 4, the small networks' own)", "not said"
    ),
}
