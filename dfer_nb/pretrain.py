"""Pre-train the shipped backbone on action units of still faces: `python -m dfer_nb.pretrain` (about a minute).

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
from dfer_nb.models.backbones import SHIPPED_WEIGHTS, FaceNet

SIZE = 48


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
    faces: int = 12_000, held_out: int = 1_500, epochs: int = 12, batch_size: int = 128, seed: int = 0
) -> tuple[FaceNet, float]:
    """Regress action units from still faces: the fused network, and the mean R2 on held-out faces."""
    frames, units = still_faces(faces + held_out, seed=seed, size=SIZE)
    frames, units = as_frames(frames), torch.as_tensor(units)
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    net, head = FaceNet(norm=True).to(memory_format=torch.channels_last), nn.Linear(FaceNet.out_dim, len(ACTION_UNITS))
    optimizer = torch.optim.AdamW([*net.parameters(), *head.parameters()], weight_decay=0.01)
    steps = epochs * (faces // batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=steps)
    bar = tqdm(range(steps), desc="pre-training on action units")
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


def main() -> None:
    """Pre-train and write the shipped weights, in half precision to keep them small."""
    parser = argparse.ArgumentParser(prog="python -m dfer_nb.pretrain", description=__doc__)
    parser.add_argument("--out", default=str(SHIPPED_WEIGHTS))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    net, r2 = pretrain(seed=arguments.seed)
    weights = {name: tensor.half().contiguous() for name, tensor in net.state_dict().items()}
    save_file(
        weights,
        arguments.out,
        metadata={"made_by": "python -m dfer_nb.pretrain", "seed": str(arguments.seed), "r2": f"{r2:.3f}"},
    )
    print(f"R2 on held-out faces {r2:.3f}; wrote {arguments.out}")


if __name__ == "__main__":
    main()
