"""Makes the documents that repeat what the code says: docs/axes.md, errors.md, constants.md, and parts of others.

    make_docs.py [--program PROGRAM]             writes them
    make_docs.py --check [--program PROGRAM]     fails when one is out of date (a ctest)

Sources: src/models/lengths.hpp, the facts.hpp of each network, include/nightingale/error.hpp, the golden error texts of
the tests, and the program itself (--help, inspect --json, explain).
"""
import argparse
import difflib
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# What speaks, what listens, and the watermark: between them all networks there are.
MODELS = [ROOT / "tests" / place for place in ("goldens/english/model", "goldens/cloning/model", "manifests/perth_net_250000.pth.tar.json")]
MADE = "<!-- Made by tools/make_docs.py. Change what it reads, then run it again. -->\n"
VERBS = ("speak", "convert", "voice bake", "voice show", "voice compare", "detect", "inspect", "verify", "explain", "bench", "quantize", "version")


def read(path):
    return (ROOT / path).read_text()


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]) + "\n"


def block(text, language=""):
    return f"```{language}\n{text.rstrip()}\n```\n"


class Program:
    def __init__(self, path):
        self.path = path

    def says(self, *arguments):
        return subprocess.run([self.path, *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def axes(program):
    # "inline const Axis NAME = unknown("text");  // meaning", the meaning perhaps on the line below
    text = re.sub(r"=\n\s+", "= ", read("src/models/lengths.hpp"))
    shown = []
    for name, value, meaning in re.findall(r"inline const Axis (\w+)\s*(=.*?|\{.*?\});[ \t]*(?://[ \t]*(.*))?", text):
        formula = value.strip("= ").replace(".size", "").replace(" * ", "·").replace(" - ", " − ")
        given = re.match(r'\{"(\w+)", (.*)\}', formula)
        shown.append((f"`{name}`", f"`{given.group(1)} = {given.group(2)}`" if given else "any", meaning))
    out = ["# Axes\n", MADE, "Every shape is a list of named axes in storage order, the innermost last. A size is a formula of a few lengths:\n",
           table(("Name", "Formula", "What it counts"), shown),
           "25 speech tokens, 50 mel frames and 24 000 samples make a second.\n", "## What each stage takes and gives\n",
           "Checked where stages join, and proved for every length when a model is opened.\n"]
    files = [file for model in MODELS for file in json.loads(program.says("inspect", str(model), "--json"))["files"]]
    stages = {stage["stage"]: stage for file in files for stage in file["stages"]}
    order = ("t3.condition", "t3.prefill", "t3.step", "flow.encoder", "flow.decoder", "flow", "hift", "voice_encoder", "speech_tokenizer", "campplus")
    for name in sorted(stages, key=lambda name: order.index(name) if name in order else len(order)):
        stage = stages[name]
        rows = [("takes", value["name"], f"`{value['axes']}`") for value in stage["inputs"]]
        rows.append(("gives", stage["output"]["name"], f"`{stage['output']['axes']}`"))
        out += [f"### {name}\n", table(("", "Name", "Axes"), rows)]
    return "\n".join(out)


def facts(path):
    """(name, value, source) of every constant of a facts.hpp: its own comment, or the one above its paragraph."""
    above, statement = "", ""
    for line in read(path).splitlines():
        if line.startswith("//") or not line.strip():
            above = (above + " " + line[2:].strip()).strip() if line.startswith("//") else ""
            continue
        if line.startswith("inline constexpr") or statement:
            statement += " " + line.strip()
        code, _, source = statement.partition("//")
        if not code.rstrip().endswith(";"):
            continue
        name, value = re.match(r" inline constexpr [\w:<>, ]*?(\w+)(?: = |(?=\{))(.*);", code).groups()
        value = re.sub(r"(?<=\d)F\b", "", re.sub(r"^\{\{(.*)\}\}$", r"\1", value))
        yield f"`{name}`", f"`{value}`", source.strip() or above
        statement = ""


def constants(_):
    out = ["# Constants\n", MADE, "Sizes are solved from a checkpoint's shapes. What no shape tells stands in the `facts.hpp` of each network, "
           "with its source in upstream (resemble-ai/chatterbox; for the speech tokenizer the package s3tokenizer, for perth resemble-ai/Perth):\n"]
    for network in ("t3", "flow", "hift", "voice_encoder", "speech_tokenizer", "campplus", "perth"):
        out += [f"## {network}\n", table(("Name", "Value", "Source"), facts(f"src/models/{network}/facts.hpp"))]
    return "\n".join(out)


def sections(path):
    """A golden of several cases: "## name", then the text."""
    return re.findall(r"^## (.*)\n([\s\S]*?)(?=^## |\Z)", read(path), re.M)


def errors(_):
    header = read("include/nightingale/error.hpp")
    listed = header[header.index("enum class ErrorCode"):header.index("};")]
    codes = re.findall(r"^\s+(\w+),\s*// (.*)$", listed, re.M)
    out = ["# Errors\n", MADE, "Every error has a code for programs, a sentence for people, the facts, and what to do. The texts below are the "
           "goldens of the tests.\n", table(("Code", "Meaning"), [(f"`{code}`", meaning) for code, meaning in codes]),
           "## A checkpoint that does not fit\n", "All faults of one file come in one report; the sizes are decided by the majority of its tensors.\n"]
    for path in sorted((ROOT / "tests/checkpoint/faults").glob("*.txt")):
        out += [f"### {path.stem.replace('_', ' ')}\n", block(path.read_text())]
    out += ["## Tensors that do not belong together\n", "What the operations say when they refuse:\n"]
    for name, text in sections("tests/ops/refusals.txt"):
        out += [f"### {name}\n", block(text)]
    out += ["## Numbers without names\n", "What `nightingale explain` answers; the first line is what it was asked:\n"]
    for path in sorted((ROOT / "tests/diagnosis/expected").glob("*.txt")):
        out += [f"### {path.stem.replace('_', ' ')}\n", block(path.read_text())]
    return "\n".join(out)


def cli(program):
    """What stands above the mark is written by hand; below it is the program's own help."""
    by_hand = read("docs/cli.md").partition(MADE)[0]
    out = [by_hand.rstrip() + "\n", MADE]
    for verb in VERBS:
        out += [f"## {verb}\n", block(program.says(*verb.split(), "--help"))]
    return "\n".join(out)


def with_examples(path):
    """A document written by hand, its code blocks replaced by the files of examples/."""
    text = read(path)
    for language in ("cpp", "c"):
        example = block(read(f"examples/speak.{language}"), language)
        text = re.sub(rf"^```{language}\n[\s\S]*?^```\n", lambda _: example, text, flags=re.M)
    return text


def library(_):
    return with_examples("docs/library.md")


def readme(program):
    asked = "$ nightingale explain "
    before, _, after = with_examples("README.md").partition(asked)
    question, _, rest = after.partition("\n")
    return before + asked + question + "\n" + program.says("explain", *shlex.split(question)) + rest[rest.index("```"):]


DOCUMENTS = {"docs/axes.md": axes, "docs/constants.md": constants, "docs/errors.md": errors, "docs/cli.md": cli,
             "docs/library.md": library, "README.md": readme}


def difference(there, text):
    lines = difflib.unified_diff(there.splitlines(), text.splitlines(), lineterm="", n=0)
    return "\n  ".join(list(lines)[:12])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--program", default=str(ROOT / "build/release/bin/nightingale"))
    given = parser.parse_args()
    program = Program(given.program)
    problems = []
    for name, make in DOCUMENTS.items():
        path, text = ROOT / name, make(program).rstrip() + "\n"
        if not given.check:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            there = path.read_text() if path.exists() else ""
            problems.append(f"{name} is out of date; run tools/make_docs.py\n  {difference(there, text)}")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
