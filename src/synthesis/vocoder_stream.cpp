#include "synthesis/vocoder_stream.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "models/lengths.hpp"

namespace nightingale {

namespace {

constexpr std::int64_t context = 20;  // frames; the generator's layers reach 15, those of the pitch 5
constexpr auto harmonics = static_cast<std::size_t>(hift::harmonics);
constexpr auto samples_per_frame = static_cast<std::size_t>(hift::samples_per_frame);

const Axis one{"batch", 1};
const Axis harmonic{"harmonic", hift::harmonics};

std::int64_t bands() {
  return lengths::mel.size.number();
}

void drop(std::vector<float>& numbers, std::int64_t count) {
  numbers.erase(numbers.begin(), numbers.begin() + count);
}

}  // namespace

VocoderStream::VocoderStream(Ops& op, const hift::Hift& hift, Random& random, std::int64_t chunk)
    : VocoderStream(op, hift, random, chunk, chunk) {}

VocoderStream::VocoderStream(Ops& op, const hift::Hift& hift, Random& random, std::int64_t chunk,
                             std::int64_t least)
    : op_(op),
      hift_(hift),
      random_(random),
      chunk_(chunk),
      least_(least),
      start_(harmonics) {
  constexpr float pi = std::numbers::pi_v<float>;
  random_.uniform(start_, -pi, pi);
  start_.front() = 0;
}

std::int64_t VocoderStream::frames() const {
  return static_cast<std::int64_t>(mel_.size()) / bands();
}

std::vector<float> VocoderStream::push(std::span<const float> mel) {
  mel_.insert(mel_.end(), mel.begin(), mel.end());
  std::vector<float> out;
  for (;;) {
    const std::int64_t settled = frames() - before_ - context;
    if (settled < least_) return out;
    emit(std::min(settled, chunk_), context, out);
  }
}

std::vector<float> VocoderStream::finish() {
  std::vector<float> out;
  if (const std::int64_t rest = frames() - before_; rest > 0) emit(rest, 0, out);
  return out;
}

// The pitch of the frames that came out before is known better than a network can tell that does not see what
// is before them.
std::vector<float> VocoderStream::pitch_of(const Tensor& mel) const {
  std::vector<float> pitch = op_.read(hift_.pitch(op_, mel));
  std::copy_n(pitch_.begin(), before_, pitch.begin());
  return pitch;
}

Tensor VocoderStream::phase() const {
  std::vector<float> phase(start_);
  for (std::size_t h = 0; h < harmonics; ++h) {
    const double turned = turns_ * static_cast<double>(h + 1);
    phase[h] += static_cast<float>(2 * std::numbers::pi * (turned - std::floor(turned)));
  }
  return op_.write({one, harmonic}, phase);
}

// `count` frames come out, with `behind` frames of context that do not yet.
void VocoderStream::emit(std::int64_t count, std::int64_t behind, std::vector<float>& out) {
  const std::int64_t all = before_ + count + behind, samples = all * hift::samples_per_frame;
  const std::size_t noise = static_cast<std::size_t>(samples) * harmonics;
  if (noise_.size() < noise) {
    std::vector<float> more(noise - noise_.size());
    random_.normal(more);
    noise_.insert(noise_.end(), more.begin(), more.end());
  }
  const auto numbers = std::span(mel_).first(static_cast<std::size_t>(all * bands()));
  const Tensor mel = op_.write({one, {"frame", all}, lengths::mel}, numbers);
  const std::vector<float> pitch = pitch_of(mel);
  const hift::SourceNoise random{
      phase(), op_.write({one, {"sample", samples}, harmonic}, std::span(noise_).first(noise))};
  const Tensor source = hift_.source(op_, op_.write({one, {"frame", all}}, pitch), random);
  const std::vector<float> audio = op_.read(hift_.generate(op_, mel, source));
  const auto first = audio.begin() + before_ * hift::samples_per_frame;
  out.insert(out.end(), first, first + count * hift::samples_per_frame);
  forget(pitch, count);
  op_.pool()->trim();
}

// What lies further back than the next chunk's context.
void VocoderStream::forget(const std::vector<float>& pitch, std::int64_t count) {
  const std::int64_t done = before_ + count, dropped = std::max<std::int64_t>(0, done - context);
  for (std::int64_t frame = 0; frame < dropped; ++frame) {
    turns_ +=
        static_cast<double>(pitch[static_cast<std::size_t>(frame)]) * samples_per_frame / hift::sample_rate;
  }
  turns_ -= std::floor(turns_);
  pitch_.assign(pitch.begin() + dropped, pitch.begin() + done);
  drop(mel_, dropped * bands());
  drop(noise_, dropped * hift::samples_per_frame * hift::harmonics);
  before_ = done - dropped;
}

}  // namespace nightingale
