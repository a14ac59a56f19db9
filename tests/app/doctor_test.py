"""The doctor on real speech: flite's and espeak-ng's voices, spoilt with sox in known ways. Skipped without these programs.

    doctor_test.py PROGRAM      (a ctest; by hand with -k NAME, as unittest takes it)
"""
import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from program_test import ROOT, run

MODEL = ROOT / "tests/goldens/cloning/model"
TEXT = ("The quick brown fox jumps over the lazy dog. She sells sea shells by the sea shore, and nobody asks her why. "
        "How much wood would a woodchuck chuck, if a woodchuck could chuck wood?")
SPEAKERS = {"slt": ("flite", "-voice", "slt", "-t", TEXT, "-o"), "rms": ("flite", "-voice", "rms", "-t", TEXT, "-o"),
            "awb": ("flite", "-voice", "awb", "-t", TEXT, "-o"), "low": ("espeak-ng", TEXT, "-w"),
            "high": ("espeak-ng", "-v", "en+f3", TEXT, "-w")}


def sox(*arguments):
    subprocess.run(["sox", "-D", "-V1", *map(str, arguments)], check=True)


class Doctor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.at = Path(cls.folder.name)
        for name, command in SPEAKERS.items():
            subprocess.run([*command, cls.at / f"{name}.raw.wav"], check=True)
            sox(cls.at / f"{name}.raw.wav", "-r", 16000, cls.at / f"{name}.wav")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def said(self, name):
        result = run("voice", "bake", self.at / name, "--model", MODEL, "-o", self.at / "a.voice", "--json", "--quiet", "--threads", "1")
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def codes(self, name):
        return [finding["code"] for finding in self.said(name)["findings"]]

    def spoilt(self, *effects, of="slt"):
        sox(self.at / f"{of}.wav", self.at / "spoilt.wav", *effects)
        return self.codes("spoilt.wav")

    def test_clean_speech_of_five_speakers_is_sound(self):
        for name in SPEAKERS:
            with self.subTest(name):
                self.assertEqual(self.codes(f"{name}.wav"), [])

    def test_what_sox_did_is_found(self):
        self.assertEqual(self.spoilt("trim", 0, 3), ["short"])
        self.assertEqual(self.spoilt("gain", -32), ["quiet"])
        self.assertIn("clipped", self.spoilt("gain", 15))
        self.assertIn("clipped", self.spoilt("gain", 15, "vol", 0.4))
        self.assertEqual(self.spoilt("sinc", -3400), ["narrow"])
        self.assertEqual(self.spoilt("rate", 8000), ["narrow"])
        self.assertEqual(self.spoilt("gain", -6, "dcshift", 0.1), ["constant"])

    def test_noise_is_found_from_a_distance_on(self):
        for volume, expected in ((0.001, []), (0.03, ["noisy"])):
            with self.subTest(volume):
                sox("-n", "-r", 16000, self.at / "noise.wav", "synth", 12, "whitenoise", "vol", 3 * volume)
                sox("-m", "-v", 1, self.at / "slt.wav", "-v", 1, self.at / "noise.wav", self.at / "noisy.wav", "trim", 0, 9)
                self.assertEqual(self.codes("noisy.wav"), expected)

    def test_hum_is_found(self):
        sox("-n", "-r", 16000, self.at / "hum.wav", "synth", 10, "sine", 50, "vol", 0.01)
        sox("-m", "-v", 1, self.at / "slt.wav", "-v", 1, self.at / "hum.wav", self.at / "humming.wav", "trim", 0, 9)
        self.assertEqual(self.codes("humming.wav"), ["hum"])

    def test_a_man_and_a_woman_are_two_speakers(self):
        for name in ("slt", "rms"):
            sox(self.at / f"{name}.wav", self.at / f"{name}.half.wav", "trim", 0, 4.5)
        sox(self.at / "slt.half.wav", self.at / "rms.half.wav", self.at / "two.wav")
        self.assertEqual(self.codes("two.wav"), ["speakers"])

    def test_the_best_part_of_a_long_recording_is_the_speech(self):
        sox("-n", "-r", 16000, "-c", 1, self.at / "tone.wav", "synth", 20, "sine", 440, "vol", 0.3)
        sox("-n", "-r", 16000, "-c", 1, self.at / "hiss.wav", "synth", 20, "pinknoise", "vol", 0.2)
        sox(self.at / "tone.wav", self.at / "slt.wav", self.at / "hiss.wav", self.at / "long.wav")
        said = self.said("long.wav")
        self.assertGreaterEqual(said["facts"]["baked_from"], 19.5)
        self.assertLessEqual(said["facts"]["baked_to"], 31)
        self.assertEqual(said["findings"], [])


if __name__ == "__main__":
    if not all(map(shutil.which, ("flite", "espeak-ng", "sox"))):
        print("skipped: flite, espeak-ng and sox are not there")
        sys.exit(77)
    unittest.main()
