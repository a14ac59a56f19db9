"""Trains T3 on text and codes:  train_t3.py DATA SPEAKERS.npz ALIGNED.npz RUN.pt --minutes M

Cross entropy of the next code, and three terms beside it:
  follow asks two heads of one layer to look at the letter that is being spoken and at the next sound's (align.py), so
         that the text is found in minutes; it becomes weak in the first half of the run;
  level  keeps the sum of exp(logits) at one, so that logits are logarithms of probabilities: upstream's
         repetition penalty divides positive logits and multiplies negative ones, and would otherwise favour
         whatever has not been said yet;
  unused keeps the row of the codes that no data has below -20.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cross_entropy, relu

import dataset
import phones
import t3
import t3_batches
import text
import trainer
from sizes import SIZES

RATE = 2e-3
ROWS = 3200  # a batch
LEVEL, UNUSED_LOGIT = 0.003, -20.0
TEXT_ROWS, SPEECH_ROWS = 236, 460  # of the tables of positions that are kept: as far as the training reaches
CALM = 1.6  # times the logits when they are exported: the engine's temperature of 0.8 then is one of 0.5
FOLLOW, FOLLOW_LATER, LEAST_SHARE = 1.0, 0.1, 1e-3


def entropy_of(speech, wanted, melody):
    """Mean -log of the wanted codes' chances; of codes whose pitch nobody heard, those of any pitch count together."""
    real = wanted >= 0
    speech, wanted, melody = speech[real], wanted[real], melody[real]
    exact = cross_entropy(speech, wanted, reduction="none")
    chances = torch.softmax(speech, -1)
    grouped = torch.zeros_like(chances).index_add(-1, t3.WORDING, chances)
    loose = -torch.log(grouped.gather(1, t3.WORDING[wanted][:, None])[:, 0] + 1e-9)
    return torch.where(melody, exact, loose).mean()


def losses(model, batch):
    with trainer.narrow_products():
        logits, follow = model(batch)
    speech, wanted = logits[..., : t3.UNUSED], batch.wanted
    entropy = entropy_of(speech, wanted, batch.melody)
    real = wanted.flatten() >= 0
    heard = (wanted >= 0) & (batch.heard[:, None] > 0)
    follow = -torch.log(follow[heard].float() + LEAST_SHARE).sum() / (2 * heard.sum()).clamp(min=1)
    level = torch.logsumexp(speech.flatten(0, 1)[real], -1).pow(2).mean()
    unused = relu(logits[..., t3.UNUSED].flatten()[real] - UNUSED_LOGIT).pow(2).mean()
    return entropy, follow, level, unused


def train(given):
    torch.manual_seed(1)
    speech = dataset.Speech(given.data, more=given.labels)
    speakers = dict(np.load(given.speakers))
    aligned = dict(np.load(given.aligned))
    training = t3_batches.Items(speech, speech.training(), speakers, aligned)
    validation = t3_batches.Items(speech, [one for one in speech.validation() if one.melody], speakers, aligned)
    print(f"{len(speech.utterances)} utterances, {sum(u.tokens for u in speech.utterances) / 90000:.1f} h", flush=True)
    model = t3.T3(SIZES)
    if not given.steps:
        t3.block = torch.compile(t3.block, dynamic=True)
    run = trainer.Run(given.run, model, RATE, given.minutes, inner=lambda name: name.startswith("tfmr.layers."))
    draw, queue = np.random.default_rng(run.step), iter(())
    shown, tokens, sums, loaded = time.monotonic(), 0, [], time.monotonic()
    for step in run.steps():
        batch = next(queue, None)
        if batch is None:
            if time.monotonic() - loaded > 600 and grew(given, speech):
                speech = dataset.Speech(given.data, more=given.labels)
                aligned = dict(np.load(given.aligned))
                training, loaded = t3_batches.Items(speech, speech.training(), speakers, aligned), time.monotonic()
                print(f"now {len(speech.utterances)} utterances", flush=True)
            queue = training.batches(draw, given.rows)
            batch = next(queue)
        entropy, follow, level, unused = losses(model, batch)
        weight = FOLLOW_LATER + (FOLLOW - FOLLOW_LATER) * max(0.0, 1 - 2 * run.progress)
        norm = run.update(entropy + weight * follow + LEVEL * level + 0.01 * unused)
        tokens += int((batch.wanted >= 0).sum())
        sums.append([float(value) for value in (entropy, follow, level, unused)] + [norm])
        if time.monotonic() - shown > 20 or (given.steps and step + 1 >= given.steps):
            means = " ".join(f"{value:.3f}" for value in np.mean(sums, 0))
            speed = tokens / (time.monotonic() - shown)
            print(f"step {step} {run.seconds / 60:.1f} min: {means}  {speed:.0f} tokens/s", flush=True)
            shown, tokens, sums = time.monotonic(), 0, []
        if step % 1000 == 999:
            examine(model, validation)
        if given.steps and step + 1 >= given.steps:
            break
    run.save()


def grew(given, speech):
    return len(dataset.shards(given.data)) + len(dataset.shards(given.labels)) > len(speech.shards)


@torch.no_grad()
def examine(model, items):
    """Prints the loss on utterances never trained on, and what is said to a sentence, in phones."""
    draw, rows = np.random.default_rng(0), []
    for number, batch in enumerate(items.batches(draw, ROWS)):
        batch.heard[:] = 1
        right = losses(model, batch)
        batch.text = batch.text.roll(1, 0)
        rows.append([float(right[0]), float(right[1]), float(losses(model, batch)[0])])
        if number == 5:
            break
    right, follow, wrong = np.mean(rows, 0)
    print(f"  validation {right:.3f} (with the wrong text {wrong:.3f}), follow {follow:.2f}", flush=True)
    for sentence in ("The birch canoe slid on the smooth planks.", "Who knows?"):
        print("  " + sentence + " " + shown_phones(sampled(model, items, sentence)), flush=True)


@torch.no_grad()
def sampled(model, items, sentence, speaker="joe", longest=250, temperature=0.8, least=0.05, seed=0):
    """Codes for a sentence, unguided, without a cache: a look, not an engine."""
    draw, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    one = items.of_speaker.get(speaker, items.utterances)[0]
    voice = {
        "heard": np.ones(1, np.float32),
        "speaker": items.speakers[one.speaker][:1],
        "prompt": items.prompt_of(one, draw)[None],
        "emotion": np.full(1, 0.5, np.float32),
    }
    codes = np.zeros(0, np.int64)
    while len(codes) < longest:
        batch = t3_batches.assembled([text.ids(sentence)], [codes], [np.zeros((1, 2))], [np.ones(len(codes))], **voice)
        logits = model(batch)[0][0, -1, : t3.UNUSED] / temperature
        chances = torch.softmax(logits, -1)
        chances[chances < least * chances.max()] = 0
        pick = int(torch.multinomial(chances, 1, generator=generator))
        if pick == t3.COMPACT_STOP:
            break
        codes = np.append(codes, min(pick, t3.CODES - 1))
    return t3.USED[codes].numpy()


def shown_phones(codes):
    rows = phones.split_codes(codes)
    sounds = phones.nearest_sounds(rows)
    return "".join(phones.SYMBOLS[s] for s, row in zip(sounds, rows) if row[phones.PHASE_DIGIT])


def export_t3(path):
    """Upstream's state: the small tables spread over all codes, each unused code taking its nearest used one's row."""
    state = torch.load(path, weights_only=False)["module"]
    whole = {name: tensor.clone() for name, tensor in state.items()}
    rows = np.arange(t3.START)
    digit_rows = phones.split_codes(rows)
    nearest = phones.digits(
        phones.nearest_sounds(digit_rows), digit_rows[:, phones.PITCH_DIGIT], digit_rows[:, phones.PHASE_DIGIT] > 0
    )
    source = torch.cat(
        [t3.compact(torch.from_numpy(phones.codes(nearest))), torch.tensor([t3.COMPACT_START, t3.COMPACT_STOP])]
    )
    for name, rows in (("text_pos_emb.emb", TEXT_ROWS), ("speech_pos_emb.emb", SPEECH_ROWS), ("text_emb", text.START + 1)):
        whole[f"{name}.weight"] = state[f"{name}.weight"][:rows]
    whole["speech_emb.weight"] = state["speech_emb.weight"][source]
    head = state["speech_head.weight"][t3.UNUSED].repeat(SIZES.speech_vocabulary, 1)
    head[t3.USED] = state["speech_head.weight"][: t3.CODES]
    head[t3.STOP] = state["speech_head.weight"][t3.COMPACT_STOP]
    whole["speech_head.weight"] = CALM * head
    whole["text_head.weight"] = torch.zeros(text.START + 1, SIZES.model)
    return whole


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("speakers", type=Path)
    parser.add_argument("aligned", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--steps", type=int)
    given = parser.parse_args()
    given.labels = given.data.resolve().parent / "labels"  # make_labels.py's, if there are any
    torch.set_num_threads(given.threads)
    train(given)


if __name__ == "__main__":
    main()
