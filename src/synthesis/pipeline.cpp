#include "synthesis/pipeline.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>

#include "base/failure.hpp"
#include "models/lengths.hpp"
#include "models/t3/facts.hpp"
#include "synthesis/inputs.hpp"
#include "synthesis/piece_stream.hpp"
#include "synthesis/pieces.hpp"
#include "synthesis/renderer.hpp"
#include "synthesis/speech.hpp"
#include "synthesis/stopwatch.hpp"

namespace nightingale {

namespace {

constexpr double samples_per_token = 960;
using lengths::tokens_per_second;

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

SpeechOptions speech_options(const Request& request) {
  return {.sampling = {.guidance = static_cast<float>(request.guidance),
                       .temperature = static_cast<float>(request.temperature),
                       .min_p = static_cast<float>(request.min_p),
                       .top_p = static_cast<float>(request.top_p),
                       .repetition_penalty = static_cast<float>(request.repetition_penalty)},
          .most_tokens = static_cast<std::int64_t>(std::ceil(request.max_seconds * tokens_per_second))};
}

// A piece of the text. Its draws are those of a request for this piece alone, whose seed is one more than
// that of the piece before: so it says the same whoever it is written together with.
struct Piece {
  std::vector<std::int32_t> ids;
  std::uint32_t seed;
  Random random;
  std::optional<Sequence> sequence = {};  // once it has begun

  bool ended() const { return sequence && sequence->ended(); }
  std::size_t tokens() const { return sequence ? sequence->tokens().size() : 0; }
};

// One request on its way through the pipeline.
class Speaking {
 public:
  Speaking(const Model& model, const VoiceArrays& voice, const Request& request, const SampleSink& sink,
           Sounding sounding)
      : model_(model),
        op_(model.ops()),
        request_(request),
        streams_(sounding == Sounding::stream),
        options_(speech_options(request)),
        voice_(with_prompt(voice, request.prompt_seconds)),
        render_(renderer()),
        marking_(model.watermark(), noting(sink),
                 streams_ ? Marking::Pace::early : Marking::Pace::whole_minutes) {
    const auto emotion = static_cast<float>(request.exaggeration.value_or(voice.emotion));
    opening_ = model.openings().of(op_, model.t3(), voice, emotion);
    auto seed = static_cast<std::uint32_t>(request.seed);
    const Positions held{model.t3().most_text(), model.t3().most_speech()};
    for (auto& ids : pieces_of(request, model.tokenizer(), held)) {
      pieces_.push_back({std::move(ids), seed, Random(seed)});
      ++seed;
    }
  }

  Spoken run() {
    for (; piece_ < pieces_.size() && spoken_.whole; ++piece_) {
      Piece& piece = pieces_[piece_];
      piece_samples_ = 0;
      if (streams_) stream_.emplace(render_, ~piece.seed, spoken_.mel_seconds, spoken_.sample_seconds);
      write();
      if (spoken_.whole && !piece.sequence->stopped()) ++spoken_.cut;
      spoken_.tokens.push_back(sound_tokens(piece.sequence->tokens()));
      streams_ ? sound_so_far(true) : sound(piece);
    }
    marking_.finish();
    spoken_.samples = marking_.samples();
    spoken_.watermark_seconds = marking_.seconds();
    spoken_.watermarked = model_.watermark() != nullptr && spoken_.samples > 0;
    if (spoken_.samples == 0 && spoken_.whole) {
      fail(ErrorCode::text_invalid, "the model ended without saying anything",
           "try another seed, or a longer text");
    }
    return std::move(spoken_);
  }

 private:
  // Writes until the next piece to sound has ended, and those behind it in the same passes. Each round begins
  // one more piece while there is room, or takes all that have begun one token further.
  void write() {
    while (spoken_.whole && !pieces_[piece_].ended()) {
      write_round();
      report("tokens", static_cast<std::int64_t>(pieces_[piece_].tokens()), 0);
      if (streams_) sound_so_far(false);
    }
  }

  void write_round() {
    const Stopwatch watch(spoken_.token_seconds);
    if (begun_ < pieces_.size() && together_.size() < room()) {
      Piece& piece = pieces_[begun_++];
      piece.sequence.emplace(op_, model_.t3(), *opening_, piece.ids, options_, piece.random);
      together_.push_back(&*piece.sequence);
    } else {
      model_.decoder().write_on(together_);
    }
    std::erase_if(together_, [](const Sequence* sequence) { return sequence->ended(); });
  }

  // How many pieces are written together. One, until the first of a stream is heard.
  std::size_t room() const {
    if (streams_ && delivered_ == 0) return 1;
    return static_cast<std::size_t>(Sequence::most_together(options_.sampling));
  }

  void sound_so_far(bool whole) {
    const std::vector<std::int32_t>& drawn = pieces_[piece_].sequence->tokens();
    if (!whole && !stream_->due(static_cast<std::int64_t>(drawn.size()))) return;
    std::vector<float> samples = stream_->push(sound_tokens(drawn), whole);
    op_.pool()->trim();
    if (whole) drop_last_token(spoken_.tokens.back().size(), samples);
    if (piece_samples_ == 0) fade_in(samples);
    deliver(samples);
  }

  void sound(Piece& piece) {
    const std::vector<std::int32_t>& tokens = spoken_.tokens.back();
    if (tokens.empty()) return;
    // The stages' tensors differ in size: what one leaves behind is of no use to the next.
    op_.pool()->trim();
    const Tensor mel = draw_mel(tokens, piece.random);
    op_.pool()->trim();
    std::vector<float> samples = draw_samples(mel, tokens.size(), piece.random);
    op_.pool()->trim();
    drop_last_token(tokens.size(), samples);
    fade_in(samples);
    deliver(samples);
  }

  // The multilingual model's last token tends to be noise: upstream cuts it off.
  void drop_last_token(std::size_t tokens, std::vector<float>& samples) const {
    if (!model_.multilingual() || tokens < 2) return;
    const std::size_t kept = static_cast<std::size_t>(samples_per_token) * (tokens - 1);
    samples.resize(std::min(samples.size(), kept - static_cast<std::size_t>(piece_samples_)));
  }

  void deliver(std::span<const float> samples) {
    piece_samples_ += static_cast<std::int64_t>(samples.size());
    delivered_ += static_cast<std::int64_t>(samples.size());
    marking_.push(samples);
    report("samples", piece_samples_, streams_ ? 0 : piece_samples_);
  }

  Tensor draw_mel(const std::vector<std::int32_t>& tokens, Random& random) {
    const Stopwatch watch(spoken_.mel_seconds);
    const std::int64_t frames = render_.frames_of(static_cast<std::int64_t>(tokens.size()));
    return render_.mel(tokens, draw_mel_noise(op_, frames, random));
  }

  std::vector<float> draw_samples(const Tensor& mel, std::size_t tokens, Random& random) {
    const Stopwatch watch(spoken_.sample_seconds);
    return render_.samples(mel, static_cast<std::int64_t>(tokens), random);
  }

  Renderer renderer() {
    return {op_,
            model_.flow(),
            model_.hift(),
            voice_,
            static_cast<int>(request_.steps),
            unseen_tokens_of(voice_, request_.unconditioned_prompt_seconds),
            [this](int step, int steps) { report("mel", step, steps); }};
  }

  void report(std::string_view stage, std::int64_t done, std::int64_t of) {
    if (!request_.progress) return;
    std::size_t tokens = 0;  // of this piece and those behind it
    for (std::size_t piece = piece_; piece < begun_; ++piece) tokens += pieces_[piece].tokens();
    const double seconds =
        static_cast<double>(delivered_ - piece_samples_) / (tokens_per_second * samples_per_token) +
        static_cast<double>(tokens) / tokens_per_second;
    const Going going = request_.progress(
        {stage, done, of, seconds, static_cast<int>(piece_), static_cast<int>(pieces_.size())});
    if (going == Going::stop) fail(ErrorCode::cancelled, "stopped while speaking");
    if (going == Going::finish) spoken_.whole = false;
  }

  // Hands samples on, and notes when the first ones came.
  SampleSink noting(const SampleSink& sink) {
    return [this, &sink](std::span<const float> samples) {
      if (spoken_.first_seconds == 0) spoken_.first_seconds = seconds_since(start_);
      sink(samples);
    };
  }

  const Clock::time_point start_ = Clock::now();
  const Model& model_;
  Ops& op_;
  const Request& request_;
  const bool streams_;
  const SpeechOptions options_;
  const VoiceArrays voice_;
  const Renderer render_;
  Spoken spoken_;
  Marking marking_;
  std::shared_ptr<t3::Opening> opening_;
  std::vector<Piece> pieces_;
  std::size_t piece_ = 0, begun_ = 0;  // the next to sound, the next to begin
  std::vector<Sequence*> together_;    // that are being written
  std::optional<PieceStream> stream_;  // of the next to sound
  std::int64_t delivered_ = 0, piece_samples_ = 0;
};

}  // namespace

Spoken speak(const Model& model, const VoiceArrays& voice, const Request& request, const SampleSink& sink,
             Sounding sounding) {
  check_fields(request);
  return Speaking(model, voice, request, sink, sounding).run();
}

}  // namespace nightingale
