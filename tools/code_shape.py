"""Files under 400 lines, functions under 80: fails on what is longer, and prints the shape of the code.

A function is the outermost brace block that follows a parameter list, counted from its opening line to its closing
one; lambdas belong to the function around them. `python3 tools/code_shape.py --table` prints lines by room.
"""
import re
import sys
from collections import Counter

from cpp_text import code_of, finish, name, read, sources

FILE_LINES = 400
FUNCTION_LINES = 80
FOLDERS = ("src", "include", "app", "tests", "bench", "examples")
CONTAINER = re.compile(r"\b(?:namespace|class|struct|union|enum)\b[^()]*$|\bextern\s*\"\s*\"?\s*$")
SIGNATURE = re.compile(r"\)[^;={}]*$|\)\s*(?:const|noexcept|override|->[^;{}]*)*\s*:[^;]*$")


def functions(code):
    """(first line, lines) of every outermost function body of a text without comments and strings."""
    stack = []  # of (is a function, line it begins)
    statement, line, first = "", 1, 1
    for character in code:
        if character == "{":
            inside = any(function for function, _ in stack)
            body = not inside and not CONTAINER.search(statement) and bool(SIGNATURE.search(statement))
            stack.append((body, first))
        elif character == "}" and stack:
            body, start = stack.pop()
            if body:
                yield start, line - start + 1
        if character in "{};":
            statement = ""
        elif statement or not character.isspace():
            first = line if not statement else first
            statement += character
        line += character == "\n"


def main():
    problems, shape = [], Counter()
    for path in sources(*FOLDERS):
        text = read(path)
        lines = text.count("\n")
        shape["/".join(name(path).split("/")[:2])] += lines
        if lines > FILE_LINES:
            problems.append(f"{name(path)}: {lines} lines, more than {FILE_LINES}")
        for start, length in functions(code_of(text)):
            if length > FUNCTION_LINES:
                problems.append(f"{name(path)}:{start}: a function of {length} lines, more than {FUNCTION_LINES}")
    if "--table" in sys.argv:
        for room, lines in sorted(shape.items()):
            print(f"{lines:6} {room}")
    return finish(problems, f"{sum(shape.values())} lines, no file or function too long")


if __name__ == "__main__":
    sys.exit(main())
