// nightingale bench MODEL [--against pytorch]: the stages timed, ours and PyTorch's runs in turn.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>

#include "cli/bench_bake.hpp"
#include "cli/bench_report.hpp"
#include "cli/machine.hpp"
#include "cli/models.hpp"
#include "cli/precisions.hpp"
#include "cli/pytorch_side.hpp"
#include "cli/say.hpp"
#include "cli/verbs.hpp"

namespace nightingale::cli {

namespace {

constexpr const char* cold = "cold";  // a stage of this program, not of the library

struct Given {
  std::string model, voice, against, python = "python3", recording, trace;
  std::vector<std::string> stages;
  int threads = 0, runs = 3;
  Precisions precisions;
  bool json = false;

  bool wants(const std::string& stage) const {
    return std::find(stages.begin(), stages.end(), stage) != stages.end();
  }
};

using Side = std::unique_ptr<PytorchSide>;  // null when nobody runs against us

// Both sides, opened for the stages that are not cold.
struct Sides {
  std::optional<Bench> ours;
  Side theirs;
};

std::vector<std::string> their_stages(std::vector<std::string> stages) {
  std::replace(stages.begin(), stages.end(), std::string("together"), std::string("tokens"));
  return stages;
}

Result<Side> start_other(const Given& given, const std::vector<std::string>& stages) {
  PytorchSide::Options options{.python = given.python,
                               .model = given.model,
                               .stages = their_stages(stages),
                               .voice = {},
                               .recording = given.recording,
                               .threads = given.threads};
  const bool speaks =
      std::any_of(stages.begin(), stages.end(), [](const std::string& stage) { return stage != "bake"; });
  if (speaks) {
    const Result<std::string> voice = find_voice(given.voice, given.model);
    if (!voice.ok()) return voice.error();
    options.voice = voice.value();
  }
  return PytorchSide::start(options);
}

void tell_progress(int run, const Given& given, const std::string& stage) {
  if (on_terminal()) fmt::print(stderr, "\r\033[Krun {} of {}: {}", run, given.runs, stage);
}

// They decode one text at a time: what we do together takes them as often as long.
Result<TheirRun> their_run(PytorchSide& side, const StageRuns& stage) {
  if (stage.texts == 1) return side.run(stage.stage, stage.tokens);
  Result<TheirRun> run = side.run("tokens", stage.tokens / stage.texts);
  if (run.ok()) run->seconds *= static_cast<double>(stage.texts);
  return run;
}

// One run of each side.
Result<Done> measure(const Sides& sides, const Given& given, StageRuns& stage, BenchReport& report) {
  const Result<BenchStage> ours = sides.ours->run(stage.stage, given.recording);
  if (!ours.ok()) return ours.error();
  stage.tokens = ours->tokens;
  stage.bytes = ours->bytes;
  stage.texts = ours->texts;
  stage.ours.push_back(ours->seconds);
  for (const BenchPart& part : ours->parts) stage.part(part.part).ours.push_back(part.seconds);
  report.our_memory = peak_memory();
  if (!sides.theirs) return Done{};
  const Result<TheirRun> theirs = their_run(*sides.theirs, stage);
  if (!theirs.ok()) return theirs.error();
  stage.theirs.push_back(theirs->seconds);
  for (const auto& [part, seconds] : theirs->parts) stage.part(part).theirs.push_back(seconds);
  report.their_memory = std::max(report.their_memory, theirs->peak_memory);
  return Done{};
}

// The whole program baking, against a Python that starts, imports, loads and bakes once.
Result<Done> measure_cold(const Given& given, StageRuns& stage) {
  const Result<double> ours = time_program(given.model, given.recording, given.threads);
  if (!ours.ok()) return ours.error();
  stage.ours.push_back(ours.value());
  if (given.against.empty()) return Done{};
  const auto start = std::chrono::steady_clock::now();
  const Result<Side> theirs = start_other(given, {"bake"});
  if (!theirs.ok()) return theirs.error();
  stage.theirs.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return Done{};
}

// The first run of each side is not counted: it fills the caches.
Result<BenchReport> measure_all(const Given& given, const Sides& sides) {
  BenchReport report;
  report.processor = processor_name();
  report.threads = given.threads;
  for (const std::string& name : given.stages) {
    if (name != cold) {
      if (const auto warm = sides.ours->run(name, given.recording); !warm.ok()) return warm.error();
    }
    report.stages.emplace_back().stage = name;
  }
  for (int run = 1; run <= given.runs; ++run) {
    for (StageRuns& stage : report.stages) {
      tell_progress(run, given, stage.stage);
      const Result<Done> measured =
          stage.stage == cold ? measure_cold(given, stage) : measure(sides, given, stage, report);
      if (!measured.ok()) return measured.error();
    }
  }
  if (on_terminal()) fmt::print(stderr, "\r\033[K");
  if (sides.ours) report.limits = measure_limits(given.threads);
  return report;
}

// Opens our side, and theirs once it is known which stages there are.
Result<Sides> open_sides(Given& given) {
  Sides sides;
  std::vector<std::string> warm;
  for (const std::string& stage : given.stages) {
    if (stage != cold) warm.push_back(stage);
  }
  if (given.stages.empty() || !warm.empty()) {
    Result<Bench> opened =
        Bench::open(given.model, {.threads = given.threads, .precisions = given.precisions}, warm);
    if (!opened.ok()) return opened.error();
    if (given.stages.empty()) given.stages = warm = opened->opened();
    sides.ours = std::move(opened.value());
  }
  if (given.against.empty() || warm.empty()) return sides;
  Result<Side> theirs = start_other(given, warm);
  if (!theirs.ok()) return theirs.error();
  sides.theirs = std::move(theirs.value());
  return sides;
}

// One more run of each stage, as a timeline.
Result<Done> write_trace(const Given& given, const Sides& sides) {
  if (given.trace.empty() || !sides.ours) return Done{};
  const Result<std::string> timeline = sides.ours->timeline(given.recording);
  if (!timeline.ok()) return timeline.error();
  const std::string beside = given.trace + ".part";
  std::ofstream file(beside, std::ios::binary);
  file << timeline.value() << std::flush;
  std::error_code failed;
  if (file) std::filesystem::rename(beside, given.trace, failed);
  if (file && !failed) return Done{};
  return Error{ErrorCode::output_failed, given.trace + " cannot be written", {}, "give another file"};
}

int bench(Given& given) {
  const Result<std::string> model = find_model(given.model);
  if (!model.ok()) return complain(model.error());
  given.model = model.value();
  if (given.threads == 0) given.threads = processor_count();
  DrawnRecording drawn;
  const bool bakes = given.stages.empty() || given.wants("bake") || given.wants(cold);
  if (bakes && given.recording.empty()) {
    Result<DrawnRecording> written = DrawnRecording::write();
    if (!written.ok()) return complain(written.error());
    drawn = std::move(written.value());
    given.recording = drawn.path();
  }
  const Result<Sides> sides = open_sides(given);
  if (!sides.ok()) return complain(sides.error());
  const Result<BenchReport> report = measure_all(given, sides.value());
  if (!report.ok()) return complain(report.error());
  if (const auto traced = write_trace(given, sides.value()); !traced.ok()) return complain(traced.error());
  return print(given.json ? report->json() : report->text()) ? done
                                                             : complain("the output cannot be written");
}

}  // namespace

void add_bench(CLI::App& program, int& status) {
  const auto given = std::make_shared<Given>();
  CLI::App* verb = program.add_subcommand("bench", "Time the stages of a model");
  verb->add_option("model", given->model, "Model folder, or the name of one that ships")
      ->type_name("MODEL")
      ->required();
  verb->add_option("--against", given->against, "pytorch: upstream's implementation, in turn with ours")
      ->check(CLI::IsMember({"pytorch"}).description(""))
      ->type_name("NAME");
  verb->add_option("--python", given->python, "A Python with chatterbox-tts")
      ->type_name("PATH")
      ->capture_default_str();
  verb->add_option("--voice", given->voice, "Voice for PyTorch (default: the model's own)")
      ->type_name("VOICE");
  verb->add_option("--stage", given->stages,
                   "tokens, together (of four texts), mel, samples, bake or cold: the whole program, baking "
                   "(default: all that the model holds, but not cold)")
      ->type_name("NAME");
  verb->add_option("--recording", given->recording, "What is baked (default: 10 s of drawn sound)")
      ->type_name("FILE");
  verb->add_option("--runs", given->runs, "Runs of each stage")
      ->check(CLI::Range(1, 1000).description(""))
      ->type_name("N")
      ->capture_default_str();
  verb->add_option("--threads", given->threads, "Threads; 0 is one for each core")->type_name("N");
  add_precisions(*verb, given->precisions);
  verb->add_option("--trace", given->trace,
                   "Write when each operation of one more run was, for a viewer of traces (Perfetto, "
                   "chrome://tracing)")
      ->type_name("FILE");
  verb->add_flag("--json", given->json, "Print one JSON object");
  verb->callback([given, &status] { status = bench(*given); });
}

}  // namespace nightingale::cli
