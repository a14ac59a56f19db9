// The program's verbs, one file each: a function that adds its command to the parser and, when that command
// was given, leaves the exit status in `status`.
#pragma once

#include <CLI/CLI.hpp>

namespace nightingale::cli {

// docs/cli.md lists them.
enum Status { done = 0, at_fault = 1, wrong_usage = 2, interrupted = 130 };

void add_speak(CLI::App& program, int& status);
void add_voice(CLI::App& program, int& status);
void add_voice_bake(CLI::App& voice, int& status);
void add_voice_show(CLI::App& voice, int& status);
void add_convert(CLI::App& program, int& status);
void add_voice_compare(CLI::App& voice, int& status);
void add_inspect(CLI::App& program, int& status);
void add_verify(CLI::App& program, int& status);
void add_explain(CLI::App& program, int& status);
void add_detect(CLI::App& program, int& status);
void add_bench(CLI::App& program, int& status);
void add_quantize(CLI::App& program, int& status);
void add_version(CLI::App& program, int& status);
void add_later(CLI::App& program, int& status);  // verbs that are not built yet

}  // namespace nightingale::cli
