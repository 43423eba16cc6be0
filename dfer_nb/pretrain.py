"""Pre-train a shipped backbone on action units of still faces: `python -m dfer_nb.pretrain` (a minute or a few).

The faces are FACSimile's, of identities that no clip shows, with random action units: no expression label is used.
"""

import argparse

import torch
from safetensors.torch import save_file
from sklearn.metrics import r2_score
from torch import nn
from tqdm import tqdm

from dfer_nb.facsimile.dataset import still_faces
from dfer_nb.facsimile.recipes import ACTION_UNITS
from dfer_nb.models.backbones import SHIPPED_WEIGHTS, shipped_weights, small
from dfer_nb.models.layers import write_out_attention
from dfer_nb.models.narrow import NAMES, SIZE, Narrow

# Peak rates of AdamW, and epochs: more for the network that learns slowest.
RATES = {"facenet": 4e-3} | dict.fromkeys(NAMES, 4e-3) | {"narrow-vit": 2e-3}
EPOCHS = dict.fromkeys(RATES, 12) | {"narrow-resnet50": 24}


def as_frames(faces) -> torch.Tensor:
    """uint8 (n, H, W, 3) to float (n, 3, H, W) in 0..1."""
    return torch.as_tensor(faces).permute(0, 3, 1, 2).float() / 255


def _augmented(frames: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Flip half of the frames, shift by up to 3 px, and scale brightness, as training does."""
    flipped = torch.where(torch.rand(len(frames), 1, 1, 1, generator=generator) < 0.5, frames.flip(3), frames)
    padded = nn.functional.pad(flipped, (3, 3, 3, 3), mode="replicate")
    dy, dx = torch.randint(0, 7, (2,), generator=generator).tolist()
    light = 0.6 + 0.8 * torch.rand(len(frames), 1, 1, 1, generator=generator)
    return (padded[:, :, dy : dy + frames.shape[2], dx : dx + frames.shape[3]] * light).clamp(0, 1)


def pretrain(
    name: str = "facenet", faces: int = 12_000, held_out: int = 1_500, epochs: int = 0, batch_size: int = 128,
    seed: int = 0
) -> tuple[Narrow, float]:
    """Regress action units from still faces: a narrow network of RATES, fused, and the mean R2 on held-out faces.

    epochs: 0 for those of EPOCHS.
    """
    epochs = epochs or EPOCHS[name]
    frames, units = still_faces(faces + held_out, seed=seed, size=SIZE)
    frames, units = as_frames(frames), torch.as_tensor(units)
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    net = _begun(name).to(memory_format=torch.channels_last)
    head = nn.Linear(net.out_dim, len(ACTION_UNITS))
    optimizer = torch.optim.AdamW([*net.parameters(), *head.parameters()], weight_decay=0.01)
    steps = epochs * (faces // batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=RATES[name], total_steps=steps)
    bar = tqdm(range(steps), desc=f"pre-training {name} on action units")
    for step in bar:
        if step % (faces // batch_size) == 0:
            order = torch.randperm(faces, generator=generator)
        pick = order[(step % (faces // batch_size)) * batch_size :][:batch_size]
        loss = nn.functional.mse_loss(head(net(_augmented(frames[pick], generator))), units[pick])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        bar.set_postfix(loss=f"{loss.item():.4f}", refresh=False)
    net.eval()
    with torch.no_grad():
        predicted = torch.cat([head(net(part)) for part in frames[faces:].split(500)])
    return net.fused(), float(r2_score(units[faces:], predicted))


def _begun(name: str) -> Narrow:
    """A network before pre-training: at random, a vision transformer's patches as FaceNet sees them."""
    if name != "narrow-vit":
        return small(name, norm=True)
    net = write_out_attention(small(name, norm=False))
    shared = {part: tensor for part, tensor in shipped_weights().items() if part in net.state_dict()}
    net.load_state_dict(net.state_dict() | shared)
    return net


def main() -> None:
    """Pre-train and write the shipped weights, in half precision to keep them small."""
    parser = argparse.ArgumentParser(prog="python -m dfer_nb.pretrain", description=__doc__)
    parser.add_argument("--network", choices=RATES, default="facenet")
    parser.add_argument("--out", help="the shipped weights of this network, unless told otherwise")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    out = arguments.out or str(SHIPPED_WEIGHTS.with_name(f"{arguments.network}.safetensors"))
    net, r2 = pretrain(arguments.network, seed=arguments.seed)
    weights = {name: tensor.half().contiguous() for name, tensor in net.state_dict().items()}
    made_by = f"python -m dfer_nb.pretrain --network {arguments.network}"
    save_file(weights, out, metadata={"made_by": made_by, "seed": str(arguments.seed), "r2": f"{r2:.3f}"})
    print(f"{arguments.network}: R2 on held-out faces {r2:.3f}; wrote {out}")


if __name__ == "__main__":
    main()
