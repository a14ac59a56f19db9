#include "voice/bake.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "audio/fbank.hpp"
#include "audio/mel.hpp"
#include "audio/resample.hpp"
#include "audio/speech_mel.hpp"
#include "audio/trim.hpp"
#include "base/failure.hpp"
#include "models/campplus/facts.hpp"
#include "models/lengths.hpp"
#include "models/speech_tokenizer/facts.hpp"
#include "models/t3/facts.hpp"
#include "models/voice_encoder/facts.hpp"

namespace nightingale {

namespace {

constexpr std::size_t condition_samples = 96000;  // tts.py ENC_COND_LEN, 6 s at 16 kHz
constexpr std::size_t prompt_samples = 240000;    // tts.py DEC_COND_LEN, 10 s at 24 kHz
constexpr float neutral_emotion = 0.5F;           // tts.py prepare_conditionals(exaggeration=0.5)
constexpr std::size_t fewest_samples = 2400;      // ours, 0.1 s: every mel has a frame, every mean two
constexpr std::int64_t parts = bake_parts.size() - 1;

const Axis one{"batch", 1};

template <typename Number>
std::span<const Number> first_of(std::span<const Number> numbers, std::size_t most) {
  return numbers.first(std::min(numbers.size(), most));
}

Axis rows(Name name, std::size_t numbers, std::int64_t width) {
  return {name, static_cast<std::int64_t>(numbers) / width};
}

void report(const BakeProgress& progress, std::string_view stage, std::int64_t done) {
  if (progress) progress(stage, done, parts);
}

void require_samples(const Clip& clip) {
  if (clip.samples_24k.size() >= fewest_samples) return;
  fail(ErrorCode::audio_invalid,
       fmt::format("the recording is {:.3f} s long, too short to be heard by the networks",
                   static_cast<double>(clip.samples_24k.size()) / clip_rate),
       "give at least 0.1 s; a voice needs 5 s or more to sound like someone");
}

}  // namespace

std::vector<float> speaker_of(Ops& op, const voice_encoder::VoiceEncoder& network,
                              std::span<const float> samples_16k) {
  using namespace voice_encoder;
  const SampleRange heard = trim_silence(samples_16k, trim_decibels);
  std::vector<float> mel = voice_encoder_mel(samples_16k.subspan(heard.first, heard.last - heard.first));
  const Partials partials = partials_of(static_cast<std::int64_t>(mel.size()) / mel_bands);
  mel.resize(static_cast<std::size_t>(partials.frames() * mel_bands), 0.0F);
  std::vector<float> all;
  for (std::int64_t partial = 0; partial < partials.count; ++partial) {
    const auto begin = mel.begin() + partial * partials.step * mel_bands;
    all.insert(all.end(), begin, begin + partial_frames * mel_bands);
  }
  const Tensor in =
      op.write({{"batch", partials.count}, {"frame", partial_frames}, {"mel", mel_bands}}, all).from("voice");
  return op.read(VoiceEncoder::average(op, network.embed(op, in)));
}

std::vector<float> flow_speaker_of(Ops& op, const campplus::Campplus& network,
                                   std::span<const float> samples_16k) {
  std::vector<float> fbank = kaldi_fbank(samples_16k);
  subtract_mean(fbank, fbank_bands);
  const Axis frame = rows("frame", fbank.size(), campplus::bands);
  return op.read(network.forward(op, op.write({one, frame, {"band", campplus::bands}}, fbank).from("voice")));
}

SpeechTokens speech_tokens_of(Ops& op, const speech_tokenizer::SpeechTokenizer& network,
                              std::span<const float> samples_16k, std::int64_t most,
                              const BakeProgress& progress) {
  using namespace speech_tokenizer;
  const std::vector<float> mel = tokenizer_mel(samples_16k);
  std::int64_t frames = static_cast<std::int64_t>(mel.size()) / mel_bands;
  if (most > 0) frames = std::min(frames, most * frames_per_token);
  SpeechTokens found;
  for (const Window& window : windows_of(frames)) {
    const auto part = std::span(mel).subspan(static_cast<std::size_t>(window.first_frame * mel_bands),
                                             static_cast<std::size_t>(window.frames * mel_bands));
    append_tokens(op, network, part, window, found);
    if (progress) progress("tokens", window.first_frame + window.frames, frames);
  }
  return found;
}

void append_tokens(Ops& op, const speech_tokenizer::SpeechTokenizer& network, std::span<const float> mel,
                   const speech_tokenizer::Window& window, SpeechTokens& to) {
  using namespace speech_tokenizer;
  const Tensor in = op.write({one, {"frame", window.frames}, {"mel", mel_bands}}, mel).from("voice");
  const std::vector<float> numbers = op.read(network.forward(op, in));
  const auto kept = std::span(numbers).subspan(static_cast<std::size_t>(window.first_token * digits),
                                               static_cast<std::size_t>(window.tokens * digits));
  const std::vector<std::int32_t> tokens = tokens_of(kept);
  const std::vector<float> margins = margins_of(kept);
  to.tokens.insert(to.tokens.end(), tokens.begin(), tokens.end());
  to.margins.insert(to.margins.end(), margins.begin(), margins.end());
  op.pool()->trim();
}

BakedSteps bake_steps(Ops& op, const BakingNetworks& networks, const Clip& clip,
                      const BakeProgress& progress) {
  require_samples(clip);
  const auto prompt_24k = first_of(clip.samples_24k, prompt_samples);
  const std::vector<float> prompt_16k = resample_sinc(prompt_24k, clip_rate, listening_rate);
  BakedSteps baked;
  VoiceArrays& voice = baked.arrays;
  voice.emotion = neutral_emotion;
  report(progress, "speaker", 0);
  voice.speaker = speaker_of(op, networks.voice_encoder(), clip.samples_16k);
  report(progress, "speaker", 1);
  voice.flow_speaker = flow_speaker_of(op, networks.campplus(), prompt_16k);
  report(progress, "speaker", 2);
  baked.condition_prompt = speech_tokens_of(
      op, networks.speech_tokenizer(), first_of(clip.samples_16k, condition_samples), t3::longest_prompt);
  report(progress, "tokens", 3);
  baked.prompt = speech_tokens_of(op, networks.speech_tokenizer(), prompt_16k);
  report(progress, "tokens", 4);
  voice.prompt_mel = mel_24k(prompt_24k);
  voice.prompt_frames = static_cast<std::int64_t>(voice.prompt_mel.size()) / lengths::mel.size.number();
  // A clip that is no whole number of tokens has a token more than its mel has room for: upstream drops it.
  const auto most = static_cast<std::size_t>(voice.prompt_frames / 2);
  if (baked.prompt.tokens.size() > most) {
    baked.prompt.tokens.resize(most);
    baked.prompt.margins.resize(most);
  }
  voice.condition_prompt = baked.condition_prompt.tokens;
  voice.prompt = baked.prompt.tokens;
  report(progress, "mel", parts);
  return baked;
}

VoiceArrays bake_arrays(Ops& op, const BakingNetworks& networks, std::span<const float> samples_24k,
                        const BakeProgress& progress) {
  const std::vector<float> samples_16k = resample_soxr(samples_24k, clip_rate, listening_rate);
  return bake_steps(op, networks, {samples_24k, samples_16k}, progress).arrays;
}

}  // namespace nightingale
