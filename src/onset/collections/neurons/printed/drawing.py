"""Pictures of a neuron as SVG, in the colours of the page: light or dark, without a library or a script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

_WIDTH, _HEIGHT = 340, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 12, 34
_ACROSS, _UP = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM


def histogram(edges: Sequence[float], counts: Sequence[int], named: Sequence[int]) -> str:
    """How often the neuron has which value; what the description names is filled.

    Args:
        edges: of the bins.
        counts: of all places in each.
        named: of those that the description names.
    """
    # Most places are near zero, and the few that matter must be seen too.
    most = math.log1p(max(counts))
    width = _ACROSS / len(counts)
    parts = []
    for place, pair in enumerate(zip(counts, named, strict=True)):
        for number, style in zip(pair, ("n-all", "n-named"), strict=True):
            high = _UP * math.log1p(number) / most
            x, y = _LEFT + place * width, _TOP + _UP - high
            parts.append(
                f'<rect class="{style}" x="{x:.1f}" y="{y:.1f}" width="{width - 1:.1f}" '
                f'height="{high:.1f}"><title>{edges[place]:.3g} to {edges[place + 1]:.3g}: {number}'
                "</title></rect>"
            )
    ends = _label(_LEFT, f"{edges[0]:.3g}") + _label(_LEFT + _ACROSS, f"{edges[-1]:.3g}", "end")
    parts += [ends, _label(_LEFT + _ACROSS / 2, "activation", "middle")]
    parts += [_upward("places (log scale)"), _beside(_TOP + 8, str(max(counts)))]
    return _svg(parts, "How often the neuron has which activation")


def forming(steps: Sequence[int], fits: Sequence[float], losses: Sequence[float]) -> str:
    """How well the description fits during training, and how far the loss has fallen.

    Args:
        steps: of the checkpoints.
        fits: φ at them.
        losses: the training's.
    """
    last = max(steps[-1], 1)
    across = [_LEFT + _ACROSS * its / last for its in steps]
    highest, lowest = max(losses), min(losses)
    fallen = [(highest - its) / ((highest - lowest) or 1.0) for its in losses]
    parts = [f'<path class="n-axis" d="M{_LEFT} {_TOP + _UP}h{_ACROSS}"/>']
    for style, values in (("n-loss", fallen), ("n-fit", fits)):
        points = " ".join(
            f"{x:.1f},{_TOP + _UP * (1 - max(its, 0.0)):.1f}"
            for x, its in zip(across, values, strict=True)
        )
        parts.append(f'<polyline class="{style}" points="{points}"/>')
    parts += [_label(_LEFT, "0"), _label(_LEFT + _ACROSS, f"{last:,}", "end")]
    parts += [_label(_LEFT + _ACROSS / 2, "training step", "middle")]
    parts += [_beside(_TOP + 4, "1"), _beside(_TOP + _UP + 3, "0")]
    return _svg(
        parts, "How well the description fits during training, and how far the loss has fallen"
    )


def bars(tokens: Sequence[str], logits: Sequence[float], strength: float) -> str:
    """What the neuron raises and lowers: logits without the final norm's scale.

    Args:
        tokens: by name.
        logits: of each, when the neuron is 1.
        strength: what they are multiplied by where it is active; NaN: at no place that answers.
    """
    most = max(map(abs, logits)) or 1.0
    row, middle, half = 15, _WIDTH * 0.6, _WIDTH * 0.24
    parts = [f'<path class="n-axis" d="M{middle:.0f} 2v{row * len(tokens)}"/>']
    for place, (token, logit) in enumerate(zip(tokens, logits, strict=True)):
        y, wide = 2 + row * place, half * abs(logit) / most
        x = middle if logit > 0 else middle - wide
        scaled = "" if math.isnan(strength) else f", {logit * strength:+.2g} where it is active"
        said = escape(f"{token}: {logit:+.3g}{scaled}")
        parts.append(
            f'<text class="n-text" x="{middle - half - 8:.0f}" y="{y + 11}" text-anchor="end">'
            f"{escape(_cut(token))}</text>"
            f'<rect class="{"n-named" if logit > 0 else "n-all"}" x="{x:.1f}" y="{y + 2}" '
            f'width="{wide:.1f}" height="{row - 4}"><title>{said}</title></rect>'
            f'<text class="n-text" x="{middle + half + 6:.0f}" y="{y + 11}">{_signed(logit)}</text>'
        )
    return _svg(parts, "Tokens whose logits it raises and lowers most", 4 + row * len(tokens))


def _svg(parts: list[str], title: str, height: float = _HEIGHT) -> str:
    return (
        f'<svg class="neuron-picture" viewBox="0 0 {_WIDTH} {height:.0f}" role="img" '
        f'aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )


def _label(x: float, text: str, anchor: str = "start") -> str:
    """Under the axis; what stands in its middle, a line lower."""
    y = _TOP + _UP + (28 if anchor == "middle" else 14)
    return f'<text class="n-text" x="{x:.0f}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'


def _beside(y: float, text: str) -> str:
    return f'<text class="n-text" x="{_LEFT - 6}" y="{y:.0f}" text-anchor="end">{text}</text>'


def _upward(text: str) -> str:
    y = _TOP + _UP / 2
    return (
        f'<text class="n-text" x="12" y="{y:.0f}" text-anchor="middle" '
        f'transform="rotate(-90 12 {y:.0f})">{escape(text)}</text>'
    )


def _signed(value: float) -> str:
    return f"{value:+.2g}".replace("-", "−")


def _cut(token: str) -> str:
    return token if len(token) <= 12 else token[:11] + "…"
