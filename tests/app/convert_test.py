"""nightingale convert, from outside: what it writes, prints and returns.

    convert_test.py PROGRAM      (a ctest; by hand with -k NAME, as unittest takes it)
"""
import json
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import wave
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GOLDENS = ROOT / "tests/goldens"
RECORDING = ROOT / "tests/fixtures/recordings/quiet.wav"
VOICE = GOLDENS / "cloning/voice"
PROGRAM = Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else ROOT / "build/release/bin/nightingale"
DONE, AT_FAULT, WRONG_USAGE = 0, 1, 2
TOKENS, SAMPLES_PER_TOKEN = 36, 960


def tensors_of(path):
    """Name → (facts, bytes) of a safetensors file."""
    content = path.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:8 + length])
    header.pop("__metadata__", None)
    data = content[8 + length:]
    return {name: (facts, data[slice(*facts["data_offsets"])]) for name, facts in header.items()}


def write_model(folder):
    """A model that listens and speaks: the networks of two goldens in one file."""
    tensors = tensors_of(GOLDENS / "cloning/model/s3gen.safetensors") | tensors_of(GOLDENS / "english/model/s3gen.safetensors")
    header, data = {}, b""
    for name, (facts, content) in sorted(tensors.items(), key=lambda item: -struct.calcsize("q" if item[1][0]["dtype"] == "I64" else "f")):
        header[name] = facts | {"data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (folder / "s3gen.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)
    shutil.copy(GOLDENS / "cloning/model/ve.safetensors", folder)


class Converting(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.model = Path(cls.scratch.name) / "model"
        cls.model.mkdir()
        write_model(cls.model)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = Path(folder.name)

    def convert(self, *arguments, voice=VOICE, steps="1"):
        command = [PROGRAM, "convert", *arguments, "--voice", voice, "--model", self.model, "--steps", steps, "--threads", "1",
                   "--no-watermark"]
        environment = {"XDG_CACHE_HOME": str(self.out / "cache"), "PATH": "/usr/bin:/bin"}
        return subprocess.run([str(part) for part in command], capture_output=True, stdin=subprocess.DEVNULL, timeout=300, env=environment)

    def check(self, result, status, *words):
        said = result.stderr.decode() + result.stdout.decode(errors="replace")
        self.assertEqual(result.returncode, status, said)
        for word in words:
            self.assertIn(word, said)

    def frames_of(self, path):
        with wave.open(str(path)) as sound:
            self.assertEqual((sound.getnchannels(), sound.getframerate()), (1, 24000))
            return sound.getnframes()

    def test_writes_a_file_and_says_nothing_when_nobody_watches(self):
        result = self.convert(RECORDING, "-o", self.out / "a.wav")
        self.check(result, DONE)
        self.assertEqual((result.stdout, result.stderr), (b"", b""))
        self.assertEqual(self.frames_of(self.out / "a.wav"), TOKENS * SAMPLES_PER_TOKEN)

    def test_a_pipe_gets_the_same_bytes(self):
        self.check(self.convert(RECORDING, "-o", self.out / "a.wav"), DONE)
        self.assertEqual(self.convert(RECORDING, "-o", "-").stdout, (self.out / "a.wav").read_bytes())

    def test_json_tells_tokens_seconds_and_stages(self):
        result = self.convert(RECORDING, "-o", self.out / "a.flac", "--json", "--seed", "9")
        self.check(result, DONE)
        said = json.loads(result.stdout)
        self.assertEqual((len(said["tokens"][0]), said["seed"], said["whole"], said["watermarked"]), (TOKENS, 9, True, False))
        self.assertAlmostEqual(said["seconds"], TOKENS * 0.04)
        self.assertEqual([stage["stage"] for stage in said["stages"]], ["tokens", "mel", "samples"])
        self.assertEqual((self.out / "a.flac").read_bytes()[:4], b"fLaC")

    def test_the_voice_may_be_a_recording(self):
        recorded = self.convert(RECORDING, "-o", self.out / "a.wav", voice=ROOT / "tests/fixtures/recordings/nightingale.flac")
        self.check(recorded, DONE)
        self.assertGreater(self.frames_of(self.out / "a.wav"), 30 * SAMPLES_PER_TOKEN)
        self.assertEqual(len(list((self.out / "cache/nightingale/voices").iterdir())), 1)

    def test_what_cannot_be_converted_is_one_clear_line_and_no_file(self):
        (self.out / "text.wav").write_text("This is not a recording.")
        for source, word in ((self.out / "none.wav", "no file"), (self.out / "text.wav", "text.wav"), (self.out, "folder")):
            result = self.convert(source, "-o", self.out / "a.wav")
            self.check(result, AT_FAULT, word)
            self.assertTrue(result.stderr.startswith(b"nightingale: "))
            self.assertFalse((self.out / "a.wav").exists())
        self.check(self.convert(RECORDING, "-o", self.out / "none/a.wav"), AT_FAULT, "no folder")
        self.check(self.convert(RECORDING, "-o", self.out / "a.xyz"), AT_FAULT, "xyz")
        self.check(self.convert(RECORDING, "-o", self.out / "a.wav", steps="0"), AT_FAULT, "steps")
        self.check(self.convert("-o", self.out / "a.wav"), WRONG_USAGE)


if __name__ == "__main__":
    unittest.main()
