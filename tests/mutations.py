"""Small changes of the code, and which records each of them makes stale; `test_traces.py` tries them in `copies.py`."""

# A word for a record -> paper, dataset, preset, variant.
PANEL = {
    "rdfer": ("rdfer", "facsimile-hard", "laptop", "rdfer"),
    "epoch-ranks": ("rdfer", "facsimile-hard", "frozen", "epoch-ranks"),
    "loss-drop": ("rdfer", "facsimile-hard", "frozen", "loss-drop"),
    "stopped-early": ("rdfer", "facsimile-hard", "frozen", "stopped-early"),
    "clean-labels": ("rdfer", "facsimile-hard", "frozen", "clean-labels"),
    "dfew": ("rdfer", "dfew", "frozen", "rdfer"),
    "m3dfel": ("m3dfel", "facsimile", "laptop", "m3dfel"),
    "cnn-lstm": ("m3dfel", "facsimile", "laptop", "cnn-lstm"),
    "m3dfel-heads": ("m3dfel", "facsimile", "frozen", "m3dfel"),
    "averaged": ("m3dfel", "facsimile", "frozen", "average-pooling"),
}
ALL = frozenset(PANEL)
END_TO_END = {"rdfer", "m3dfel", "cnn-lstm"}
HEADS = ALL - END_TO_END
HARD = {name for name, (_, dataset, _, _) in PANEL.items() if dataset == "facsimile-hard"}
RDFER = {name for name, (paper, *_) in PANEL.items() if paper == "rdfer"}
DRAWN = ALL - {"dfew"}

# What is changed -> file, the text there, the text in its place, and the records that it makes stale.
MUTATIONS = {
    "augment: side of a crop without the root": (
        "data/augment.py", "side = np.sqrt(low + (high - low) * u[:, 0])", "side = low + (high - low) * u[:, 0]",
        END_TO_END),
    "augment: half of the jitter": (
        "data/augment.py", "1 + self.jitter * (2 * u[:, 4:7] - 1)", "1 + self.jitter * (u[:, 4:7] - 0.5)", END_TO_END),
    "augment: weights of grey": ("data/augment.py", "GRAY = (0.2989,", "GRAY = (0.2126,", END_TO_END),
    "batches: one order for all epochs": (
        "data/batches.py", 'generator(seed, epoch, 0, "order")', 'generator(seed, 0, 0, "order")', ALL),
    "batches: another seed": (
        "data/batches.py", "words = [int(seed), ", "words = [2 * int(seed), ", ALL),
    "video: scaled without averaging": (
        "data/video.py", "cv2.INTER_AREA if shrinks", "cv2.INTER_LINEAR if shrinks", ALL),
    "video: the first frames of a long clip": (
        "data/video.py", "else uniform(n_frames, max_frames)", "else np.arange(max_frames)",
        {"m3dfel", "cnn-lstm", "m3dfel-heads", "averaged", "dfew"}),  # the others keep every frame
    "dfew: labels one further": (
        "data/numbering.py", "number.map(found).to_numpy(np.int64), words",
        "(number.map(found).to_numpy(np.int64) + 1) % 7, words", ALL),
    "film: colours swapped": ("data/film.py", "cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)", "frame", ALL),
    "video: earlier frames of each segment": (
        "data/video.py", "((2 * u + 1) * n_frames -", "((2 * u + 0) * n_frames -",
        {"m3dfel", "cnn-lstm", "m3dfel-heads", "averaged", "dfew"}),  # the others take every frame
    "cache: colours swapped": (
        "data/cache.py", "torch.from_numpy(out).permute", "torch.from_numpy(out[..., ::-1].copy()).permute",
        END_TO_END),
    "recipes: fear with less AU 5": ("facsimile/recipes.py", "4: 0.8, 5: 1.0, 7: 0.4", "4: 0.8, 5: 0.9, 7: 0.4", DRAWN),
    "styles: the hard kind's noise": ("facsimile/styles.py", "Style(wrong=0.33)", "Style(wrong=0.34)", HARD),
    "labelling: more weak clips called neutral": ("facsimile/labelling.py", "% 3 > 0]] = ", "% 4 > 0]] = ", DRAWN),
    "parts: eyes further apart": ("facsimile/parts.py", "EYE_X, EYE_Y, MOUTH_Y = 0.40", "EYE_X, EYE_Y, MOUTH_Y = 0.41",
                                  DRAWN),
    "hand: a longer thumb": ("facsimile/hand.py", "(0.86, -0.30)]", "(0.90, -0.36)]", DRAWN),
    "backbones: brightness of frames": (
        "models/backbones.py", "self.stem((frames - 0.5) * 4)", "self.stem((frames - 0.5) * 3.9)",
        ALL - {"m3dfel"}),
    "layers: the last state instead of the mean": (
        "models/layers.py", "self.lstm(sequence)[0].mean(dim=1)", "self.lstm(sequence)[0][:, -1]", RDFER),
    "facenet3d: no ReLU after the sum": (
        "models/facenet3d.py", "torch.relu(self.second(torch.relu(self.first(x))) + ",
        "(self.second(torch.relu(self.first(x))) + ", {"m3dfel"}),
    "hosts: largest instead of mean over time": (
        "models/hosts.py", "self.project(sequence.mean(dim=1))", "self.project(sequence.amax(dim=1))", {"cnn-lstm"}),
    "m3dfel: epsilon of the normalisation": ("m3dfel.py", "EPS = 1e-5", "EPS = 1e-4", {"m3dfel", "m3dfel-heads"}),
    "m3dfel: attention without its scale": (
        "m3dfel.py", "(q @ k.transpose(2, 3) * q.shape[-1] ** -0.5)", "(q @ k.transpose(2, 3))",
        {"m3dfel", "m3dfel-heads"}),
    "rdfer: agreement of the least predicted class": (
        "rdfer.py", "votes.amax(dim=1) / clip_logits", "votes.amin(dim=1) / clip_logits", RDFER),
    "rdfer: one more in the noisy group": (
        "rdfer.py", "min(round(noisy * n), n)", "min(round(noisy * n) + 1, n)",
        {"rdfer", "epoch-ranks", "dfew"}),
    "rdfer: no ties by loss among the hard": (
        "rdfer.py", "by_hardness = _ranking(-agreement, loss)", "by_hardness = _ranking(-agreement, -loss)",
        {"rdfer", "epoch-ranks", "dfew"}),
    "rdfer: ranks of the epoch are forgotten": (
        "rdfer.py", "self.clip_weights.get(clip, 1.0)", "self.clip_weights.get(clip + '0', 1.0)", {"epoch-ranks"}),
    "controls: dropped share rounded down": (
        "training/controls.py", "loss.topk(round(self.share * len(loss)))", "loss.topk(int(self.share * len(loss)))",
        {"loss-drop"}),
    "controls: true labels that are the given ones": (
        "training/controls.py", '.set_index("clip")["true_label"]', '.set_index("clip")["given_label"]',
        {"clean-labels"}),
    "request: other people are held out": (
        "request.py", "hold_out(table, truth, settings.held_out, seed)",
        "hold_out(table, truth, settings.held_out, seed + 1)", {"stopped-early"}),
    "request: half of the frames are kept": (
        "request.py", "settings.max_frames, caches", "settings.max_frames // 2, caches", ALL),
    "run: another initialisation": (
        "run.py", "torch.manual_seed(request.seed)", "torch.manual_seed(2 * request.seed)", ALL),
    "run: another order": (
        "run.py", "request.seed, fabric, folder", "request.seed + 1, fabric, folder", ALL),
    "presets: controls drop more": (
        "presets/__init__.py", 'plan.method.get("noisy", 0.1)', '3 * plan.method.get("noisy", 0.1)', {"loss-drop"}),
    "method: half of the smoothing": (
        "training/method.py", "label_smoothing=self.smoothing)", "label_smoothing=self.smoothing / 2)", ALL),
    "optimise: the cosine ends early": (
        "training/optimise.py", "math.cos(math.pi * min(done, 1.0))", "math.cos(3.0 * min(done, 1.0))", ALL),
    "optimise: half of the weight decay": (
        "training/optimise.py", "weight_decay=settings.weight_decay, fused=fused",
        "weight_decay=settings.weight_decay / 2, fused=fused", ALL),
    "optimise: gradients clipped at twice the norm": (
        "training/optimise.py", "limit = clip_norm or math.inf", "limit = 2 * clip_norm or math.inf", ALL),
    "optimise: backbones at the heads' rate": (
        "training/optimise.py", '{"backbone": settings.lr_backbone,', '{"backbone": settings.lr,', END_TO_END),
    "request: fold 1 whatever is asked": ("request.py", "root, request.fold,", "root, 1,", ALL),
    "replay: kept features doubled": (
        "training/replay.py", '["features"].float()', '["features"].float().mul(2)', ALL),
    "features: another white": ("training/features.py", "/ 255", "/ 256", HEADS),
    "metrics: the median of recalls": (
        "training/metrics.py", "np.nanmean(list(recalls", "np.nanmedian(list(recalls", ALL),
    "fit: evaluated as in training": (
        "training/fit.py", "        self.model.eval()\n", "        self.model.train()\n", ALL),
}


# What is written in other words: copies of the package, and of each what is changed there, all at once -> steps, each a
# file, the text there and the text in its place ("": at the end). They may be tried together because none may change
# anything; no two of a copy touch the same lines.
REFACTORINGS = {
    "names and places": {
        "a function has another name": [("rdfer.py", "agreement(", "agreed(")],
        "parameters have other names": [
            ("rdfer.py", "self.movement", "self.motion"), ("rdfer.py", "self.emotion", "self.mood")],
        "a function moves to another file": [
            ("models/layers.py", "class SequenceModel(nn.Module):", "class _Unused(nn.Module):"),
            ("models/sequence.py", "", "import torch\nfrom torch import nn\n\n\nclass SequenceModel(nn.Module):\n"
             "    def __init__(self, dim, over_time):\n        super().__init__()\n"
             "        self.lstm = nn.LSTM(dim, dim // 2, batch_first=True, bidirectional=True)\n\n"
             "    def forward(self, sequence: torch.Tensor) -> torch.Tensor:\n"
             "        return self.lstm(sequence)[0].mean(dim=1)\n"),
            ("rdfer.py", "from dfer_nb.models.layers import FrameEmbedding, SequenceModel",
             "from dfer_nb.models.layers import FrameEmbedding\nfrom dfer_nb.models.sequence import SequenceModel")],
        "the order of functions": [
            ("m3dfel.py", "def gate(x: torch.Tensor, normalised: torch.Tensor)", "def _later(x, normalised)"),
            ("m3dfel.py", "", "\n\ndef gate(x, normalised):\n    return x * torch.sigmoid(normalised)\n")],
        "a module has another name": [
            ("data/augmenting.py", "", "from dfer_nb.data.augment import *  # noqa\n"
             "from dfer_nb.data.augment import Augment, Draws, augment\n"),
            ("data/batches.py", "from dfer_nb.data.augment import", "from dfer_nb.data.augmenting import")],
        "a drawing's constants have names": [
            ("facsimile/parts.py", "EYE_X, EYE_Y, MOUTH_Y = 0.40, -0.20, 0.62",
             "EYE_X = 0.4\nEYE_Y = -0.2\nMOUTH_Y = 0.62"),
            ("facsimile/labelling.py", "round(MOST * len(table))", "round(len(table) / 2)")],
        "what a method remembers has another name": [
            ("rdfer.py", '"clip_weights"', '"weights_of_clips"')],
    },
    "the same in other words": {
        "a function is split": [
            ("training/optimise.py", "(1 - floor) * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))\n",
             "(1 - floor) * _fall(min(done, 1.0))\n\n\ndef _fall(done):\n"
             "    return 0.5 * (1 + math.cos(math.pi * done))\n")],
        "another way to say a type": [
            ("rdfer.py", "features = features.float()", "features = features.to(torch.float32)"),
            ("data/batches.py", "non_blocking=True).float()", "non_blocking=True).to(dtype=torch.float32)")],
        "a sum in another order": [
            ("models/layers.py", "self.lstm(sequence)[0].mean(dim=1)",
             "self.lstm(sequence)[0].flip(1).sum(dim=1) / sequence.shape[1]"),
            ("models/backbones.py", "return self.blocks(x).mean(dim=(2, 3))", "return self.blocks(x).mean(3).mean(2)")],
        "a loop instead of a comprehension": [
            ("rdfer.py", "    votes = F.one_hot(clip_logits.argmax(-1), clip_logits.shape[-1]).sum(dim=1)",
             "    votes = 0\n    for part in clip_logits.unbind(1):\n"
             "        votes = votes + F.one_hot(part.argmax(-1), part.shape[-1])\n    votes = votes")],
        "comments and docstrings": [
            ("training/fit.py", '"""The one training loop of the book."""', '"""A loop."""  # ours'),
            ("m3dfel.py", "EPS = 1e-5", "EPS = 0.00001  # as PyTorch has it")],
    },
    "more than there was": {
        "settings have a new field": [
            ("training/optimise.py", "    held_out: float = 0.0\n",
             "    held_out: float = 0.0\n    patience: int = 0\n")],
        "models and methods have new parameters": [
            ("rdfer.py", "train_sub_clips: bool = False", "train_sub_clips: bool = False, pose: bool = False"),
            ("rdfer.py", "sub_clip_loss: float = 0.0", "sub_clip_loss: float = 0.0, margin: float = 0.0"),
            ("m3dfel.py", "feature_norm: bool = False):", "feature_norm: bool = False, order: str = \"time\"):"),
            ("training/method.py", "smoothing: float = 0.0", "smoothing: float = 0.0, margin: float = 0.0")],
        "a preset says what is so anyway": [
            ("presets/values.py", '    schedule="cosine",\n', '    schedule="cosine",\n    gamma=0.96,\n')],
        "a record says more": [
            ("training/fit.py", 'row = {"epoch": self.epoch, ', 'row = {"epoch": self.epoch, "clips_seen": 0, ')],
    },
}
