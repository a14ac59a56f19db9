#include "api/bench_bake.hpp"

#include <algorithm>
#include <chrono>

#include "voice/bake.hpp"
#include "voice/baking.hpp"

namespace nightingale {

namespace {

using Clock = std::chrono::steady_clock;

// Cuts the time into parts: each ends where the next begins.
class Laps {
 public:
  void end(const std::string& part) {
    const Clock::time_point now = Clock::now();
    const std::chrono::duration<double> lap = now - last_;
    last_ = now;
    const auto same = std::find_if(parts_.begin(), parts_.end(),
                                   [&](const BenchPart& before) { return before.part == part; });
    if (same == parts_.end()) {
      parts_.push_back({part, lap.count()});
    } else {
      same->seconds += lap.count();
    }
  }

  double total() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  const std::vector<BenchPart>& parts() const { return parts_; }

 private:
  Clock::time_point start_ = Clock::now(), last_ = start_;
  std::vector<BenchPart> parts_;
};

}  // namespace

BenchStage time_bake(const Bakery& bakery, const std::string& recording) {
  Laps laps;
  BakeOptions options;
  options.progress = [&laps](const Progress&) {
    laps.end("doctor");  // who listens block by block before anything is baked
    return Going::on;
  };
  const auto arrays_of = [&](std::span<const float> samples_24k) {
    laps.end(bake_parts.front());  // decoded once more, at 24 kHz
    return bake_arrays(*bakery.substrate, bakery.networks, samples_24k,
                       [&laps](std::string_view, std::int64_t done, std::int64_t) {
                         laps.end(bake_parts.at(static_cast<std::size_t>(done)));
                       });
  };
  const BakedVoice baked =
      bake_recording(recording, options, std::string(name_of(bakery.folder.language)), arrays_of);
  const VoiceArrays& arrays = baked.voice.arrays;
  return {.stage = "bake",
          .seconds = laps.total(),
          .tokens = static_cast<std::int64_t>(arrays.prompt.size() + arrays.condition_prompt.size()),
          .parts = laps.parts()};
}

}  // namespace nightingale
