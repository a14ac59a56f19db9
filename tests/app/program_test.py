"""The built program, from outside: what it prints, writes and returns, verb by verb.

    program_test.py PROGRAM      (a ctest; by hand with -k NAME, as unittest takes it)
"""
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENGLISH = ROOT / "tests/goldens/english"
MODEL, VOICE, REFERENCE = ENGLISH / "model", ENGLISH / "voice", ENGLISH / "reference"
PROGRAM = Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else ROOT / "build/release/bin/nightingale"
SHORT = ["--max-seconds", "1", "--steps", "2", "--threads", "1"]  # a small model with random weights never stops by itself
# The watermark's network comes from PyPI; what is spoken is marked when it is there.
MARKED = (ROOT / "build/share/nightingale/perth.safetensors").exists()
if not MARKED:
    SHORT.append("--no-watermark")
DONE, AT_FAULT, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130


def run(*arguments, program=PROGRAM, **options):
    options = {"stdin": subprocess.DEVNULL, "timeout": 300} | options
    if "input" in options:
        del options["stdin"]
    return subprocess.run([program, *map(str, arguments)], capture_output=True, **options)


def samples_of(wav):
    """Rate and 16-bit samples of a wav file's bytes."""
    assert wav[:4] == b"RIFF" and wav[8:12] == b"WAVE", wav[:12]
    at, rate = 12, 0
    while at < len(wav):
        name, size = wav[at:at + 4], struct.unpack("<I", wav[at + 4:at + 8])[0]
        if name == b"fmt ":
            rate = struct.unpack("<I", wav[at + 12:at + 16])[0]
        if name == b"data":
            return rate, struct.unpack(f"<{size // 2}h", wav[at + 8:at + 8 + size])
        at += 8 + size + size % 2
    raise AssertionError("no data")


class Verbs(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.out = Path(self.folder.name)

    def check(self, result, status, *words):
        said = result.stderr.decode() + result.stdout.decode(errors="replace")
        self.assertEqual(result.returncode, status, said)
        for word in words:
            self.assertIn(word, said)
        return result

    def check_refused(self, result, status, *words):
        """One clear line, perhaps with a line that says what to do; nothing on the output."""
        self.check(result, status, *words)
        lines = result.stderr.decode().splitlines()
        self.assertTrue(lines[0].startswith("nightingale: "), lines)
        self.assertLessEqual(len(lines), 2, lines)
        self.assertEqual(result.stdout, b"")

    def speak(self, *arguments, **options):
        return run("speak", *arguments, "--model", MODEL, "--voice", VOICE, *SHORT, **options)

    def lone_program(self):
        """A function like run(), of a copy of the program where nothing that ships is near; its share is self.out/some/where/share."""
        folder = self.out / "some/where/bin"
        folder.mkdir(parents=True)
        libraries = list(PROGRAM.parents[1].glob("libnightingale.so*"))
        if not libraries:
            self.skipTest("the library is not a shared one")
        for library in libraries:
            (folder / library.name).write_bytes(library.read_bytes())
        alone = folder / "nightingale"
        alone.write_bytes(PROGRAM.read_bytes())
        alone.chmod(0o755)
        near = os.environ | {"LD_LIBRARY_PATH": str(folder)}
        return lambda *arguments, **options: run(*arguments, program=alone, env=near, **options)


class Speaking(Verbs):
    def test_writes_a_wav_file_and_says_nothing_when_nobody_watches(self):
        result = self.check(self.speak("Hello world.", "-o", self.out / "hello.wav"), DONE)
        self.assertEqual((result.stdout, result.stderr), (b"", b""))
        rate, samples = samples_of((self.out / "hello.wav").read_bytes())
        self.assertEqual(rate, 24000)
        self.assertGreater(len(samples), 2400)
        self.assertGreater(max(map(abs, samples)), 0)

    def test_writes_flac_by_the_ending_and_by_name(self):
        self.check(self.speak("Hello.", "-o", self.out / "a.flac"), DONE)
        self.check(self.speak("Hello.", "-o", self.out / "b.bin", "--format", "flac"), DONE)
        self.assertEqual((self.out / "a.flac").read_bytes()[:4], b"fLaC")
        self.assertEqual((self.out / "b.bin").read_bytes(), (self.out / "a.flac").read_bytes())

    def test_words_a_file_and_the_standard_input_give_the_same_samples(self):
        (self.out / "text").write_text("Hello world.")
        self.check(self.speak("Hello", "world.", "-o", self.out / "words.wav"), DONE)
        self.check(self.speak("-i", self.out / "text", "-o", self.out / "file.wav"), DONE)
        self.check(self.speak("-o", self.out / "input.wav", input=b"Hello world."), DONE)
        self.check(self.speak("-", "-o", self.out / "dash.wav", input=b"Hello world."), DONE)
        piped = self.check(self.speak("Hello world.", "-o", "-"), DONE).stdout
        for name in ("file", "input", "dash"):
            self.assertEqual((self.out / f"{name}.wav").read_bytes(), (self.out / "words.wav").read_bytes(), name)
        self.assertEqual(piped, (self.out / "words.wav").read_bytes())

    def test_a_stream_is_wav_of_unknown_length_with_as_many_samples(self):
        self.check(self.speak("Hello world.", "-o", self.out / "whole.wav"), DONE)
        streamed = self.check(self.speak("Hello world.", "-o", "-", "--stream"), DONE).stdout
        whole = (self.out / "whole.wav").read_bytes()
        self.assertEqual(len(streamed), len(whole))
        self.assertEqual(streamed[:4] + streamed[8:40], whole[:4] + whole[8:40])
        self.assertEqual((streamed[4:8], streamed[40:44]), (b"\xff" * 4, b"\xff" * 4))
        self.check(self.speak("Hello.", "-o", self.out / "a.wav", "--stream"), WRONG_USAGE, "-o -")
        self.check(self.speak("Hello.", "-o", "-", "--stream", "--format", "mp3"), WRONG_USAGE, "wav")

    def test_a_profile_sets_what_is_not_given(self):
        def said(*options):
            result = self.check(self.speak("Hello.", "--json", "-o", self.out / "a.wav", *options), DONE)
            return json.loads(result.stdout)

        self.assertEqual(said("--profile", "exact")["prompt_seconds"], None)
        fast = said("--profile", "fast")
        self.assertEqual(fast["prompt_seconds"], 3)
        self.assertEqual(said("--prompt-seconds", "2", "--profile", "fast")["prompt_seconds"], 2)
        self.check(self.speak("Hello.", "--profile", "slow"), WRONG_USAGE, "profile")

    def test_a_seed_decides_the_samples(self):
        for name, seed in (("a", 1), ("b", 1), ("c", 2)):
            self.check(self.speak("Hello.", "--seed", seed, "-o", self.out / name, "--format", "wav"), DONE)
        self.assertEqual((self.out / "a").read_bytes(), (self.out / "b").read_bytes())
        self.assertNotEqual((self.out / "a").read_bytes(), (self.out / "c").read_bytes())

    def test_json_is_one_object_with_timings_tokens_and_seed(self):
        result = self.check(self.speak("Hello.", "--json", "--seed", "7", "-o", self.out / "a.wav"), DONE)
        said = json.loads(result.stdout)
        self.assertEqual(said["seed"], 7)
        self.assertEqual(said["exaggeration"], None)
        self.assertEqual([stage["stage"] for stage in said["stages"]],
                         ["tokens", "mel", "samples"] + ["watermark"] * MARKED)
        self.assertIs(said["watermarked"], MARKED)
        self.assertEqual(said["stages"][0]["made"], sum(map(len, said["tokens"])))
        self.assertAlmostEqual(said["seconds"], len(samples_of((self.out / "a.wav").read_bytes())[1]) / 24000)

    def test_a_terminal_sees_a_progress_bar(self):
        mine, theirs = pty.openpty()
        result = subprocess.Popen([PROGRAM, "speak", "Hello.", "-o", self.out / "a.wav", "--model", MODEL, "--voice", VOICE,
                                   *SHORT, "--max-seconds", "10", "--steps", "20"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs)
        os.close(theirs)
        seen = b""
        while True:
            try:
                block = os.read(mine, 4096)
            except OSError:  # the other end is closed
                block = b""
            if not block:
                break
            seen += block
        os.close(mine)
        self.assertEqual(result.wait(), DONE, seen)
        for word in ("tokens", "s spoken", "× real time", "s left", "a.wav: "):
            self.assertIn(word, seen.decode())

    def test_three_thousand_characters_are_spoken_in_pieces(self):
        text = "The quick brown fox jumps over the lazy dog. " * 67
        result = self.check(self.speak(text[:3000], "--json", "--max-seconds", "0.4", "-o", self.out / "a.wav"), DONE)
        self.assertGreaterEqual(len(json.loads(result.stdout)["tokens"]), 10)

    def test_emoji_and_foreign_letters_are_spoken_or_refused_in_one_line(self):
        for text in ("Hello 🙂 world 👩‍👩‍👧", "🙂", "日本語", "e\u0301"):
            result = self.speak(text, "-o", self.out / "a.wav")
            if result.returncode != DONE:
                self.check_refused(result, AT_FAULT)

    def test_an_empty_text_is_refused(self):
        for text in ("", "  \n"):
            self.check_refused(self.speak(text, "-o", self.out / "a.wav"), AT_FAULT, "there is no text to speak")
        self.check_refused(self.speak("-o", self.out / "a.wav", input=b""), AT_FAULT, "there is no text to speak")
        self.assertEqual(list(self.out.iterdir()), [])

    def test_invalid_utf8_is_refused_with_its_place(self):
        self.check_refused(self.speak("-o", self.out / "a.wav", input=b"Hello \xff\xfe"), AT_FAULT, "UTF-8", "6")

    def test_a_missing_text_file_is_refused(self):
        self.check_refused(self.speak("-i", self.out / "none.txt", "-o", self.out / "a.wav"), AT_FAULT, "none.txt")
        self.check_refused(self.speak("-i", self.out, "-o", self.out / "a.wav"), AT_FAULT, "is a folder")

    def test_a_missing_voice_is_refused(self):
        here = ("speak", "Hello.", "-o", self.out / "a.wav", "--model", MODEL)
        self.check_refused(run(*here), AT_FAULT, "no voice was given", "--voice")
        self.check_refused(run(*here, "--voice", self.out / "nobody"), AT_FAULT, "nobody")

    def test_a_missing_model_is_refused(self):
        here = ("speak", "Hello.", "-o", self.out / "a.wav", "--voice", VOICE)
        self.check_refused(run(*here, "--model", self.out / "nothing"), AT_FAULT, "there is no model folder")
        self.check_refused(run(*here, "--model", self.out), AT_FAULT, "has no T3")

    def test_a_place_that_cannot_be_written_is_refused_before_anything_is_loaded(self):
        nothing = ("--model", self.out / "nothing", "--voice", self.out / "nobody")
        for place, why in ((self.out / "no/a.wav", "no folder"), (self.out, "option_invalid"), ("/proc/a.wav", "cannot write")):
            result = run("speak", "Hello.", "-o", place, *nothing)
            self.check_refused(result, AT_FAULT, *([] if why == "option_invalid" else [why]))
            self.assertIn(str(place), result.stderr.decode())
        self.check_refused(run("speak", "Hello.", "-o", self.out / "a.wma", *nothing), AT_FAULT, "wma")
        self.check_refused(run("speak", "Hello.", "-o", "-", "--format", "mp9", *nothing), AT_FAULT, "mp9")
        self.assertEqual(list(self.out.iterdir()), [])

    def test_an_output_that_is_full_is_told(self):
        with open("/dev/full", "wb") as full:
            result = subprocess.run([PROGRAM, "speak", "Hello.", "-o", "-", "--model", MODEL, "--voice", VOICE, *SHORT],
                                    stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, timeout=300)
        self.assertEqual(result.returncode, AT_FAULT)
        self.assertIn(b"No space left", result.stderr)

    def test_a_language_the_model_does_not_speak_is_refused(self):
        self.check_refused(self.speak("Hallo.", "--language", "nl", "-o", self.out / "a.wav"), AT_FAULT, "English only")

    def test_a_field_out_of_range_is_refused_with_its_range(self):
        self.check_refused(self.speak("Hello.", "--temperature", "9", "-o", self.out / "a.wav"), AT_FAULT,
                           "temperature = 9", "0 to 5")
        self.check_refused(self.speak("Hello.", "--min-p", "nan", "-o", self.out / "a.wav"), AT_FAULT, "min_p")

    def test_ctrl_c_keeps_what_was_spoken_so_far(self):
        text = "The quick brown fox jumps over the lazy dog. " * 60
        talking = subprocess.Popen([PROGRAM, "speak", text, "-o", self.out / "a.wav", "--model", MODEL, "--voice", VOICE,
                                    *SHORT[2:]],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(3)
        talking.send_signal(signal.SIGINT)
        _, said = talking.communicate(timeout=300)
        self.assertEqual(talking.returncode, INTERRUPTED, said)
        self.assertIn(b"stopped", said)
        self.assertGreater(len(samples_of((self.out / "a.wav").read_bytes())[1]), 0)


class Watermarking(Verbs):
    def setUp(self):
        super().setUp()
        if not MARKED:
            self.skipTest("perth.safetensors is not there (tools/get_watermark.sh)")

    def test_what_is_spoken_is_found_and_what_is_spoken_without_is_not(self):
        long = ("--max-seconds", "4")
        self.check(self.speak("Hello.", *long, "-o", self.out / "a.wav"), DONE)
        self.check(self.speak("Hello.", *long, "--no-watermark", "-o", self.out / "b.wav"), DONE)
        self.assertRegex(self.check(run("detect", self.out / "a.wav"), DONE).stdout.decode(),
                         r"^watermark found \(confidence \d\.\d\d\)\n$")
        self.assertRegex(self.check(run("detect", self.out / "b.wav"), AT_FAULT).stdout.decode(),
                         r"^no watermark \(confidence \d\.\d\d\)\n$")
        said = json.loads(self.check(run("detect", self.out / "a.wav", "--json"), DONE).stdout)
        self.assertEqual(set(said), {"found", "confidence", "seconds"})
        self.assertIs(said["found"], True)
        self.assertAlmostEqual(said["seconds"], len(samples_of((self.out / "a.wav").read_bytes())[1]) / 24000)

    def test_what_holds_no_sound_is_refused(self):
        (self.out / "text.wav").write_text("Hello.")
        for path in (self.out / "nothing.wav", self.out / "text.wav", self.out):
            self.check_refused(run("detect", path), AT_FAULT, str(path))


class WithoutWatermarkNetwork(Verbs):
    """A copy of the program where no share/nightingale is near."""

    def test_speaking_fails_before_the_model_is_opened_and_says_what_to_do(self):
        alone = self.lone_program()
        speak = ("speak", "Hello.", "-o", self.out / "a.wav", "--model", MODEL, "--voice", VOICE, *SHORT[:6])
        self.check_refused(alone(*speak), AT_FAULT, "perth.safetensors", "tools/get_watermark.sh", "--no-watermark")
        self.assertFalse((self.out / "a.wav").exists())
        self.check(alone(*speak, "--no-watermark"), DONE)


class Diagnosing(Verbs):
    def test_verify_finds_every_step_equal(self):
        self.check(run("verify", MODEL, REFERENCE), DONE, "step6_mu", "0 differ")

    def test_verify_json_is_what_the_document_says(self):
        said = json.loads(self.check(run("verify", MODEL, REFERENCE, "--voice", VOICE, "--json"), DONE).stdout)
        self.assertIs(said["ok"], True)
        for step in said["steps"]:
            self.assertEqual(set(step), {"step", "axes", "error", "limit", "verdict", "detail"})
            self.assertIn(step["verdict"], ("equal", "skipped"), step)
        self.assertTrue(any(step["axes"].startswith("[batch 1, frame ") for step in said["steps"]))

    def test_verify_fails_when_a_step_differs(self):
        copy = self.out / "reference"
        copy.mkdir()
        for file in REFERENCE.glob("*.*"):
            (copy / file.name).write_bytes(file.read_bytes())
        mu = bytearray((copy / "step6_mu.npy").read_bytes())
        mu[-4:] = struct.pack("<f", 1e3)
        (copy / "step6_mu.npy").write_bytes(mu)
        said = json.loads(self.check(run("verify", MODEL, copy, "--voice", VOICE, "--json"), AT_FAULT).stdout)
        self.assertIs(said["ok"], False)
        self.assertEqual([step["verdict"] for step in said["steps"] if step["step"] == "step6_mu"], ["differs"])

    def test_verify_refuses_a_folder_that_is_no_reference(self):
        self.check_refused(run("verify", MODEL, self.out), AT_FAULT, "metadata.json")

    def test_explain_tells_the_story_of_the_lost_prompt(self):
        result = self.check(run("explain", "(1,80,64)", "(1,564,80)", "--prompt", "250", "--speech", "32"), DONE)
        self.assertEqual(result.stdout.decode(), (ROOT / "tests/diagnosis/expected/decoder.txt").read_text().split("\n", 1)[1])

    def test_explain_as_json(self):
        result = run("explain", "(1,80,64)", "(1,564,80)", "--prompt", "250", "--speech", "32", "--json")
        self.assertIn("trim the mel", json.loads(self.check(result, DONE).stdout)["fix"])

    def test_explain_refuses_what_is_no_shape(self):
        self.check_refused(run("explain", "banana"), AT_FAULT, "banana")

    def test_inspect_shows_sizes_and_stages(self):
        self.check(run("inspect", MODEL), DONE, "t3_cfg.safetensors", "s3gen.safetensors", "flow.decoder", "frame")
        self.assertIs(json.loads(run("inspect", MODEL, "--json").stdout)["ok"], True)
        self.check(run("inspect", self.out / "nothing"), AT_FAULT, "nothing")

    def test_bench_times_the_stages(self):
        # The mel is left out: it takes minutes under the sanitizers, and is one more name to the code here.
        stages = ["tokens", "samples"]
        chosen = [word for stage in stages for word in ("--stage", stage)]
        said = json.loads(self.check(run("bench", MODEL, "--runs", "1", "--threads", "1", "--json", *chosen), DONE).stdout)
        self.assertEqual([stage["stage"] for stage in said["stages"]], stages)
        for stage in said["stages"]:
            self.assertGreater(stage["nightingale"]["seconds"], 0)
        self.assertGreater(said["peak_memory"]["nightingale"], 0)
        self.check_refused(run("bench", MODEL, "--stage", "singing"), AT_FAULT, "singing")

    def test_bench_times_baking_by_its_parts_and_from_a_cold_start(self):
        model = ROOT / "tests/goldens/cloning/model"
        arguments = ("bench", model, "--stage", "bake", "--stage", "cold", "--runs", "1", "--threads", "1")
        bake, cold = json.loads(self.check(run(*arguments, "--json"), DONE).stdout)["stages"]
        self.assertEqual([*bake["parts"]], ["doctor", "resample", "voice_encoder", "x_vector", "tokens", "mel"])
        self.assertGreater(bake["nightingale"]["seconds"], 0)
        self.assertGreater(cold["nightingale"]["seconds"], 0)
        self.check(run(*arguments), DONE, "a voice of one recording; ", "\n  x_vector ", "\ncold ")
        self.check_refused(run("bench", MODEL, "--stage", "bake"), AT_FAULT, "no voice encoder")


class Usage(Verbs):
    def test_help_names_every_verb_and_every_field(self):
        said = self.check(run("--help"), DONE).stdout.decode()
        for verb in ("speak", "voice", "detect", "inspect", "verify", "explain", "bench", "version"):
            self.assertIn(verb, said)
        self.check(run("speak", "--help"), DONE, "--seed", "--repetition-penalty", "--max-seconds", "0.04 to 160")

    def test_version(self):
        self.assertRegex(self.check(run("version"), DONE).stdout.decode(), r"^nightingale \d+\.\d+\.\d+\n$")
        self.assertEqual(run("--version").stdout, run("version").stdout)

    def test_wrong_usage_is_status_2(self):
        for arguments in ((), ("sing",), ("speak", "Hello.", "--loudly"), ("verify", "a"), ("explain",),
                          ("speak", "Hello.", "--steps", "many"), ("speak", "a", "-i", "b"), ("speak", "a", "--json", "-o", "-"),
                          ("verify", "a", "b", "--substrate", "gpu")):
            result = run(*arguments)
            self.assertEqual(result.returncode, WRONG_USAGE, (arguments, result))
            self.assertNotEqual(result.stderr, b"")

    def test_verbs_to_come_say_so_in_one_line(self):
        for verb in ("models", "pull", "serve"):
            result = run(verb, "anything", "--at", "all")
            self.check_refused(result, AT_FAULT, f"{verb} is not built yet")


if __name__ == "__main__":
    unittest.main()
