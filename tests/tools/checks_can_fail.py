"""The checks of tools/ can fail: each is run on a small tree with one planted fault and must name it.

A tree is a copy of tools/ and of src/CMakeLists.txt, and files of a line or two.
"""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# tool, file, its text, what must be said ("" when nothing is wrong)
CASES = [
    ("check_rooms", "src/ops/a.cpp", '#include "layers/linear.hpp"', 'src/ops/a.cpp:1: "layers/linear.hpp" is above or beside'),
    ("check_rooms", "src/text/a.cpp", '#include "tensor/axes.hpp"', "is above or beside: text uses base"),
    ("check_rooms", "src/ops/a.cpp", '#include "tensor/axes.hpp"\n#include "ops/rules.hpp"', ""),
    ("check_rooms", "src/ops/a.cpp", '// #include "layers/linear.hpp"', ""),
    ("check_rooms", "src/ops/a.cpp", '#include "../layers/linear.hpp"', "a path that climbs"),
    ("check_rooms", "src/attic/a.cpp", "int a;", "in no room"),
    ("check_rooms", "src/models/flow/a.cpp", '#include "models/t3/facts.hpp"', "flow must not know t3"),
    ("check_rooms", "src/models/flow/a.cpp", '#include "models/lengths.hpp"', ""),
    ("check_rooms", "src/ops/a.cpp", "#include <dnnl.hpp>", "dnnl is spoken in src/kernels/cpu only"),
    ("check_rooms", "src/kernels/cpu/a.cpp", "#include <dnnl.hpp>\ndnnl::memory m;", ""),
    ("check_rooms", "src/base/a.cpp", "void f() { std::exit(1); }", "exit has no place below app/"),
    ("check_rooms", "src/base/a.cpp", 'void f() { printf("x"); }', "printf has no place below app/"),
    ("check_rooms", "src/base/a.cpp", "void f() { std::cerr << 1; }", "std::cerr has no place below app/"),
    ("check_rooms", "src/base/a.cpp", 'auto home = std::getenv("HOME");', "getenv has no place below app/"),
    ("check_rooms", "src/base/a.cpp", 'auto s = "exit(1), printf()";  // abort()', ""),
    ("check_rooms", "include/nightingale/a.hpp", '#include "tensor/axes.hpp"', 'a public header includes only "nightingale/…"'),
    ("check_rooms", "include/nightingale/a.hpp", "#include <fmt/core.h>", "only the standard library"),
    ("check_rooms", "app/cli/a.cpp", '#include "synthesis/engine.hpp"', 'app/ knows the library by "nightingale/…" only'),
    ("glossary", "src/base/a.cpp", "int max_spk_count;", "max_spk_count: spk is called speaker here"),
    ("glossary", "src/base/a.cpp", "int promptFeat;", "promptFeat: feat is called mel here"),
    ("glossary", "src/base/a.cpp", "// the soul of it", "soul is called voice here"),
    ("glossary", "src/base/a.cpp", 'bind("spk_embed");  // upstream spk_embed_affine_layer', ""),
    ("glossary", "src/base/a.cpp", "std::vector<float> wav;", "a signal is samples"),
    ("code_shape", "src/base/a.cpp", "\n" * 401, "401 lines, more than 400"),
    ("code_shape", "src/base/a.cpp", "namespace n {\nvoid f(int a) {\n" + "a();\n" * 80 + "}\n}", "src/base/a.cpp:2: a function of 82 lines"),
    ("code_shape", "src/base/a.cpp", "class C {\n" + "int member;\n" * 90 + "};\nvoid f() {\n}", ""),
    ("check_format", "src/base/a.cpp", "int  a ;\n", "src/base/a.cpp: python3 tools/check_format.py --fix"),
]


def run(tool, file, text):
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        shutil.copytree(ROOT / "tools", tree / "tools", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / ".clang-format", tree)
        planted = tree / file
        planted.parent.mkdir(parents=True, exist_ok=True)
        planted.write_text(text, encoding="utf-8")
        (tree / "src").mkdir(exist_ok=True)
        shutil.copy(ROOT / "src/CMakeLists.txt", tree / "src")
        return subprocess.run([sys.executable, tree / "tools" / f"{tool}.py"], capture_output=True, text=True, check=False)


def main():
    failures = 0
    for tool, file, text, expected in CASES:
        if tool == "check_format" and not shutil.which("clang-format-14"):
            continue
        result = run(tool, file, text)
        as_expected = result.returncode == 1 and expected in result.stdout if expected else result.returncode == 0
        if not as_expected:
            failures += 1
            print(f"{tool} on {file} with {text[:60]!r}:\n  expected {expected or 'no problem'!r}\n  "
                  f"said {result.stdout}{result.stderr}")
    print(f"{len(CASES)} planted trees, {failures} judged wrong")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
