"""Plans of transformers that run the programs of `onset.tasks.programs`, and do nothing else.

Each has as few parts as its program takes. `onset.circuits.known` says of each which edges count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from onset.circuits.assembly import HeadPlan, Look, MlpPlan, Move, Plan, assembled, settings_for
from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer, build
from onset.tasks.programs import Settings

SHARPNESS = 16.0
"""difference of scores between what is looked for and the rest (nats): how much attention goes astray"""
GAIN = 10.0
"""of the right logit"""
SYMBOL, PLACE, ANSWER = "symbol", "place", "answer"


def compiled(
    settings: Settings, seed: int = 0, sharpness: float = SHARPNESS
) -> tuple[Transformer, Parameters]:
    """The program in weights, in the smallest model that can hold it.

    Args:
        settings: of the task, which program it is and on what lists.
        seed: of the weights of parts that have nothing to do.
        sharpness: of attention, in nats.
    """
    plan = _PLANS[settings.program](settings, sharpness)
    model = build(settings_for(plan), settings.n_tokens, settings.length)
    return model, assembled(plan, model, seed)


def compiled_into(model: Transformer, settings: Settings) -> Parameters:
    """The same in a given model; what is left of it is idle.

    Raises:
        ValueError: it can't hold the program; the message says what is needed.
    """
    return assembled(_PLANS[settings.program](settings, SHARPNESS), model, seed=0)


def _plan(
    settings: Settings,
    heads: list[HeadPlan],
    mlps: tuple[MlpPlan, ...] = (),
    **spaces: int,
) -> Plan:
    """With one-hot tokens and positions, and one-hot answers."""
    n, length = settings.n_tokens, settings.length
    return Plan(
        spaces={SYMBOL: n, PLACE: length, ANSWER: n, **spaces},
        tokens={SYMBOL: torch.eye(n)},
        positions={PLACE: torch.eye(length)},
        heads=heads,
        mlps=mlps,
        readout={ANSWER: GAIN * torch.eye(n)},
    )


def _of_symbols(settings: Settings) -> Tensor:
    """The identity, but for tokens that are no symbols."""
    return torch.diag((torch.arange(settings.n_tokens) < settings.n_symbols).float())


def _of_word(settings: Settings, word: str) -> Tensor:
    """Of all tokens, one."""
    return torch.eye(settings.n_tokens)[[settings.token(word)]]


def _one_before(settings: Settings) -> Tensor:
    """Each place looks at the one before it."""
    return torch.diag(torch.ones(settings.length - 1), -1)


def _moves(settings: Settings, target: str = ANSWER) -> Move:
    return Move(SYMBOL, target, _of_symbols(settings))


def _previous(settings: Settings, sharpness: float) -> Plan:
    look = Look(PLACE, PLACE, sharpness * _one_before(settings))
    return _plan(settings, [HeadPlan(0, 0, [look], [_moves(settings)])])


def _counting(settings: Settings, sharpness: float) -> Plan:
    """A head shares its attention between `start` and all places with this symbol, so that n of them leave
    1 / (n + 1) for `start`; neurons tell from this share which n it is."""
    same = Look(SYMBOL, SYMBOL, sharpness * _of_symbols(settings))
    start = Look(None, SYMBOL, sharpness * _of_word(settings, "start"))
    head = HeadPlan(0, 0, [same, start], [Move(SYMBOL, "share", _of_word(settings, "start").T)])
    most = settings.n_listed
    shares = 1 / (torch.arange(most) + 2.0)
    # Of each two neighbours: a step up from 0 to 1 within the middle half of what lies between them.
    gaps = shares[:-1] - shares[1:]
    low, steep = shares[1:] + gaps / 4, 2 / gaps
    up = torch.cat([steep, steep, torch.zeros(1)])[None]
    bias = torch.cat([-steep * low, -steep * (low + gaps / 2), torch.ones(1)])
    # A step says "so many at most": a number is a step minus the one before it.
    numbers = torch.zeros(most, settings.n_tokens)
    for n in range(most):
        numbers[n, settings.token("one") + n] = 1
        if n + 1 < most:
            numbers[n, settings.token("one") + n + 1] = -1
    said = torch.cat([numbers[:-1], -numbers[:-1], numbers[-1:]])
    mlp = MlpPlan(0, {"share": up}, bias, {ANSWER: said})
    return _plan(settings, [head], (mlp,), share=1)


def _induction(settings: Settings, sharpness: float) -> Plan:
    n = settings.n_tokens
    before = Look(PLACE, PLACE, sharpness * _one_before(settings))
    again = Look(SYMBOL, "previous", sharpness * _of_symbols(settings))
    heads = [
        HeadPlan(0, 0, [before], [_moves(settings, "previous")]),
        HeadPlan(1, 0, [again], [_moves(settings)]),
    ]
    return _plan(settings, heads, previous=n)


def _reversing(settings: Settings, sharpness: float) -> Plan:
    """A head finds where `turn` is, neurons mirror this place there, and a head fetches what is at its
    image."""
    length = settings.length
    turn = Look(None, SYMBOL, sharpness * _of_word(settings, "turn"))
    mirrored = [
        (at, here, 2 * at - 1 - here)
        for at in range(length)
        for here in range(at, length)
        if 2 * at - 1 - here > 0
    ]
    ats, heres, images = (torch.tensor(its) for its in zip(*mirrored, strict=True))
    one_hot = torch.eye(length)
    mlp = MlpPlan(
        0,
        {"turn": one_hot[ats].T, PLACE: one_hot[heres].T},
        -torch.ones(len(mirrored)),
        {"image": one_hot[images]},
    )
    heads = [
        HeadPlan(0, 0, [turn], [Move(PLACE, "turn", one_hot)]),
        HeadPlan(1, 0, [Look("image", PLACE, sharpness * one_hot)], [_moves(settings)]),
    ]
    return _plan(settings, heads, (mlp,), turn=length, image=length)


def _sorting(settings: Settings, sharpness: float) -> Plan:
    """Of the symbols after this one in the alphabet, a head looks at the first there is."""
    n, symbols = settings.n_tokens, torch.arange(settings.n_symbols)
    scores = torch.full((n, n), -settings.n_symbols * sharpness)
    later = symbols[None] > symbols[:, None]
    scores[: settings.n_symbols, : settings.n_symbols][later] = (
        -sharpness * symbols.expand_as(later)[later]
    )
    scores[settings.token("turn"), : settings.n_symbols] = -sharpness * symbols
    head = HeadPlan(0, 0, [Look(SYMBOL, SYMBOL, scores)], [_moves(settings)])
    return _plan(settings, [head])


def _ioi(settings: Settings, sharpness: float) -> Plan:
    """A duplicate-token head notes where a name comes again which one it is; an S-inhibition head takes
    that to the end; there, a name mover looks at all names but this one."""
    names = _of_symbols(settings)[:, : settings.n_symbols]
    any_name = torch.ones(1, settings.n_symbols)
    duplicates = [
        Look(SYMBOL, SYMBOL, 2 * sharpness * _of_symbols(settings)),
        Look(None, SYMBOL, sharpness * _of_word(settings, "start")),
        Look(PLACE, PLACE, -4 * sharpness * torch.eye(settings.length)),  # not itself
    ]
    moved = [
        Look(None, SYMBOL, sharpness * _of_symbols(settings).sum(0, keepdim=True)),
        Look("inhibited", SYMBOL, -2 * sharpness * names.T),
    ]
    heads = [
        HeadPlan(0, 0, duplicates, [Move(SYMBOL, "repeated", names)]),
        HeadPlan(
            1,
            0,
            [Look(None, "repeated", sharpness * any_name)],
            [Move("repeated", "inhibited", torch.eye(settings.n_symbols))],
        ),
        HeadPlan(2, 0, moved, [_moves(settings)]),
    ]
    return _plan(settings, heads, repeated=settings.n_symbols, inhibited=settings.n_symbols)


_PLANS: Mapping[str, Callable[[Settings, float], Plan]] = {
    "previous": _previous,
    "counting": _counting,
    "induction": _induction,
    "reversing": _reversing,
    "sorting": _sorting,
    "ioi": _ioi,
}
