"""What the flow is trained on: a speaker's utterances end to end, whose beginning is a prompt.

All items of a batch have the same number of tokens. An item ends with whole utterances; the tokens before them are
a piece from the middle of the speaker's speech, as the prompt of a cloned voice is. Mostly the prompt ends where the
whole utterances begin, sometimes anywhere, and sometimes there is none.
"""

import dataclasses

import numpy as np
import torch

import phones

CODES = 6561
# tokens of an item (25 a second), and how many of the frames are of such items
LENGTHS = {60: 0.12, 100: 0.28, 150: 0.30, 225: 0.18, 320: 0.08, 520: 0.04}
LONGEST_PROMPT = 0.7  # of the item
NO_PROMPT, PROMPT_AT_BORDER = 0.2, 0.6  # of the items; the others end their prompt anywhere
HEARD_WRONG = 0.06  # of the prompt's codes get another sound, as a tokenizer's do
LOUDER, LOUDNESS = 0.25, np.log(2.0)  # so many items with a prompt are louder or softer, up to this in the mel
NATURAL, MORE_OFTEN = "joe", 2.0  # the voice that a user hears first, times its share
FLOOR = np.log(1e-5)  # of a mel
VOICE_NOISE = 0.2  # length of what is added to an x-vector of length 1


def rows_of_codes():
    """[6561] row of the compact embedding table, for every code: that of the nearest code in use."""
    used = phones.used_codes()
    digit_rows = phones.split_codes(np.arange(CODES))
    begins = digit_rows[:, phones.PHASE_DIGIT] > 0
    sounds = phones.nearest_sounds(digit_rows)
    proper = phones.codes(phones.digits(sounds, digit_rows[:, phones.PITCH_DIGIT], begins.astype(int)))
    return np.searchsorted(used, proper)


@dataclasses.dataclass
class Batch:
    rows: torch.Tensor  # [item, token] of the compact table
    mel: torch.Tensor  # [item, frame 2·token, mel 80]
    prompt: torch.Tensor  # [item, frame, 1] 1.0 where the mel is given
    voice: torch.Tensor  # [item, 192]


class Batches:
    """Draws batches of about `frames` frames from utterances of dataset.Speech."""

    def __init__(self, speech, utterances, voices, frames, seed, augmented=True):
        self.speech, self.voices, self.frames, self.augmented = speech, voices, frames, augmented
        self.draw = np.random.default_rng(seed)
        self.row = rows_of_codes()
        self.of_speaker = {}
        for one in utterances:
            self.of_speaker.setdefault(one.speaker, []).append(one)
        missing = set(self.of_speaker) - set(voices)
        if missing:
            raise SystemExit(f"no x-vectors of {', '.join(sorted(missing))}: run speaker_space.py again")
        self.names = list(self.of_speaker)
        counts = np.array([len(self.of_speaker[name]) for name in self.names], float)
        counts[[name == NATURAL for name in self.names]] *= MORE_OFTEN
        self.shares = counts / counts.sum()
        chances = np.array(list(LENGTHS.values()))
        self.chances = chances / chances.sum()

    def any_of(self, own):
        return own[self.draw.integers(len(own))]

    def whole_utterances(self, own, limit):
        """Utterances of together at most `limit` tokens; a first one that is longer is taken nevertheless."""
        chosen = [self.any_of(own)]
        total = chosen[0].tokens
        for _ in range(8):
            one = self.any_of(own)
            if total + one.tokens <= limit:
                chosen.append(one)
                total += one.tokens
        return chosen

    def sounding(self, chosen):
        """[token] codes and [frame, mel 80] of utterances end to end."""
        codes = np.concatenate([self.speech.code(one) for one in chosen])
        return codes, np.concatenate([self.speech.mel(one) for one in chosen])

    def lead(self, own, tokens):
        """A piece of so many tokens from anywhere in the speaker's speech."""
        chosen, total = [], 0
        while total < 2 * tokens:
            chosen.append(self.any_of(own))
            total += chosen[-1].tokens
        codes, mel = self.sounding(chosen)
        start = self.draw.integers(total - tokens + 1)
        return codes[start : start + tokens], mel[2 * start : 2 * (start + tokens)]

    def item(self, tokens):
        """Codes [token], mel [frame, 80], tokens of the prompt, x-vector [192]."""
        draw, name = self.draw, self.names[self.draw.choice(len(self.names), p=self.shares)]
        own = self.of_speaker[name]
        codes, mel = self.sounding(self.whole_utterances(own, tokens * draw.uniform(1 - LONGEST_PROMPT, 1)))
        if len(codes) > tokens:
            start = draw.integers(len(codes) - tokens + 1)
            codes, mel = codes[start : start + tokens], mel[2 * start : 2 * (start + tokens)]
        border = tokens - len(codes)
        if border:
            before = self.lead(own, border)
            codes, mel = np.concatenate([before[0], codes]), np.concatenate([before[1], mel])
        kind = draw.random()
        prompt = int(tokens * draw.uniform(0, LONGEST_PROMPT))
        if kind < NO_PROMPT:
            prompt = 0
        elif kind < NO_PROMPT + PROMPT_AT_BORDER and border:
            prompt = border
        voice = self.voices[name][draw.integers(len(self.voices[name]))]
        return codes, mel, prompt, voice

    def altered(self, codes, mel, prompt, voice):
        draw = self.draw
        if prompt and draw.random() < LOUDER:
            mel = np.maximum(mel + np.float32(draw.uniform(-LOUDNESS, LOUDNESS)), np.float32(FLOOR))
        wrong = np.flatnonzero(draw.random(prompt) < HEARD_WRONG)
        if len(wrong):
            digit_rows = phones.split_codes(codes[wrong])
            sounds = draw.integers(len(phones.CODEWORDS), size=len(wrong))
            digit_rows[:, : phones.SOUND_DIGITS] = phones.CODEWORDS[sounds]
            codes = codes.copy()
            codes[wrong] = phones.codes(digit_rows)
        noise = draw.standard_normal(len(voice)) * VOICE_NOISE / np.sqrt(len(voice))
        return codes, mel, prompt, (voice + noise).astype(np.float32)

    def batch(self, tokens=None):
        if tokens is None:
            tokens = self.draw.choice(list(LENGTHS), p=self.chances)
        items = [self.item(tokens) for _ in range(max(1, round(self.frames / (2 * tokens))))]
        if self.augmented:
            items = [self.altered(*item) for item in items]
        codes, mels, prompts, voices = zip(*items)
        given = np.arange(2 * tokens) < 2 * np.array(prompts)[:, None]
        return Batch(
            torch.from_numpy(self.row[np.stack(codes)]),
            torch.from_numpy(np.stack(mels)),
            torch.from_numpy(given[..., None].astype(np.float32)),
            torch.from_numpy(np.stack(voices).astype(np.float32)),
        )
