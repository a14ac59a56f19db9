"""Applies the deliberate slips of list.txt one at a time; each must turn its test red.

    python3 tests/mutations/run.py                all; finished ones are remembered, --fresh forgets them
    python3 tests/mutations/run.py --only PART    those whose name holds PART
    python3 tests/mutations/run.py --check        only that every `find` text still occurs exactly once (a ctest)

Works on a copy of the tree (build/mutations/tree), never on the tree itself. The copy is built once; a slip then
costs one incremental build and one test. A slip that does not compile, or whose text is gone, fails like one that no
test noticed. Results are kept by the content of the tree, so a run that was interrupted goes on where it was.
"""
import argparse
import fcntl
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "mutations"
TREE = WORK / "tree"
BUILD = TREE / "build" / "release"
LIST = Path(__file__).with_name("list.txt")
COPIED = ("CMakeLists.txt", "cmake", "include", "src", "app", "tests", "examples", "tools")
IGNORED = {"__pycache__", "mutations"}
KEYS = {"why", "file", "find", "replace", "test", "expect"}
TEST_SECONDS = 600
SKIPPED = 77


@dataclass
class Slip:
    name: str
    why: str = ""
    file: str = ""
    find: str = ""
    replace: str = ""
    test: str = ""
    expect: str = ""

    @property
    def program(self):
        return self.test.split(":", 1)[0].strip()

    @property
    def cases(self):
        return self.test.split(":", 1)[1].strip() if ":" in self.test else ""


def read_list(path):
    """The slips of a list; raises ValueError with the line of what cannot be read."""
    slips, key = [], None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        where = f"{path.name}:{number}"
        if line.startswith("| ") or line == "|":
            if key is None:
                raise ValueError(f"{where}: a continued line without a key")
            before = getattr(slips[-1], key)
            setattr(slips[-1], key, before + ("\n" if before else "") + line[2:])
        elif not line.strip() or line.startswith("#"):
            key = None
        elif match := re.fullmatch(r"\[(\w+)\]", line):
            slips.append(Slip(match.group(1)))
            key = None
        elif (match := re.fullmatch(r"(\w+):(?: (.*))?", line)) and match.group(1) in KEYS and slips:
            key = match.group(1)
            setattr(slips[-1], key, match.group(2) or "")
        else:
            raise ValueError(f"{where}: neither [name], a key of {', '.join(sorted(KEYS))}, nor a continued line: {line}")
    return slips


def faults_of_list(slips):
    """What is wrong with the entries themselves, before anything is built."""
    names = [slip.name for slip in slips]
    for slip in slips:
        missing = [key for key in ("why", "file", "find", "test") if not getattr(slip, key)]
        if names.count(slip.name) > 1:
            yield f"{slip.name}: this name is there twice"
        if missing:
            yield f"{slip.name}: without {', '.join(missing)}"
        elif not (ROOT / slip.file).exists():
            yield f"{slip.name}: there is no {slip.file}"
        elif slip.find == slip.replace:
            yield f"{slip.name}: changes nothing"
        else:
            count = (ROOT / slip.file).read_text(encoding="utf-8").count(slip.find)
            if count != 1:
                yield f"{slip.name}: its text occurs {count} times in {slip.file}, not once: {slip.find.splitlines()[0]}"


def files_of_tree():
    for part in COPIED:
        path = ROOT / part
        if not path.exists():
            continue
        yield from (p for p in sorted(path.rglob("*")) if p.is_file()) if path.is_dir() else [path]


def mirror():
    """Makes TREE equal to the sources, writing only what differs, so that the build stays incremental; returns a digest."""
    wanted = {path.relative_to(ROOT): path for path in files_of_tree() if not IGNORED & set(path.relative_to(ROOT).parts)}
    for old in TREE.rglob("*"):
        if old.is_file() and not old.is_relative_to(BUILD) and old.relative_to(TREE) not in wanted:
            old.unlink()
    digest = hashlib.sha256()
    for relative, path in wanted.items():
        content, target = path.read_bytes(), TREE / relative
        digest.update(str(relative).encode() + b"\0" + content)
        if not target.exists() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            target.chmod(path.stat().st_mode)
    shared, beside = ROOT.parent / "shared", TREE.parent / "shared"  # some tests look beside the repository
    if shared.exists() and not beside.exists():
        beside.symlink_to(shared)
    return digest.hexdigest()


def run(command, seconds=None):
    """(exit status, output); a command that takes too long counts as failed."""
    try:
        result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                timeout=seconds, check=False,
                                env={**os.environ, "CCACHE_BASEDIR": str(TREE)})
        return result.returncode, result.stdout.decode("utf-8", "replace")
    except subprocess.TimeoutExpired as late:
        return 124, (late.stdout or b"").decode("utf-8", "replace") + f"\nstopped after {seconds} seconds"


class Builder:
    def __init__(self, jobs):
        self.jobs = jobs
        status, output = run(["cmake", "-S", TREE, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"])
        if status:
            raise RuntimeError(f"the copy cannot be configured:\n{output[-3000:]}")
        self.targets = set(re.findall(r"^(test_\w+): ", run(["ninja", "-C", BUILD, "-t", "targets", "all"])[1], re.MULTILINE))

    def target_of(self, slip):
        """The one program a test needs; a test that is no room's program (the command line's, say) needs them all."""
        target = "test_" + slip.program.removesuffix("_slow")
        return target if target in self.targets else "all"

    def build(self, target):
        return run(["ninja", "-C", BUILD, f"-j{self.jobs}", target])

    def test(self, slip):
        """(green, output) of the slip's test. No test case at all is an error: it could never turn red."""
        if slip.cases:
            program = BUILD / "tests" / self.target_of(slip)
            status, output = run([program, f"--test-case={slip.cases}"], TEST_SECONDS)
            if re.search(r"test cases: +0 ", output):
                raise RuntimeError(f"no test case is called {slip.cases} in {slip.program}")
        else:
            status, output = run(["ctest", "--test-dir", BUILD, "-R", f"^{slip.program}$", "--output-on-failure"], TEST_SECONDS)
            if "No tests were found" in output:
                raise RuntimeError(f"there is no test {slip.program}")
        return status == 0, output


def green_before(builder, slip, known):
    """Whether the test passes on the untouched copy: one that is red anyway proves nothing."""
    if slip.test not in known:
        status, output = builder.build(builder.target_of(slip))
        if status:
            raise RuntimeError(f"the untouched copy does not compile:\n{output[-2000:]}")
        known[slip.test] = builder.test(slip)
    return known[slip.test]


def judge(builder, slip, known):
    """Nothing when the slip was caught, else why not."""
    green, output = green_before(builder, slip, known)
    if not green:
        return f"{slip.test} is red without any slip:\n{output[-1500:]}"
    file = TREE / slip.file
    original = file.read_text(encoding="utf-8")
    file.write_text(original.replace(slip.find, slip.replace), encoding="utf-8")
    try:
        status, output = builder.build(builder.target_of(slip))
        if status:
            return f"does not compile:\n{output[-1500:]}"
        green, output = builder.test(slip)
    finally:
        file.write_text(original, encoding="utf-8")
    if green:
        return f"{slip.test} stayed green"
    if slip.expect and slip.expect not in output:
        return f"{slip.test} is red, but does not say: {slip.expect}\n{output[-1500:]}"
    return ""


class Memory:
    """Results of this very tree, so that an interrupted run goes on."""

    def __init__(self, digest, fresh):
        self.path, self.digest = WORK / "results.json", digest
        stored = json.loads(self.path.read_text()) if self.path.exists() and not fresh else {}
        self.caught = set(stored["caught"]) if stored.get("digest") == digest else set()

    def keep(self, slip):
        self.caught.add(repr(slip))
        self.path.write_text(json.dumps({"digest": self.digest, "caught": sorted(self.caught)}))


def run_all(slips, options):
    builder, known = None, {}
    memory = Memory(mirror(), options.fresh)
    failed = 0
    for slip in slips:
        started = time.monotonic()
        if repr(slip) in memory.caught:
            print(f"passed  (before)  {slip.name}: {slip.test}", flush=True)
            continue
        builder = builder or Builder(options.jobs)
        try:
            reason = judge(builder, slip, known)
        except RuntimeError as error:
            reason = str(error)
        verdict = "FAILED" if reason else "passed"
        print(f"{verdict}  {time.monotonic() - started:6.1f} s  {slip.name}: {slip.test}", flush=True)
        if reason:
            failed += 1
            print("        " + reason.replace("\n", "\n        "), flush=True)
        else:
            memory.keep(slip)
    print(f"{len(slips) - failed} passed, {failed} failed")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description="Each deliberate slip must turn its test red.")
    parser.add_argument("--only", metavar="PART", default="", help="the slips whose name holds PART")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="compilers at a time")
    parser.add_argument("--fresh", action="store_true", help="forget what earlier runs found")
    parser.add_argument("--check", action="store_true", help="only look whether every slip can be applied")
    options = parser.parse_args()
    try:
        slips = [slip for slip in read_list(LIST) if options.only in slip.name]
    except ValueError as error:
        print(error)
        return 1
    faults = list(faults_of_list(slips))
    if options.check or faults:
        print("\n".join([*faults, f"{len(slips)} slips, {len(faults)} faults of the list"]))
        return 1 if faults else 0
    if not slips:
        print(f"skipped: no slip has {options.only} in its name")
        return SKIPPED
    WORK.mkdir(parents=True, exist_ok=True)
    with open(WORK / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return run_all(slips, options)


if __name__ == "__main__":
    sys.exit(main())
