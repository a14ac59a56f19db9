// nightingale bench MODEL [--against pytorch]: the stages timed, ours and PyTorch's runs in turn.
#include <fmt/core.h>

#include <memory>

#include "cli/bench_report.hpp"
#include "cli/input.hpp"
#include "cli/machine.hpp"
#include "cli/pytorch_side.hpp"
#include "cli/say.hpp"
#include "cli/verbs.hpp"

namespace nightingale::cli {

namespace {

struct Given {
  std::string model, voice, against, python = "python3";
  std::vector<std::string> stages;
  int threads = 0, runs = 3;
  bool json = false;
};

using Side = std::unique_ptr<PytorchSide>;  // null when nobody runs against us

Result<Side> start_other(const Given& given) {
  if (given.against.empty()) return Side();
  const Result<std::string> voice = find_voice(given.voice, given.model);
  if (!voice.ok()) return voice.error();
  return PytorchSide::start({given.python, given.model, voice.value(), given.threads});
}

void tell_progress(int run, const Given& given, const std::string& stage) {
  if (on_terminal()) fmt::print(stderr, "\r\033[Krun {} of {}: {}", run, given.runs, stage);
}

// One run of each side; the first of ours is not counted: it fills the caches.
Result<Done> measure(const Bench& bench, PytorchSide* other, StageRuns& stage, BenchReport& report) {
  const Result<BenchStage> ours = bench.run(stage.stage);
  if (!ours.ok()) return ours.error();
  stage.tokens = ours->tokens;
  stage.ours.push_back(ours->seconds);
  report.our_memory = peak_memory();
  if (other == nullptr) return Done{};
  const Result<TheirRun> theirs = other->run(stage.stage, stage.tokens);
  if (!theirs.ok()) return theirs.error();
  stage.theirs.push_back(theirs->seconds);
  report.their_memory = std::max(report.their_memory, theirs->peak_memory);
  return Done{};
}

Result<BenchReport> measure_all(const Given& given, const Bench& bench, PytorchSide* other) {
  BenchReport report{processor_name(), given.threads, {}, 0, 0};
  for (const std::string& name : given.stages) {
    if (const auto warm = bench.run(name); !warm.ok()) return warm.error();
    report.stages.push_back({name, 0, {}, {}});
  }
  for (int run = 1; run <= given.runs; ++run) {
    for (StageRuns& stage : report.stages) {
      tell_progress(run, given, stage.stage);
      const Result<Done> measured = measure(bench, other, stage, report);
      if (!measured.ok()) return measured.error();
    }
  }
  if (on_terminal()) fmt::print(stderr, "\r\033[K");
  return report;
}

int bench(Given& given) {
  if (given.threads == 0) given.threads = processor_count();
  if (given.stages.empty()) given.stages = Bench::stages();
  const Result<Bench> opened = Bench::open(given.model, given.threads);
  if (!opened.ok()) return complain(opened.error());
  const Result<Side> other = start_other(given);
  if (!other.ok()) return complain(other.error());
  const Result<BenchReport> report = measure_all(given, opened.value(), other.value().get());
  if (!report.ok()) return complain(report.error());
  return print(given.json ? report->json() : report->text()) ? done
                                                             : complain("the output cannot be written");
}

}  // namespace

void add_bench(CLI::App& program, int& status) {
  const auto given = std::make_shared<Given>();
  CLI::App* verb = program.add_subcommand("bench", "Time the stages of a model");
  verb->add_option("model", given->model, "Model folder")->type_name("MODEL")->required();
  verb->add_option("--against", given->against, "pytorch: upstream's implementation, in turn with ours")
      ->check(CLI::IsMember({"pytorch"}).description(""))
      ->type_name("NAME");
  verb->add_option("--python", given->python, "A Python with chatterbox-tts")
      ->type_name("PATH")
      ->capture_default_str();
  verb->add_option("--voice", given->voice, "Voice for PyTorch (default: the model's own)")
      ->type_name("PATH");
  verb->add_option("--stage", given->stages, "tokens, mel or samples (default: all)")->type_name("NAME");
  verb->add_option("--runs", given->runs, "Runs of each stage")
      ->check(CLI::Range(1, 1000).description(""))
      ->type_name("N")
      ->capture_default_str();
  verb->add_option("--threads", given->threads, "Threads; 0 is one for each core")->type_name("N");
  verb->add_flag("--json", given->json, "Print one JSON object");
  verb->callback([given, &status] { status = bench(*given); });
}

}  // namespace nightingale::cli
