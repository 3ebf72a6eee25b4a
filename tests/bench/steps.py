"""PyTorch's training steps for bench.py, the counterparts of steps.c: steps.py NAME SIZE FILE. FILE holds the weights
and inputs that steps.c has written, so that both compute the same losses."""
import math
import sys
import warnings

warnings.filterwarnings("ignore", "Failed to initialize NumPy")
import torch
import torch.nn.functional as F
from torch import nn

from contestant import answer


class Numbers:
    """The file, piece by piece. What is not taken, or missing, is an error: so parameters are as many as ours."""

    def __init__(self, path):
        with open(path, "rb") as f:
            self.rest = torch.frombuffer(bytearray(f.read()), dtype=torch.float32)

    def take(self, *shape):
        piece, self.rest = self.rest.split([math.prod(shape), self.rest.numel() - math.prod(shape)])
        return piece.view(shape).clone()

    def fill(self, *parameters):
        for p in parameters:
            p.data = self.take(*p.shape)


class Weighed(nn.Module):
    """The mean of the outputs times fixed numbers."""

    def inputs(self, numbers, *shape):
        self.x, self.weight = numbers.take(*shape), numbers.take(*shape)

    def loss(self):
        return (self(self.x) * self.weight).mean()


class Recurrent(Weighed):
    """torch.nn.RNN or LSTM: all steps in one call; or a loop over the cells of one."""

    def __init__(self, numbers, H, kind, in_one_call):
        super().__init__()
        self.layer, self.in_one_call = kind(H, H), in_one_call
        numbers.fill(*self.layer.parameters())
        self.inputs(numbers, 100, 32, H)

    def forward(self, x):
        if self.in_one_call:
            return self.layer(x)[0]
        state, out = None, []
        for x_t in x:
            state = self.layer(x_t, state)
            out.append(state[0] if isinstance(state, tuple) else state)
        return torch.stack(out)


# Attention, causal: q, k, v (B, h, T, d) -> (B, h, T, d).


class Explicit(nn.Module):
    def __init__(self, T):
        super().__init__()
        self.mask = torch.ones(T, T, dtype=torch.bool).triu(1)

    def forward(self, q, k, v):
        scores = (q @ k.transpose(2, 3)) * (1 / math.sqrt(q.shape[3]))
        return F.softmax(scores.masked_fill(self.mask, -math.inf), -1) @ v


def fused(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, is_causal=True)


def elu_features(x):
    return F.elu(x) + 1


def all_pairs(q, k, v):
    weights = (q @ k.transpose(-1, -2)).tril()
    return (weights @ v) / weights.sum(-1, keepdim=True)


def linear_parallel(q, k, v):
    return all_pairs(elu_features(q), elu_features(k), v)


def linear_loop(q, k, v):
    q, k = elu_features(q), elu_features(k)
    B, h, _, d = q.shape
    S, z, out = q.new_zeros(B, h, d, d), q.new_zeros(B, h, d), []
    for a, b, c in zip(q.unbind(2), k.unbind(2), v.unbind(2)):
        S = S + b[..., None] * c[..., None, :]
        z = z + b
        out.append((a[..., None, :] @ S)[..., 0, :] / (a * z).sum(-1, keepdim=True))
    return torch.stack(out, 2)


class Performer(nn.Module):
    """Positive features, stabilised. The product of all pairs: at this length the running sums, an outer product for
    every position and torch.cumsum, take ten times as long."""

    w = None  # (m, d)

    def features(self, x, axes):
        x = x * x.shape[-1] ** -0.25
        exponent = x @ self.w.T - (x * x).sum(-1, keepdim=True) / 2
        return (torch.exp(exponent - exponent.amax(axes, keepdim=True)) + 1e-4) * len(self.w) ** -0.5

    def forward(self, q, k, v):
        return all_pairs(self.features(q, -1), self.features(k, (-2, -1)), v)


class Attention(nn.Module):
    """Queries, keys and values by one product; keys have no bias."""

    def __init__(self, numbers, D, h, attend):
        super().__init__()
        self.h, self.attend = h, attend
        self.qkv = nn.Parameter(numbers.take(3 * D, D))
        self.out = nn.Linear(D, D)
        self.q_bias, self.v_bias = nn.Parameter(torch.empty(D)), nn.Parameter(torch.empty(D))
        self.k_bias = torch.zeros(D)
        numbers.fill(self.out.weight, self.q_bias, self.v_bias, self.out.bias)

    def forward(self, x):
        B, T, D = x.shape
        qkv = F.linear(x, self.qkv, torch.cat([self.q_bias, self.k_bias, self.v_bias]))
        q, k, v = (a.view(B, T, self.h, -1).transpose(1, 2) for a in qkv.split(D, 2))
        return self.out(self.attend(q, k, v).transpose(1, 2).reshape(B, T, D))


class AttentionLayer(Weighed):
    def __init__(self, numbers, size, attend):
        super().__init__()
        self.attention = Attention(numbers, 128, 4, attend)
        self.inputs(numbers, 8, 256, 128)
        if isinstance(attend, Performer):
            attend.w = numbers.take(size, 32)

    def forward(self, x):
        return self.attention(x)


class Block(nn.Module):
    def __init__(self, numbers, D, attend):
        super().__init__()
        self.attention = Attention(numbers, D, 4, attend)
        self.norm_1, self.norm_2 = nn.LayerNorm(D), nn.LayerNorm(D)
        self.w_1, self.w_2 = nn.Linear(D, 4 * D), nn.Linear(4 * D, D)
        for part in (self.norm_1, self.w_1, self.w_2, self.norm_2):
            numbers.fill(part.weight, part.bias)

    def forward(self, x):
        x = x + self.attention(self.norm_1(x))
        return x + self.w_2(F.gelu(self.w_1(self.norm_2(x))))


class Transformer(nn.Module):
    def __init__(self, numbers, D, in_one_call, T=None, B=16):
        super().__init__()
        V, T = 64, T or D
        attend = fused if in_one_call else Explicit(T)
        self.embedding = nn.Embedding(V, D)
        numbers.fill(self.embedding.weight)
        self.blocks = nn.Sequential(*(Block(numbers, D, attend) for _ in range(D // 32)))
        self.norm = nn.LayerNorm(D)
        numbers.fill(self.norm.weight, self.norm.bias)
        self.positions, self.symbols = numbers.take(T, D), numbers.take(B, T + 1).long()

    def loss(self):
        x = self.embedding(self.symbols[:, :-1]) * math.sqrt(self.positions.shape[1]) + self.positions
        logits = self.norm(self.blocks(x)) @ self.embedding.weight.T
        return F.cross_entropy(logits.flatten(0, 1), self.symbols[:, 1:].flatten())


class S4D(Weighed):
    """As in the authors' own s4d.py: a Vandermonde product gives the kernels, FFTs of twice the length convolve."""

    def __init__(self, numbers, H):
        super().__init__()
        T, B, M = 512, 16, 32
        parts = [nn.Parameter(numbers.take(*shape)) for shape in [(H,)] + 4 * [(H, M)] + [(H,)]]
        self.log_dt, self.log_re, self.im, c_re, c_im, self.d = parts
        self.c = nn.Parameter(torch.stack([c_re.data, c_im.data], -1))
        self.mix = nn.Linear(H, H)
        numbers.fill(self.mix.weight, self.mix.bias)
        self.inputs(numbers, T, B, H)
        self.x, self.weight = self.x.permute(1, 2, 0).contiguous(), self.weight.transpose(0, 1).contiguous()

    def forward(self, u):  # (B, H, T) -> (B, T, H)
        T = u.shape[2]
        a = torch.complex(-torch.exp(self.log_re), self.im)
        dt_a = a * torch.exp(self.log_dt)[:, None]
        c = torch.view_as_complex(self.c) * (torch.exp(dt_a) - 1) / a
        k = 2 * torch.einsum("hm,hml->hl", c, torch.exp(dt_a[..., None] * torch.arange(T))).real
        y = torch.fft.irfft(torch.fft.rfft(u, n=2 * T) * torch.fft.rfft(k, n=2 * T), n=2 * T)[..., :T]
        y = (y + u * self.d[:, None]).transpose(1, 2).contiguous()  # PyTorch 1.13's gelu loses the gradient of a transpose
        return self.mix(F.gelu(y))


class Additions(nn.Module):
    def __init__(self, numbers, n):
        super().__init__()
        self.n, self.p = n, nn.Parameter(numbers.take(4))

    def loss(self):
        x = self.p
        for _ in range(self.n):
            x = x + self.p
        return x.mean()


ALL = {
    "rnn": lambda n, size: Recurrent(n, size, nn.RNN, True),
    "rnn_loop": lambda n, size: Recurrent(n, size, nn.RNNCell, False),
    "lstm": lambda n, size: Recurrent(n, size, nn.LSTM, True),
    "gru": lambda n, size: Recurrent(n, size, nn.GRU, True),
    "lstm_loop": lambda n, size: Recurrent(n, size, nn.LSTMCell, False),
    "transformer": lambda n, size: Transformer(n, size, False),
    "transformer_fused": lambda n, size: Transformer(n, size, True),
    "linear_attention": lambda n, size: AttentionLayer(n, size, linear_parallel),
    "linear_attention_loop": lambda n, size: AttentionLayer(n, size, linear_loop),
    "performer": lambda n, size: AttentionLayer(n, size, Performer()),
    "s4d": S4D,
    "additions": Additions,
}


def main():
    numbers = Numbers(sys.argv[3])
    model = ALL[sys.argv[1]](numbers, int(sys.argv[2]))
    assert numbers.rest.numel() == 0, "more parameters or inputs than the model has"
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)

    def step():
        optimiser.zero_grad(set_to_none=True)
        loss = model.loss()
        loss.backward()
        optimiser.step()
        return loss.detach()

    answer(step)


if __name__ == "__main__":
    main()
