"""Every source is formatted as .clang-format says, and .clang-format is in force.

A formatter that found no style file would pass everything, so a line known to be bad must change first. Without
clang-format 14 there is nothing to check with: exit status 77, which ctest shows as skipped.
`python3 tools/check_format.py --fix` formats instead.
"""
import shutil
import subprocess
import sys

from cpp_text import ROOT, finish, name, sources

FOLDERS = ("src", "include", "app", "tests", "bench", "examples")
SKIPPED = 77
BAD = "int  answer( ){return   42 ;}\n"
GOOD = "int answer() {\n  return 42;\n}\n"


def formatted(program, text, path):
    result = subprocess.run([program, f"--assume-filename={path}"], input=text, capture_output=True, text=True, check=True)
    return result.stdout


def main():
    program = shutil.which("clang-format-14")
    if not program:
        print("skipped: clang-format-14 is not installed")
        return SKIPPED
    files = [str(path) for path in sources(*FOLDERS)]
    if "--fix" in sys.argv:
        return subprocess.run([program, "-i", *files], check=False).returncode
    if formatted(program, BAD, ROOT / "src/bad.cpp") != GOOD:
        return finish(["the formatter is not active: a line known to be bad did not become what .clang-format asks"], "")
    result = subprocess.run([program, "--dry-run", "--ferror-limit=1", *files], capture_output=True, text=True, check=False)
    problems = sorted({line.split(":")[0] for line in result.stderr.splitlines() if "clang-format-violations" in line})
    return finish([f"{name(ROOT / path)}: python3 tools/check_format.py --fix" for path in problems],
                  f"{len(files)} files formatted")


if __name__ == "__main__":
    sys.exit(main())
