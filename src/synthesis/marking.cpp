#include "synthesis/marking.hpp"

#include <algorithm>

#include "models/hift/facts.hpp"
#include "synthesis/stopwatch.hpp"

namespace nightingale {

namespace {

constexpr int rate = static_cast<int>(hift::sample_rate);
constexpr std::size_t block = std::size_t{60} * rate;
constexpr std::size_t context = rate / 2;        // further than network, transform and resampler reach
constexpr std::size_t least_context = rate / 5;  // as far as they reach

}  // namespace

Marking::Marking(const Watermark* watermark, SampleSink sink, Pace pace)
    : watermark_(watermark),
      sink_(std::move(sink)),
      least_(pace == Pace::early ? 1 : block),
      behind_(pace == Pace::early ? least_context : context) {}

void Marking::push(std::span<const float> samples) {
  if (watermark_ == nullptr) return deliver(samples);
  held_.insert(held_.end(), samples.begin(), samples.end());
  while (held_.size() >= before_ + least_ + behind_) {
    mark(std::min(block, held_.size() - before_ - behind_), behind_);
  }
}

void Marking::finish() {
  if (watermark_ != nullptr && held_.size() > before_) mark(held_.size() - before_, 0);
}

// `count` samples come out; `behind` of those after them are seen too.
void Marking::mark(std::size_t count, std::size_t behind) {
  std::vector<float> marked;
  {
    const Stopwatch watch(seconds_);
    marked = watermark_->mark(std::span(held_).first(before_ + count + behind), rate);
    for (float& sample : marked) sample = std::clamp(sample, -1.0F, 1.0F);
  }
  deliver(std::span(marked).subspan(before_, count));
  const std::size_t done = before_ + count, kept = std::min(context, done);
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(done - kept));
  before_ = kept;
}

void Marking::deliver(std::span<const float> samples) {
  delivered_ += static_cast<std::int64_t>(samples.size());
  if (!samples.empty()) sink_(samples);
}

}  // namespace nightingale
