#include "cli/bench_report.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace nightingale::cli {

namespace {

constexpr double giga = 1e9;

double median(std::vector<double> runs) {
  std::sort(runs.begin(), runs.end());
  const std::size_t middle = runs.size() / 2;
  return runs.size() % 2 == 1 ? runs[middle] : (runs[middle - 1] + runs[middle]) / 2;
}

// The distance between the slowest and the fastest run, as a share of the median.
double spread(const std::vector<double>& runs) {
  const auto [fastest, slowest] = std::minmax_element(runs.begin(), runs.end());
  return (*slowest - *fastest) / median(runs);
}

// `tokens` of the decoding, told as a speed; 0 for other stages.
std::string told(const std::vector<double>& runs, std::int64_t tokens = 0) {
  if (runs.empty()) return "";
  const double seconds = median(runs);
  const std::string amount = tokens > 0
                                 ? fmt::format("{:.1f} tokens/s", static_cast<double>(tokens) / seconds)
                                 : fmt::format("{:.3f} s", seconds);
  return fmt::format("{} ±{:.0f} %", amount, 50 * spread(runs));
}

std::string ratio_of(const std::vector<double>& ours, const std::vector<double>& theirs) {
  return ours.empty() || theirs.empty() ? "" : fmt::format("{:.2f}×", median(theirs) / median(ours));
}

nlohmann::ordered_json json_of(const std::vector<double>& runs) {
  if (runs.empty()) return nullptr;
  return {{"seconds", median(runs)}, {"spread", spread(runs)}, {"runs", runs}};
}

std::string gigabytes(std::int64_t bytes) {
  return bytes == 0 ? "" : fmt::format("{:.2f} GB", static_cast<double>(bytes) / giga);
}

std::string row(const std::string& name, const std::string& ours, const std::string& theirs,
                const std::string& ratio) {
  std::string line = fmt::format("{:15}  {:>22}  {:>22}  {:>6}", name, ours, theirs, ratio);
  return line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

// What was worked on; "cold" is told by its name.
std::string amounts(const std::vector<StageRuns>& stages) {
  const auto any = [&](auto... names) {
    return std::any_of(stages.begin(), stages.end(),
                       [&](const StageRuns& stage) { return ((stage.stage == names) || ...); });
  };
  std::string out;
  if (any("tokens", "together", "mel", "samples")) out += "10 s of prompt, 5 s of speech; ";
  if (any("bake", "cold")) out += "a voice of one recording; ";
  return out;
}

std::string stage_rows(const StageRuns& stage) {
  const bool decodes = stage.stage == "tokens" || stage.stage == "together";
  const std::int64_t tokens = decodes ? stage.tokens : 0;
  std::string out = row(stage.stage, told(stage.ours, tokens), told(stage.theirs, tokens),
                        ratio_of(stage.ours, stage.theirs));
  for (const PartRuns& part : stage.parts) {
    out += row("  " + part.part, told(part.ours), told(part.theirs), ratio_of(part.ours, part.theirs));
  }
  return out;
}

// "this machine reads 32.8 GB/s and multiplies 340 GFLOP/s in f32, 170 in bf16, 1370 in int8"
std::string limits_text(const MachineLimits& limits) {
  if (limits.read_bytes == 0) return {};
  std::string out = fmt::format("this machine reads {:.1f} GB/s and does {:.0f} GFLOP/s in f32",
                                limits.read_bytes / giga, limits.f32 / giga);
  if (limits.bf16 > 0) out += fmt::format(", {:.0f} in bf16", limits.bf16 / giga);
  if (limits.int8 > 0) out += fmt::format(", {:.0f} in int8", limits.int8 / giga);
  return out + "\n";
}

// How near the reading of weights comes to the most that memory gives.
std::string share_text(const StageRuns& stage, const MachineLimits& limits) {
  if (stage.bytes == 0 || limits.read_bytes == 0) return {};
  const double rate = stage.bytes / median(stage.ours);
  return fmt::format("{} read {:.1f} GB/s of weights, {:.0f} % of that\n", stage.stage, rate / giga,
                     100 * rate / limits.read_bytes);
}

}  // namespace

PartRuns& StageRuns::part(const std::string& name) {
  const auto found =
      std::find_if(parts.begin(), parts.end(), [&](const PartRuns& known) { return known.part == name; });
  if (found != parts.end()) return *found;
  parts.push_back({name, {}, {}});
  return parts.back();
}

std::string BenchReport::text() const {
  const bool both = !stages.front().theirs.empty();
  std::string out = fmt::format("{}, {} thread{}; {}median of {} runs\n", processor, threads,
                                threads == 1 ? "" : "s", amounts(stages), stages.front().ours.size());
  out += row("stage", "Nightingale", both ? "PyTorch" : "", both ? "ratio" : "");
  for (const StageRuns& stage : stages) out += stage_rows(stage);
  const std::string ratio =
      their_memory > 0
          ? fmt::format("{:.2f}×", static_cast<double>(their_memory) / static_cast<double>(our_memory))
          : "";
  if (our_memory > 0) out += row("peak memory", gigabytes(our_memory), gigabytes(their_memory), ratio);
  out += limits_text(limits);
  for (const StageRuns& stage : stages) out += share_text(stage, limits);
  out.pop_back();
  return out;
}

std::string BenchReport::json() const {
  nlohmann::ordered_json out{
      {"processor", processor}, {"threads", threads}, {"stages", nlohmann::ordered_json::array()}};
  for (const StageRuns& stage : stages) {
    out["stages"].push_back({{"stage", stage.stage},
                             {"tokens", stage.tokens},
                             {"nightingale", json_of(stage.ours)},
                             {"pytorch", json_of(stage.theirs)}});
    if (stage.bytes > 0) out["stages"].back()["bytes"] = stage.bytes;
    if (!stage.theirs.empty()) out["stages"].back()["ratio"] = median(stage.theirs) / median(stage.ours);
    for (const PartRuns& part : stage.parts) {
      out["stages"].back()["parts"][part.part] = {{"nightingale", json_of(part.ours)},
                                                  {"pytorch", json_of(part.theirs)}};
    }
  }
  if (limits.read_bytes > 0) {
    out["machine"] = {
        {"read_bytes", limits.read_bytes}, {"f32", limits.f32}, {"bf16", limits.bf16}, {"int8", limits.int8}};
  }
  out["peak_memory"] = {{"nightingale", our_memory}};
  if (their_memory > 0) out["peak_memory"]["pytorch"] = their_memory;
  return out.dump(2);
}

}  // namespace nightingale::cli
