"""C++ sources as the checks of this folder read them: the files of a folder, and a text without comments or strings.

Blanked characters become spaces, so that lines and columns stay where they are.
"""
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUFFIXES = {".cpp", ".hpp", ".h", ".c"}

# In the order they must be tried: a quote inside a comment opens nothing, and neither does // inside a string.
TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
      | (?P<raw>R"(?P<mark>[^()\s]*)\(.*?\)(?P=mark)")
      | (?P<string>"(?:\\.|[^"\\\n])*")
      | (?P<number>\b\d[\w']*)
      | (?P<character>'(?:\\.|[^'\\\n])+')""",
    re.VERBOSE | re.DOTALL,
)


def sources(*folders):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in SUFFIXES and path.is_file():
                yield path


def read(path):
    return path.read_text(encoding="utf-8")


def name(path):
    return path.relative_to(ROOT).as_posix()


def _spaces(text):
    return re.sub(r"[^\n]", " ", text)


def blank(text, kinds):
    """The text with tokens of the kinds given ("comment", "string") as spaces; quotes themselves stay."""

    def replaced(match):
        token = match.group()
        if match.group("comment"):
            return _spaces(token) if "comment" in kinds else token
        if match.group("number") or "string" not in kinds:
            return token
        quote = token[-1]
        return quote + _spaces(token[1:-1]) + quote

    return TOKEN.sub(replaced, text)


def code_of(text):
    return blank(text, {"comment", "string"})


def finish(problems, good):
    """Prints the problems, or the sentence that says all is well, and returns the exit status."""
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems" if problems else good)
    return 1 if problems else 0
