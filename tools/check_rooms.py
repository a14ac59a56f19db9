"""Fails on an include that points up or sideways, and on words that have no place below app/.

The rooms and their direction are read from src/CMakeLists.txt, so there is one list. Run as a ctest; by hand:
    python3 tools/check_rooms.py
"""
import re
import sys

from cpp_text import ROOT, blank, code_of, finish, name, read, sources

ROOM = re.compile(r"^room\((\w+)\s+FOLDER\s+(\S+)([^)]*)\)", re.MULTILINE)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
# The library prints nothing, ends nothing and reads no environment: that is for programs.
FORBIDDEN = re.compile(
    r"\b(?:(?:_?[eE]xit|quick_exit|abort|v?f?printf|puts|putchar|(?:secure_)?getenv|setenv)\s*\("
    r"|std::(?:cout|cerr|clog|terminate)\b|fmt::print\b|stdout\b|stderr\b)"
)
SUBSTRATES = {"dnnl": "kernels/cpu", "mlx": "kernels/mlx", "openvino": "kernels/openvino"}
PUBLIC_SYSTEM_HEADER = re.compile(r"^[a-z_]+(\.h)?$")
NETWORKS = "models"  # its folders are papers of their own and do not know each other


def rooms():
    """Folder → folders it may include from: its own, and all that is below."""
    uses, folders = {}, {}
    for room, folder, rest in ROOM.findall(read(ROOT / "src/CMakeLists.txt")):
        words = re.search(r"USES\s+([^A-Z]*)", rest)
        uses[room] = words.group(1).split() if words else []
        folders[room] = folder

    def below(room):
        return {room}.union(*(below(lower) for lower in uses[room]))

    return {folders[room]: {folders[lower] for lower in below(room)} for room in folders}


def room_of(path, allowed):
    """The room a path inside src/ belongs to, or None."""
    return max((room for room in allowed if path.startswith(room + "/")), key=len, default=None)


def includes(text):
    without_comments = blank(text, {"comment"})
    for match in INCLUDE.finditer(without_comments):
        yield without_comments.count("\n", 0, match.start()) + 1, match.group(1), match.group(2)


def direction_problem(here, target, room, allowed):
    """Why a file of src/ may not include `target`, or nothing."""
    if ".." in target.split("/"):
        return "includes by a path that climbs; say it from src/"
    if target.startswith("nightingale/"):
        return None
    there = room_of(target, allowed)
    if there is None:
        return None if (ROOT / "src" / here).parent.joinpath(target).exists() else "is in no room"
    if there not in allowed[room]:
        return f"is above or beside: {room} uses {', '.join(sorted(allowed[room] - {room})) or 'nothing'}"
    mine, its = here.split("/"), target.split("/")
    if room == there == NETWORKS and len(mine) > 2 and len(its) > 2 and mine[1] != its[1]:
        return f"is another network: {mine[1]} must not know {its[1]}"
    return None


def check_room_file(path, allowed):
    text, here = read(path), path.relative_to(ROOT / "src").as_posix()
    room = room_of(here, allowed)
    if room is None:
        yield f"{name(path)}: is in no room of src/CMakeLists.txt"
        return
    for line, quote, target in includes(text):
        reason = direction_problem(here, target, room, allowed) if quote == '"' else None
        if reason:
            yield f'{name(path)}:{line}: "{target}" {reason}'
    for line, code in enumerate(code_of(text).split("\n"), 1):
        for word, home in SUBSTRATES.items():
            if re.search(rf"\b{word}\w*(::|\.hpp|/)", code) and not here.startswith(home + "/"):
                yield f"{name(path)}:{line}: {word} is spoken in src/{home} only"


def check_words(path):
    for line, code in enumerate(code_of(read(path)).split("\n"), 1):
        found = FORBIDDEN.search(code)
        if found:
            yield f"{name(path)}:{line}: {found.group().strip('(')} has no place below app/"


def check_public_header(path):
    for line, quote, target in includes(read(path)):
        if quote == '"' and not target.startswith("nightingale/"):
            yield f'{name(path)}:{line}: a public header includes only "nightingale/…", not "{target}"'
        if quote == "<" and not PUBLIC_SYSTEM_HEADER.match(target):
            yield f"{name(path)}:{line}: a public header includes only the standard library, not <{target}>"


def check_app_file(path):
    for line, quote, target in includes(read(path)):
        mine = (ROOT / "app" / target).exists() or (path.parent / target).exists()
        if quote == '"' and not target.startswith("nightingale/") and not mine:
            yield f'{name(path)}:{line}: app/ knows the library by "nightingale/…" only, not "{target}"'


def main():
    allowed = rooms()
    problems = []
    for path in sources("src"):
        problems += [*check_room_file(path, allowed), *check_words(path)]
    for path in sources("include"):
        problems += [*check_public_header(path), *check_words(path)]
    for path in sources("app"):
        problems += check_app_file(path)
    return finish(problems, f"{len(allowed)} rooms, every include points down")


if __name__ == "__main__":
    sys.exit(main())
