"""Batches for T3: text, the codes of the speech, and a voice of the same speaker from other utterances."""

import dataclasses

import numpy as np
import torch

import phones
import t3
import text

PROMPT = 150  # tokens: upstream's speech_cond_prompt_len
UNHEARD = 0.1  # share of utterances whose text is hidden, for guidance
JOINED = 0.2  # share of items that are two utterances in a row
LONGEST = 380  # speech tokens
EMOTION_STEP = 4.0  # semitones of pitch spread above the speaker's usual that make 0.5 into 1.5


@dataclasses.dataclass
class Batch:
    text: torch.Tensor  # [batch, text] ids
    text_length: torch.Tensor
    heard: torch.Tensor  # [batch] 0 where the text is hidden
    given: torch.Tensor  # [batch, 2 + speech] compact codes, starts first
    position: torch.Tensor  # [batch, 2 + speech] learned position
    wanted: torch.Tensor  # [batch, speech + 1] compact codes and stop, -100 behind the end
    melody: torch.Tensor  # [batch, speech + 1] whether the pitch of the wanted code was heard
    speech_length: torch.Tensor  # speech + 1
    place: torch.Tensor  # [batch, row] which row of [condition | text | speech]
    asked: torch.Tensor  # [batch, speech + 1] rows that answer
    letter: torch.Tensor  # [batch, speech + 1, 2] place in the text of the letter being spoken, and of the next sound's
    speaker: torch.Tensor
    prompt: torch.Tensor
    emotion: torch.Tensor


class Items:
    """Utterances ready to be batched; `speakers`: name -> [clip, 256], `aligned`: number -> [token] place in the text."""

    def __init__(self, speech, utterances, speakers, aligned):
        utterances = [one for one in utterances if str(one.number) in aligned and one.speaker in speakers]
        self.speech, self.utterances, self.speakers = speech, utterances, speakers
        self.letter = {one.number: letters(aligned[str(one.number)], speech.code(one)) for one in utterances}
        self.text = {one.number: text.ids(one.text) for one in utterances}
        self.of_speaker = {}
        for one in utterances:
            self.of_speaker.setdefault(one.speaker, []).append(one)
        self.code = {one.number: t3.compact(torch.from_numpy(self.melodious(one))).numpy() for one in utterances}
        self.usual_spread = {n: np.median([one.spread for one in rows]) for n, rows in self.of_speaker.items()}

    def melodious(self, one):
        """[token] codes, where need be with the pitch, stretched, and its spread, of another utterance."""
        code = self.speech.code(one)
        if one.melody:
            return code
        others = [other for other in self.of_speaker[one.speaker] if other.melody]
        other = others[one.number % len(others)]
        pitch = phones.split_codes(self.speech.code(other))[:, phones.PITCH_DIGIT]
        one.spread = other.spread
        return phones.with_pitch(code, pitch[np.arange(len(code)) * len(pitch) // len(code)])

    def batches(self, draw, rows):
        """One pass over all utterances in batches of about `rows` rows, each of like length."""
        order = draw.permutation(len(self.utterances))
        items = []
        for place in order:
            one = self.utterances[place]
            pair = [one]
            if draw.random() < JOINED:
                other = self.of_speaker[one.speaker][draw.integers(len(self.of_speaker[one.speaker]))]
                if one.tokens + other.tokens <= LONGEST:
                    pair.append(other)
            items.append(pair)
        window = 2000  # sorted by length within windows, so that passes differ
        made = []
        for start in range(0, len(items), window):
            part = sorted(items[start : start + window], key=lambda pair: sum(one.tokens for one in pair))
            batch, longest = [], 0
            for pair in part:
                longest = max(longest, self.length(pair))
                if batch and longest * (len(batch) + 1) > rows:
                    made.append(batch)
                    batch, longest = [], self.length(pair)
                batch.append(pair)
            made.append(batch)
        for place in draw.permutation(len(made)):
            yield self.assembled(made[place], draw)

    def length(self, pair):
        return t3.CONDITION_ROWS + sum(one.tokens + len(self.text[one.number]) for one in pair)

    def text_of(self, pair):
        ids = self.text[pair[0].number]
        for one in pair[1:]:
            ids = ids[:-1] + [text.SPACE] + self.text[one.number][1:]
        return ids

    def letters_of(self, pair):
        rows = self.letter[pair[0].number]
        for one in pair[1:]:
            offset = rows[-1, 1]
            rows = np.concatenate([rows, self.letter[one.number][1:] + offset])
        return rows

    def prompt_of(self, one, draw):
        """Codes of other utterances of the speaker, up to 6 s."""
        wanted = PROMPT if draw.random() < 0.8 else int(draw.integers(60, PROMPT))
        rows, count = [], 0
        others = self.of_speaker[one.speaker]
        while count < wanted:
            code = self.code[others[draw.integers(len(others))].number]
            rows.append(code)
            count += len(code)
        return np.concatenate(rows)[:wanted]

    def assembled(self, pairs, draw):
        texts = [self.text_of(pair) for pair in pairs]
        codes = [np.concatenate([self.code[one.number] for one in pair]) for pair in pairs]
        first = [pair[0] for pair in pairs]
        prompts = [self.prompt_of(one, draw) for one in first]
        shortest = min(map(len, prompts))
        clips = [self.speakers[one.speaker] for one in first]
        spread = [np.mean([one.spread for one in pair]) - self.usual_spread[pair[0].speaker] for pair in pairs]
        return assembled(
            texts,
            codes,
            [self.letters_of(pair) for pair in pairs],
            [np.concatenate([np.full(one.tokens, one.melody) for one in pair]) for pair in pairs],
            heard=(draw.random(len(pairs)) > UNHEARD).astype(np.float32),
            speaker=np.stack([rows[draw.integers(len(rows))] for rows in clips]),
            prompt=np.stack([prompt[:shortest] for prompt in prompts]),
            emotion=np.clip(0.5 + np.array(spread) / EMOTION_STEP, 0, 1.5).astype(np.float32),
        )


def padded(rows, fill, length):
    out = np.full((len(rows), length), fill, np.int64)
    for place, row in enumerate(rows):
        out[place, : len(row)] = row
    return torch.from_numpy(out)


def letters(place, codes):
    """[token] places and codes -> [token + 1, 2] for each row that answers: now, and at the next sound."""
    begins = phones.split_codes(codes)[:, phones.PHASE_DIGIT] > 0
    coming = np.full(len(place) + 1, place[-1])
    for row in range(len(place) - 1, -1, -1):
        coming[row] = place[row] if begins[row] else coming[row + 1]
    return np.stack([np.concatenate([[0], place]), coming], 1)


def assembled(texts, codes, letters, melody, heard, speaker, prompt, emotion):
    texts_longest, codes_longest = max(map(len, texts)), max(map(len, codes))
    text_length = np.array(list(map(len, texts)))
    speech_length = np.array(list(map(len, codes))) + 1
    given = [np.concatenate([[t3.COMPACT_START] * 2, code]) for code in codes]
    position = np.maximum(np.arange(codes_longest + 2) - 1, 0)
    wanted = [np.concatenate([code, [t3.COMPACT_STOP]]) for code in codes]
    rows = int((t3.CONDITION_ROWS + text_length + speech_length + 1).max())
    place = np.zeros((len(texts), rows), np.int64)
    asked = np.zeros((len(texts), codes_longest + 1), np.int64)
    speech_at = t3.CONDITION_ROWS + texts_longest
    for number, (text_count, speech_count) in enumerate(zip(text_length, speech_length)):
        head = t3.CONDITION_ROWS + text_count
        row = np.arange(rows)
        place[number] = np.where(row < head, row, np.minimum(row - head, codes_longest + 1) + speech_at)
        asked[number] = np.minimum(head + 1 + np.arange(codes_longest + 1), rows - 1)
    return Batch(
        text=padded(texts, text.STOP, texts_longest),
        text_length=torch.from_numpy(text_length),
        heard=torch.from_numpy(heard),
        given=padded(given, t3.COMPACT_STOP, codes_longest + 2),
        position=torch.from_numpy(position)[None].expand(len(texts), -1),
        wanted=padded(wanted, -100, codes_longest + 1),
        melody=padded(melody, 1, codes_longest + 1).bool(),
        speech_length=torch.from_numpy(speech_length),
        place=torch.from_numpy(place),
        asked=torch.from_numpy(asked),
        letter=torch.from_numpy(
            np.stack([np.pad(rows, ((0, codes_longest + 1 - len(rows)), (0, 0)), "edge") for rows in letters])
        ).long(),
        speaker=torch.from_numpy(speaker.astype(np.float32)),
        prompt=torch.from_numpy(prompt),
        emotion=torch.from_numpy(emotion),
    )
