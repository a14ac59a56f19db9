"""Models and voices from outside: the ones that ship, by name or because nothing was named, and models stored in other ways.

    model_test.py PROGRAM      (a ctest; by hand with -k NAME, as unittest takes it)
"""
import json
import struct
import unittest

from program_test import AT_FAULT, DONE, MODEL, REFERENCE, ROOT, SHORT, VOICE, Verbs, run
from voice_test import CONDS, KNOWN, Voices, speech, tensors_of, write_tensors, write_wav

UNMARKED = [*SHORT[:6], "--no-watermark"]


class Shipped(Verbs):
    """A copy of the program with the small English model where fledgling lies when it is installed."""

    def setUp(self):
        super().setUp()
        self.alone = self.lone_program()
        self.model = self.out / "some/where/share/nightingale/models/fledgling"
        self.model.mkdir(parents=True)
        (self.model / "README.md").write_text("# Fledgling")

    def ship(self, *voices):
        for file in MODEL.iterdir():
            (self.model / file.name).symlink_to(file)
        (self.model / "voice").symlink_to(VOICE)
        for voice in voices:
            (self.model / "voices" / voice).parent.mkdir(exist_ok=True)
            (self.model / "voices" / voice).symlink_to(CONDS if voice.endswith(".pt") else KNOWN)

    def speak(self, *arguments):
        return self.alone("speak", "Hello.", "-o", self.out / "a.wav", *UNMARKED, *arguments, cwd=self.out)

    def test_speaks_when_no_model_is_named_and_says_so_in_one_line(self):
        self.ship()
        result = self.check(self.speak("--json"), DONE)
        self.assertRegex(result.stderr.decode(), r"^model: fledgling \(bundled, \d+ MB, English\)\. For the full voice give --model [^\n]+\n$")
        json.loads(result.stdout)
        spoken = (self.out / "a.wav").read_bytes()
        self.assertEqual(self.check(self.speak("--quiet"), DONE).stderr, b"")
        self.check(self.speak("--model", MODEL, "--voice", VOICE), DONE)
        self.assertEqual((self.out / "a.wav").read_bytes(), spoken)

    def test_says_nothing_when_a_model_is_named(self):
        self.ship()
        for model in (("--model", "fledgling"), ("--model", self.model), ("--model", MODEL, "--voice", VOICE)):
            self.assertEqual(self.check(self.speak(*model), DONE).stderr, b"")

    def test_is_missed_in_one_sentence(self):
        # A card alone is no model.
        for verb in (("speak", "Hello.", "-o", self.out / "a.wav"), ("convert", "a.wav", "-o", self.out / "b.wav"),
                     ("voice", "bake", "a.wav", "-o", self.out / "a.voice")):
            self.check_refused(self.alone(*verb), AT_FAULT, "no model was given", "models/fledgling", "--model", "t3_cfg.safetensors")
        self.check_refused(self.speak("--model", "fledgling"), AT_FAULT, "there is no model folder at fledgling")

    def test_other_verbs_know_it_by_name(self):
        self.ship()
        self.check(self.alone("inspect", "fledgling"), DONE, "t3_cfg.safetensors")
        self.check(self.alone("verify", "fledgling", REFERENCE), DONE, "0 differ")
        bench = ("bench", "fledgling", "--stage", "samples", "--runs", "1", "--threads", "1")
        self.assertEqual(self.check(self.alone(*bench), DONE).stderr, b"")

    def test_what_lies_here_goes_before_what_ships(self):
        self.ship("slt.pt")
        (self.out / "fledgling").mkdir()
        self.check_refused(self.speak("--model", "fledgling", "--voice", VOICE), AT_FAULT, "has no T3")
        (self.out / "slt").write_text("no voice")
        self.check_refused(self.speak("--model", self.model, "--voice", "slt"), AT_FAULT, "slt")

    def test_has_voices_that_are_known_by_name(self):
        self.ship("slt.pt", "rms")
        self.check(self.speak("--voice", CONDS, "--quiet"), DONE)
        spoken = (self.out / "a.wav").read_bytes()
        self.check(self.speak("--voice", "slt", "--quiet"), DONE)
        self.assertEqual((self.out / "a.wav").read_bytes(), spoken)
        self.check(self.speak("--voice", "rms", "--quiet"), DONE)
        self.assertNotEqual((self.out / "a.wav").read_bytes(), spoken)
        self.check(self.alone("voice", "show", "slt"), DONE, "slt.pt")
        self.check(self.alone("voice", "compare", "slt", "slt"), DONE, "similarity 1.00")

    def test_lists_its_voices_when_a_name_is_unknown(self):
        self.ship("slt.pt", "rms")
        (self.model / "voices/README.md").write_text("# Voices")
        for verb in (self.speak("--quiet", "--voice", "joe"), self.alone("voice", "show", "joe"), self.alone("voice", "compare", "slt", "joe")):
            self.check_refused(verb, AT_FAULT, "there is no voice joe here, nor among the model's: rms, slt\n", "--voice")
        for path in ("./joe", "voices/slt"):
            self.check_refused(self.speak("--quiet", "--voice", path), AT_FAULT, f"there is no voice at {path}")

    def test_a_model_without_voices_knows_no_names(self):
        self.ship()
        self.check_refused(self.speak("--quiet", "--voice", "joe"), AT_FAULT, "there is no voice at joe")


def floats_of(entry, data):
    return struct.unpack(f"<{len(data) // 4}f", data) if entry["dtype"] == "F32" else None


def halved(tensors):
    """The tensors with their floats in 16 bits, and with the same numbers in 32."""
    half, rounded = [], []
    for name, entry, data in tensors:
        numbers = floats_of(entry, data)
        if numbers is None:
            half.append((name, entry, data))
            rounded.append((name, entry, data))
            continue
        data = struct.pack(f"<{len(numbers)}e", *numbers)
        half.append((name, {**entry, "dtype": "F16"}, data))
        rounded.append((name, entry, struct.pack(f"<{len(numbers)}f", *struct.unpack(f"<{len(numbers)}e", data))))
    return half, rounded


class FewBits(Verbs):
    """The same model with its matrices in int8 or int4: rounded while it is loaded, or written so by `quantize`."""

    def spoken(self, *arguments):
        self.check(run("speak", "Hello.", "-o", self.out / "a.wav", *UNMARKED, "--voice", VOICE, *arguments), DONE)
        return (self.out / "a.wav").read_bytes()

    def test_what_quantize_writes_speaks_as_what_is_rounded_when_loaded(self):
        whole = self.spoken("--model", MODEL)
        for weights in ("int8", "int4"):
            few = self.out / weights
            self.check(run("quantize", MODEL, "-o", few, "--weights", weights), DONE)
            rounded = self.spoken("--model", MODEL, "--weights", weights)
            self.assertEqual(self.spoken("--model", few), rounded)
            self.assertNotEqual(rounded, whole)

    def test_quantize_refuses_what_would_lose_files_or_round_twice(self):
        few = self.out / "few"
        self.check(run("quantize", MODEL, "-o", few, "--weights", "int8"), DONE)
        self.check_refused(run("quantize", MODEL, "-o", few, "--weights", "int8"), AT_FAULT, "is no empty folder")
        self.check_refused(run("quantize", MODEL, "-o", MODEL, "--weights", "int8"), AT_FAULT, "own folder")
        self.check_refused(run("quantize", MODEL, "-o", self.out / "b"), AT_FAULT, "nothing is to be rounded")
        self.check_refused(run("quantize", few, "-o", self.out / "b", "--weights", "int8"), AT_FAULT, "in few bits already")


class Stored(Voices):
    def test_weights_of_16_bits_give_what_the_same_numbers_in_32_give(self):
        whole = self.whole_model()
        folders = [self.out / "half", self.out / "rounded"]
        for folder in folders:
            folder.mkdir()
            (folder / "tokenizer.json").symlink_to(MODEL / "tokenizer.json")
        for name in ("t3_cfg.safetensors", "s3gen.safetensors", "ve.safetensors"):
            for folder, tensors in zip(folders, halved(tensors_of(whole / name))):
                write_tensors(folder / name, tensors)
        recording = write_wav(self.out / "anna.wav", speech(5))
        made = []
        for folder in folders:
            voice = folder / "anna.voice"
            self.check(run("voice", "bake", recording, "-o", voice, "--model", folder, "--threads", "1"), DONE)
            self.check(run("speak", "Hello.", "-o", folder / "a.wav", "--model", folder, "--voice", voice, *UNMARKED), DONE)
            made.append((voice.read_bytes(), (folder / "a.wav").read_bytes()))
        self.assertEqual(made[0], made[1])


class ShortTables(Verbs):
    """A T3 with few positions, as a model that was trained on short sentences has."""

    def setUp(self):
        super().setUp()
        self.model = self.out / "model"
        self.model.mkdir()
        for file in MODEL.iterdir():
            if file.name != "t3_cfg.safetensors":
                (self.model / file.name).symlink_to(file)
        rows = {"text_pos_emb.emb.weight": 123, "speech_pos_emb.emb.weight": 160}
        write_tensors(self.model / "t3_cfg.safetensors", [self.cut(tensor, rows) for tensor in tensors_of(MODEL / "t3_cfg.safetensors")])

    @staticmethod
    def cut(tensor, rows):
        name, entry, data = tensor
        if name not in rows:
            return tensor
        count, width = entry["shape"]
        return name, {**entry, "shape": [rows[name], width]}, data[:rows[name] * len(data) // count]

    def tokens_of(self, text, *arguments):
        result = run("speak", text, "-o", self.out / "a.wav", "--model", self.model, "--voice", VOICE, "--steps", "1", "--threads", "1",
                     "--no-watermark", "--json", *arguments)
        return json.loads(self.check(result, DONE).stdout)

    def test_a_text_is_broken_up_to_fit_in(self):
        said = self.tokens_of("The nightingale sings. " * 20, "--max-seconds", "0.2")
        self.assertEqual(len(said["tokens"]), 7)  # three sentences in 80 characters

    def test_what_a_piece_may_be_at_most_ends_it_and_is_counted(self):
        said = self.tokens_of("Hello.", "--max-seconds", "160")
        self.assertEqual([len(tokens) for tokens in said["tokens"]], [159])
        self.assertEqual((said["cut"], said["whole"]), (1, True))


if __name__ == "__main__":
    unittest.main()
