"""Voices from outside: baking recordings, showing voices, and speaking with whatever --voice names.

    voice_test.py PROGRAM      (a ctest; by hand with -k NAME, as unittest takes it)
"""
import json
import math
import os
import random
import struct
import unittest
import wave
from pathlib import Path

from program_test import AT_FAULT, DONE, ROOT, SHORT, VOICE, WRONG_USAGE, Verbs, run, samples_of

ENGLISH = ROOT / "tests/goldens/english/model"
CLONING = ROOT / "tests/goldens/cloning/model"
KNOWN = ROOT / "tests/goldens/cloning/voice"
CONDS = ROOT / "tests/checkpoint/archives/conds.pt"


def speech(seconds, rate=24000, loudness=0.3, noise=0.0003):
    """Something like speech: a harmonic tone and now and then a hiss that swell and fall four times a second, and a pause in every other."""
    draw = random.Random(7)
    samples = []
    for i in range(int(seconds * rate)):
        phase = 8 * math.pi * i / rate
        swell = math.sin(phase / 2) ** 2 if i / rate % 2 < 1.75 else 0
        hissing = int(i / rate * 4) % 4 == 3
        tone = 0.3 * draw.uniform(-1, 1) if hissing else sum(math.sin(2 * math.pi * 110 * k * i / rate) / k for k in (1, 2, 3, 5, 8))
        samples.append(loudness * swell * tone / 2 + noise * draw.uniform(-1, 1))
    return samples


def write_wav(path, samples, rate=24000, channels=1):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"".join(struct.pack("<h", round(32767 * max(-1, min(1, sample)))) for sample in samples))
    return path


def numbers_of(path):
    """The floats of a .npy file."""
    data = path.read_bytes()
    begin = 10 + struct.unpack("<H", data[8:10])[0]
    return struct.unpack(f"<{(len(data) - begin) // 4}f", data[begin:])


def tensors_of(path):
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            yield name, entry, data[8 + length + begin:8 + length + end]


def write_tensors(path, tensors):
    header, parts, offset = {}, [], 0
    for name, entry, data in tensors:
        header[name] = {**entry, "data_offsets": [offset, offset + len(data)]}
        parts.append(data)
        offset += len(data)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))


class Voices(Verbs):
    def setUp(self):
        super().setUp()
        self.cache = self.out / "cache"
        os.environ["XDG_CACHE_HOME"] = str(self.cache)

    def bake(self, recording, *arguments):
        return run("voice", "bake", recording, "--model", CLONING, "--threads", "1", *arguments)

    def shown(self, path):
        return json.loads(self.check(run("voice", "show", path, "--json"), DONE).stdout)

    def whole_model(self):
        """A folder that both speaks and bakes: the small English model with the listening networks of the cloning one."""
        model = self.out / "model"
        model.mkdir()
        for name in ("t3_cfg.safetensors", "tokenizer.json"):
            (model / name).symlink_to(ENGLISH / name)
        (model / "ve.safetensors").symlink_to(CLONING / "ve.safetensors")
        listening = [tensor for tensor in tensors_of(CLONING / "s3gen.safetensors") if tensor[0].startswith(("tokenizer.", "speaker_encoder."))]
        speaking = [tensor for tensor in tensors_of(ENGLISH / "s3gen.safetensors") if tensor[0].startswith(("flow.", "mel2wav."))]
        write_tensors(model / "s3gen.safetensors", speaking + listening)
        return model


class Baking(Voices):
    def test_bakes_a_recording_into_one_file_that_says_where_it_comes_from(self):
        recording = write_wav(self.out / "anna.wav", speech(6))
        result = self.check(self.bake(recording, "-o", self.out / "anna.voice", "--language", "en", "--licence", "CC0", "--consent", "yes"), DONE)
        self.assertEqual(result.stdout, b"")
        self.assertIn("anna.voice: the voice anna, of 6.0 s, baked in ", result.stderr.decode())
        said = self.shown(self.out / "anna.voice")
        for name, value in {"name": "anna", "language": "en", "licence": "CC0", "consent": "yes", "source": "anna.wav",
                            "source_rate": 24000, "baked_to": 6, "variant": "english"}.items():
            self.assertEqual(said["facts"][name], value)
        self.assertEqual((said["seconds"], said["prompt_tokens"], said["preview_seconds"]), (6, 150, 0))
        self.check(run("voice", "show", self.out / "anna.voice"), DONE, "licence         CC0", "exaggeration    0.5", "6.0 s: 150 speech tokens")

    def test_bakes_a_folder_and_a_preview(self):
        recording = write_wav(self.out / "anna.wav", speech(6))
        self.check(self.bake(recording, "-o", self.out / "anna", "--preview"), DONE, "holds 6.0 s of the recording itself as a preview")
        self.assertEqual(len(list((self.out / "anna").iterdir())), 8)
        self.check(run("voice", "show", self.out / "anna", "--preview", self.out / "back.wav"), DONE, "preview")
        rate, samples = samples_of((self.out / "back.wav").read_bytes())
        self.assertEqual((rate, samples), (24000, samples_of(recording.read_bytes())[1]))

    def test_says_what_is_wrong_with_a_recording_and_strict_refuses_it(self):
        recording = write_wav(self.out / "anna.wav", speech(3, loudness=0.01))
        said = self.check(self.bake(recording, "-o", self.out / "a.voice"), DONE).stderr.decode()
        self.assertIn("warning: short: only 3.0 s of sound; a voice wants 5 s or more\n  record 5 to 10 s", said)
        self.assertIn("warning: quiet: ", said)
        result = self.check(self.bake(recording, "-o", self.out / "b.voice", "--strict"), AT_FAULT, "would not make a good voice", "short", "quiet")
        self.assertEqual(result.stdout, b"")
        self.assertFalse((self.out / "b.voice").exists())
        self.assertEqual(self.check(self.bake(recording, "-o", self.out / "a.voice", "--quiet"), DONE).stderr, b"")

    def test_picks_the_best_of_a_long_recording_and_tells_it(self):
        quiet = [0.0] * (24000 * 12)
        recording = write_wav(self.out / "anna.wav", quiet + speech(11) + quiet)
        result = self.check(self.bake(recording, "-o", self.out / "anna.voice", "--json"), DONE, "anna.wav: took 1")
        said = json.loads(result.stdout)
        self.assertGreaterEqual(said["facts"]["baked_from"], 11.7)
        self.assertLessEqual(said["facts"]["baked_to"], 23.3)
        self.assertRegex(said["did"], r"^took 1[12]\.\d s to 2[123]\.\d s of 35\.0 s")
        self.assertEqual(said["findings"], [])
        as_is = json.loads(self.check(self.bake(recording, "-o", self.out / "b.voice", "--json", "--as-is"), DONE).stdout)
        self.assertEqual((as_is["did"], as_is["facts"]["baked_from"], as_is["seconds"]), ("", 0, 10))

    def test_refuses_hostile_recordings_in_one_sentence(self):
        hostile = {
            "nothing.wav": (lambda path: write_wav(path, []), "holds no sound"),
            "short.wav": (lambda path: write_wav(path, speech(0.1)), "0.10 s long"),
            "silent.wav": (lambda path: write_wav(path, [0.0] * 144000), "silent"),
            "square.wav": (lambda path: write_wav(path, [1.0 if i // 55 % 2 else -1.0 for i in range(144000)]), "cut off"),
            "text.wav": (lambda path: path.write_text("This is a text.\n" * 20), "text"),
            "empty.mp3": (lambda path: path.write_bytes(b""), "empty"),
            "cancel.wav": (lambda path: write_wav(path, [side * sample for sample in speech(6) for side in (1, -1)], channels=2), "cancel"),
        }
        for name, (make, words) in hostile.items():
            with self.subTest(name):
                make(self.out / name)
                self.check_refused(self.bake(self.out / name, "-o", self.out / "a.voice"), AT_FAULT, name, words)
        nan = write_wav(self.out / "nan.wav", speech(6)).read_bytes()
        floats = struct.pack("<144000f", *[float("nan") if i == 72000 else 0.1 for i in range(144000)])
        (self.out / "nan.wav").write_bytes(b"RIFF" + struct.pack("<I", 36 + len(floats)) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 3, 1, 24000, 96000, 4, 32)
                                           + b"data" + struct.pack("<I", len(floats)) + floats)
        self.assertGreater(len(nan), 0)
        self.check_refused(self.bake(self.out / "nan.wav", "-o", self.out / "a.voice"), AT_FAULT, "nan.wav", "number")
        self.check_refused(self.bake(self.out / "none.wav", "-o", self.out / "a.voice"), AT_FAULT, "none.wav")
        self.assertFalse((self.out / "a.voice").exists())

    def test_a_place_that_cannot_be_written_is_refused_before_anything_is_read(self):
        nothing = self.out / "nothing.wav"
        self.check_refused(self.bake(nothing, "-o", self.out / "no/a.voice"), AT_FAULT, "no folder")
        self.check_refused(self.bake(nothing, "-o", self.out / "a.mp3"), AT_FAULT, "a voice is no .mp3 file")
        self.check_refused(self.bake(nothing, "-o", ROOT / "docs"), AT_FAULT, "no part of a voice")

    def test_wrong_usage_is_status_2(self):
        for arguments in (("voice",), ("voice", "bake"), ("voice", "show"), ("voice", "bake", "a.wav", "--format", "zip")):
            self.assertEqual(run(*arguments).returncode, WRONG_USAGE, arguments)


class Showing(Voices):
    def test_shows_a_baked_folder_and_conds_pt(self):
        self.check(run("voice", "show", VOICE), DONE, "nothing is known of where it comes from", "0.9 s: 23 speech tokens, 46 mel frames")
        self.check(run("voice", "show", CONDS), DONE, "15 speech tokens")
        self.assertEqual(self.shown(CONDS)["exaggeration"], 0.5)

    def test_refuses_what_is_no_voice(self):
        recording = write_wav(self.out / "anna.wav", [0.0] * 100)
        self.check_refused(run("voice", "show", recording), AT_FAULT, "is a recording, not a voice", "voice bake")
        self.check_refused(run("voice", "show", self.out / "nobody"), AT_FAULT, "nobody")
        self.check_refused(run("voice", "show", VOICE, "--preview", self.out / "a.wav"), AT_FAULT, "without a preview")


class Comparing(Voices):
    def compare(self, one, other, *arguments):
        return run("voice", "compare", one, other, *arguments)

    def embeddings(self, *arguments):
        return json.loads(self.check(self.compare(*arguments, "--json"), DONE).stdout)

    def listener(self):
        """A model folder with nothing but the voice encoder."""
        model = self.out / "listener"
        model.mkdir()
        (model / "ve.safetensors").symlink_to(CLONING / "ve.safetensors")
        return model

    def test_a_recording_is_as_like_a_voice_as_upstream_embedded_it(self):
        recording = write_wav(self.out / "known.wav", numbers_of(KNOWN / "audio_24k.npy"))
        said = self.embeddings(recording, KNOWN, "--model", self.listener(), "--threads", "1")
        self.assertGreater(said["similarity"], 0.99999)
        self.assertEqual([len(numbers) for numbers in said["embeddings"]], [256, 256])
        self.assertEqual(said["embeddings"][1], [struct.unpack("<f", struct.pack("<f", number))[0] for number in numbers_of(KNOWN / "soul_t3_256.npy")])
        for ours, theirs in zip(*said["embeddings"]):
            self.assertAlmostEqual(ours, theirs, delta=1e-3)  # 16 bits a sample

    def test_says_in_words_what_the_number_may_mean(self):
        recording = write_wav(self.out / "anna.wav", speech(3))
        self.check(self.compare(recording, recording, "--model", self.listener()), DONE, "similarity 1.00: probably the same speaker\n")
        self.check(self.compare(KNOWN, CONDS), DONE, ": probably different speakers\n")

    def test_voices_of_every_form_need_no_model(self):
        for form in (KNOWN, VOICE, CONDS):
            self.assertAlmostEqual(self.embeddings(form, form)["similarity"], 1, delta=1e-12)
        one, other = self.embeddings(KNOWN, VOICE), self.embeddings(VOICE, KNOWN)
        self.assertEqual(one["similarity"], other["similarity"])
        self.assertEqual(one["embeddings"], other["embeddings"][::-1])

    def test_refuses_what_cannot_be_compared(self):
        silent = write_wav(self.out / "silent.wav", [0.0] * 48000)
        short = write_wav(self.out / "short.wav", speech(0.1))
        model = self.listener()
        self.check_refused(self.compare(silent, KNOWN, "--model", model), AT_FAULT, "silent.wav", "silent")
        self.check_refused(self.compare(KNOWN, short, "--model", model), AT_FAULT, "short.wav")
        self.check_refused(self.compare(KNOWN, self.out / "nobody", "--model", model), AT_FAULT, "nobody")
        self.check_refused(self.compare(silent, KNOWN, "--model", self.out), AT_FAULT, "no voice encoder", "ve.safetensors")
        self.assertEqual(run("voice", "compare", KNOWN).returncode, WRONG_USAGE)

    def test_misses_a_model_where_none_ships(self):
        silent = write_wav(self.out / "silent.wav", [0.0] * 48000)
        self.check_refused(self.lone_program()("voice", "compare", silent, KNOWN), AT_FAULT, "no model was given")


class SpeakingWithAnything(Voices):
    def speak(self, model, voice, *arguments):
        return run("speak", "Hello.", "-o", self.out / "a.wav", "--model", model, "--voice", voice, *SHORT, *arguments)

    def test_a_recording_is_baked_once_and_known_again_by_its_content(self):
        model, recording = self.whole_model(), write_wav(self.out / "anna.wav", speech(4))
        self.check(self.speak(model, recording), DONE, "warning: short")
        spoken = (self.out / "a.wav").read_bytes()
        kept = list((self.cache / "nightingale/voices").iterdir())
        self.assertEqual([file.suffix for file in kept], [".voice"])
        self.assertEqual(self.shown(kept[0])["facts"]["source"], "anna.wav")

        again = self.check(self.speak(model, recording), DONE)
        self.assertEqual(again.stderr, b"")
        self.assertEqual((self.out / "a.wav").read_bytes(), spoken)
        write_wav(recording, speech(4, loudness=0.2))
        self.check(self.speak(model, recording), DONE, "warning: short")
        self.assertEqual(len(list((self.cache / "nightingale/voices").iterdir())), 2)

        kept[0].write_bytes(b"damaged")
        write_wav(recording, speech(4))
        self.check(self.speak(model, recording), DONE, "warning: short")
        self.assertEqual((self.out / "a.wav").read_bytes(), spoken)

    def test_no_cache_keeps_nothing_and_a_cache_that_cannot_be_is_done_without(self):
        model, recording = self.whole_model(), write_wav(self.out / "anna.wav", speech(4))
        self.check(self.speak(model, recording, "--no-cache"), DONE)
        self.assertFalse(self.cache.exists())
        self.cache.write_text("a file where the folder should be")
        self.check(self.speak(model, recording, "--quiet"), DONE)

    def test_a_voice_file_and_its_folder_speak_alike(self):
        model, recording = self.whole_model(), write_wav(self.out / "anna.wav", speech(6))
        for place in ("anna.voice", "anna"):
            self.check(self.bake(recording, "-o", self.out / place), DONE)
            self.check(self.speak(model, self.out / place), DONE)
            (self.out / "a.wav").rename(self.out / f"{place}.wav")
        self.assertEqual((self.out / "anna.wav").read_bytes(), (self.out / "anna.voice.wav").read_bytes())

    def test_a_recording_needs_the_networks_that_listen(self):
        recording = write_wav(self.out / "anna.wav", speech(1))
        self.check_refused(self.speak(ENGLISH, recording), AT_FAULT, "no voice encoder", "ve.safetensors")


if __name__ == "__main__":
    unittest.main()
