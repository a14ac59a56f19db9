"""Muon (Jordan et al. 2024): a step for matrices whose directions all have the same size.

The momentum of a matrix is replaced by the nearest orthogonal one, which a few Newton-Schulz steps find; then also what
rarely shows in the gradient is learned. The size of a step is that of AdamW (0.2 root mean square; Liu et al. 2025),
so that both share one rate. Convolutions count as matrices of [out, in·width].
"""

import torch

MOMENTUM = 0.95
ROUNDS, CURVE = 5, (3.4445, -4.7750, 2.0315)  # Newton-Schulz steps and their quintic polynomial, from Jordan's text
ADAM_SIZE = 0.2  # root mean square of an AdamW step, in units of its rate


def orthogonal(rows):
    """[matrix, row, column] -> about the nearest matrices whose singular values are all 1."""
    wide = rows.shape[1] <= rows.shape[2]
    x = rows if wide else rows.transpose(1, 2)
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    first, third, fifth = CURVE
    for _ in range(ROUNDS):
        square = x @ x.transpose(1, 2)
        x = torch.baddbmm(x, torch.baddbmm(square, square, square, beta=third, alpha=fifth), x, beta=first)
    return x if wide else x.transpose(1, 2)


class Muon(torch.optim.Optimizer):
    def __init__(self, matrices, rate, decay):
        super().__init__(matrices, {"lr": rate, "weight_decay": decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            alike = {}
            for matrix in group["params"]:
                if matrix.grad is not None:
                    alike.setdefault((len(matrix), matrix[0].numel()), []).append(matrix)
            for shape, matrices in alike.items():
                ahead = torch.stack([self.ahead(matrix).reshape(shape) for matrix in matrices])
                size = ADAM_SIZE * max(shape) ** 0.5 * group["lr"]
                torch._foreach_mul_(matrices, 1 - group["lr"] * group["weight_decay"])
                for matrix, step in zip(matrices, orthogonal(ahead)):
                    matrix.sub_(step.reshape(matrix.shape), alpha=size)

    def ahead(self, matrix):
        """The gradient smoothed over the last steps, looking one ahead (Nesterov)."""
        state = self.state[matrix]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(matrix)
        smooth = state["momentum"].lerp_(matrix.grad, 1 - MOMENTUM)
        return matrix.grad.lerp(smooth, MOMENTUM)
