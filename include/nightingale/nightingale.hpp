// Nightingale: text in, a cloned voice speaking it out, on your own machine.
//
//   #include <nightingale/nightingale.hpp>
//   using namespace nightingale;
//
//   auto engine = Engine::open("chatterbox");             // a folder with upstream's own files
//   auto voice = Voice::open("anna.voice");               // a voice file, a baked folder or conds.pt
//   auto audio = engine->speak({.text = "Hello world."}, *voice);
//   write_audio(*audio, "hello.wav");
//
// Every call that can fail returns a Result; nothing is thrown, printed or read from the environment. Opening
// a model binds every tensor, proves that all stages fit for every length, and takes seconds; speaking takes
// as long as the text.
//
// Threads: an Engine and a Voice are constant after opening and cheap to copy; copies share the model. Any
// number of threads may use them at once: all state of a request (random numbers, cache, lengths) is its own.
// Requests that run at the same time write their speech tokens together, one pass over the weights for all;
// the rest of each runs in parallel, with as many threads as the engine was opened with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nightingale/error.hpp"
#include "nightingale/export.h"
#include "nightingale/precision.hpp"
#include "nightingale/request.hpp"
#include "nightingale/voice.hpp"

namespace nightingale {

inline constexpr int sample_rate = 24000;  // Hz, of everything that is spoken

NIGHTINGALE_EXPORT std::string version();

class Model;

// Which T3 to take from a folder that holds several.
enum class Variant {
  automatic,  // the English one when the language is English and it is there, else the multilingual one
  english,
  multilingual,
};

enum class Substrate {
  cpu,        // float32, fast
  reference,  // double precision by plain loops: slow, the definition of every operation
};

struct EngineOptions {
  int threads = 0;  // 0: one for each core
  Variant variant = Variant::automatic;
  std::string language = {};  // the language that will be spoken; decides an automatic variant
  Substrate substrate = Substrate::cpu;
  Precisions precisions = {};          // f32 is exact, fewer bits are faster
  bool watermark = true;               // marks everything that is spoken, as upstream does
  std::string watermark_weights = {};  // the watermark's network; "": the perth.safetensors that ships
};

// How long a stage took, in seconds, and what it made.
struct StageTime {
  std::string stage;  // "tokens", "mel", "samples", and "watermark" when there is one
  double seconds = 0;
  std::int64_t made = 0;  // tokens, frames, samples, samples
};

struct Audio {
  std::vector<float> samples;                     // mono, 24 kHz, within ±1
  std::vector<std::vector<std::int32_t>> tokens;  // the speech tokens of each piece of the text
  std::vector<StageTime> times;
  double first_seconds = 0;  // of speaking: until the first samples came
  std::int64_t cut = 0;  // pieces that were cut off: they reached the longest a piece may be, not their end
  bool whole = true;     // false when the request's progress let it end early
  bool watermarked = false;  // a machine that knows the watermark hears that a machine spoke
  double seconds() const { return static_cast<double>(samples.size()) / sample_rate; }
};

// An array without names, as another program would hold it: sizes in storage order, C order.
struct Array {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

// The inputs of the flow's decoder, to drive it from another program: x and mu [1, 2·(prompt + speech), 80],
// speaker [1, 80], and prompt_mel like mu, the voice's mel and zeros behind it.
struct DecoderInput {
  Array x, mu, speaker, prompt_mel;
  double time = 0;  // of the schedule, 0 to 1
  double guidance = 0.7;
  std::int64_t prompt = 0, speech = 0;  // in tokens
};

class NIGHTINGALE_EXPORT Engine {
 public:
  // `model` is a folder with upstream's files: a T3 (t3_cfg.safetensors or t3_mtl23ls_….safetensors),
  // s3gen.safetensors and the tokenizer. Errors: model_missing (also the watermark's network), model_mismatch
  // (every fault in one report), file_invalid, option_invalid, unsupported, memory.
  static Result<Engine> open(const std::string& model, const EngineOptions& options = {});

  // Speaks the request's text. Errors: text_invalid, option_invalid, cancelled, unsupported, memory.
  Result<Audio> speak(const Request& request, const Voice& voice) const;

  // The same, handing the samples on as they come: the first before the text's first piece is written to its
  // end. They differ a little from those of `speak`; `Audio::samples` stays empty. What the sink throws ends
  // the request. Errors: as speak.
  Result<Audio> stream(const Request& request, const Voice& voice, const SampleSink& sink) const;

  // One guided velocity of the flow's decoder: [1, frame, 80]. Arrays that do not belong together are refused
  // before any arithmetic, with the whole story. Errors: shape_mismatch, option_invalid.
  Result<Array> decode_step(const DecoderInput& input) const;

  // What may sound worse than it could when this voice is spoken with here: it was made for another T3, or
  // has a longer prompt than this one was trained with. Nothing of it prevents speaking.
  std::vector<Finding> check_voice(const Voice& voice) const;

  // The formulas that the proof run has shown, one line each; the last is "audio = [batch, 480·out_frame]".
  std::vector<std::string> proof() const;

 private:
  explicit Engine(std::shared_ptr<const Model> model)
      : model_(std::move(model)) {}
  std::shared_ptr<const Model> model_;
};

// Writes a model folder again with its matrices in few bits, so that they need not be rounded at every start:
// T3's file and, with precisions.flow, the flow's in a form that is used where it is mapped, all other files
// as they are. Errors: option_invalid (nothing is to be rounded, the folder holds files), model_missing,
// model_mismatch, file_invalid (it has been rounded before), output_failed.
NIGHTINGALE_EXPORT Result<Done> quantize(const std::string& model, const std::string& folder,
                                         const Precisions& precisions, Variant variant = Variant::automatic);

struct Bakery;

// Makes voices of recordings. Constant after opening and cheap to copy, like an Engine.
class NIGHTINGALE_EXPORT Baker {
 public:
  // `model` is a folder with upstream's files, of which ve.safetensors and s3gen.safetensors are read.
  // Errors: as Engine::open.
  static Result<Baker> open(const std::string& model, const EngineOptions& options = {});

  // Listens to a recording (any file that libsndfile reads, any rate, any number of channels), says what is
  // wrong with it, picks the best 10 s of a longer one and makes a voice of them. Errors: audio_invalid,
  // cancelled, memory.
  Result<Baked> bake(const std::string& recording, const BakeOptions& options = {}) const;

  // A name for what `bake` would make, for caches: it changes with the recording's content, the model's
  // files, the version and every option. Needs no opened model. Errors: model_missing, audio_invalid.
  static Result<std::string> key(const std::string& model, const std::string& recording,
                                 const BakeOptions& options = {});

 private:
  explicit Baker(std::shared_ptr<const Bakery> bakery)
      : bakery_(std::move(bakery)) {}
  std::shared_ptr<const Bakery> bakery_;
};

class ConversionModel;

// Says what a recording says in another voice. Constant after opening and cheap to copy, like an Engine.
class NIGHTINGALE_EXPORT Converter {
 public:
  // `model` is a folder with upstream's files, of which s3gen.safetensors is read. Errors: as Engine::open.
  static Result<Converter> open(const std::string& model, const EngineOptions& options = {});

  // Any file that libsndfile reads. Up to 30 s are converted as upstream does; more in windows that join
  // without a seam. Errors: audio_invalid, option_invalid, cancelled, memory.
  Result<Audio> convert(const std::string& recording, const Voice& voice,
                        const ConvertRequest& request = {}) const;

  // The same into a file, in memory that does not grow with the recording: `Audio::samples` stays empty.
  // `format` as in write_audio. Errors: and output_failed.
  Result<Audio> convert_to_file(const std::string& recording, const Voice& voice, const std::string& path,
                                const std::string& format = {}, const ConvertRequest& request = {}) const;

 private:
  explicit Converter(std::shared_ptr<const ConversionModel> model)
      : model_(std::move(model)) {}
  std::shared_ptr<const ConversionModel> model_;
};

// How alike two voices are to the voice encoder, the network that tells T3 who speaks.
struct Likeness {
  double similarity = 0;  // the cosine between the embeddings; 1 is the same
  std::vector<float> embedding_a, embedding_b;
};

// Each of the two is a recording (as it is: at most its first ten minutes, nothing chosen) or a voice, whose
// embedding was made when it was baked. Of the folder `model` only ve.safetensors is read, and only for a
// recording. Errors: audio_invalid, voice_invalid, model_missing, model_mismatch, file_invalid,
// option_invalid.
NIGHTINGALE_EXPORT Result<Likeness> compare_voices(const std::string& a, const std::string& b,
                                                   const std::string& model,
                                                   const EngineOptions& options = {});

// What can be told of a request without a model: its text and its fields. Errors: text_invalid,
// option_invalid.
NIGHTINGALE_EXPORT Result<Done> check_request(const Request& request);

// Writes "wav" (16 bit), "wav-float", "flac", "ogg" (Vorbis), "opus" or "mp3", by `format` or else by the
// ending of `path`. The file appears when it is whole. Errors: option_invalid (no such format),
// output_failed.
NIGHTINGALE_EXPORT Result<Done> write_audio(const Audio& audio, const std::string& path,
                                            const std::string& format = {});

// Whether `write_audio` could write there now, or with an empty path whether there is such a format: to be
// asked before long work. Errors: as there.
NIGHTINGALE_EXPORT Result<Done> check_output(const std::string& path, const std::string& format = {});

// The same file in memory, for a pipe or a socket. Errors: option_invalid.
NIGHTINGALE_EXPORT Result<std::vector<std::byte>> encode_audio(const Audio& audio, const std::string& format);

// What ships with Nightingale, by its name ("perth.safetensors", "models/fledgling"): in the folder of the
// library or of the program, in share/nightingale of the folder above it or of the one above that, or in the
// source tree. "" when it is not there.
NIGHTINGALE_EXPORT std::string find_shipped(const std::string& name);

class Watermark;

// Whether a sound carries the watermark.
struct Detection {
  bool found = false;     // confidence > 0.5
  double confidence = 0;  // 0 to 1
  double seconds = 0;     // of sound
};

// The watermark without a model: puts it into samples and finds it again. Speaking does so by itself.
class NIGHTINGALE_EXPORT Watermarker {
 public:
  // Of the options, threads, substrate and watermark_weights count. Errors: model_missing, model_mismatch,
  // file_invalid, option_invalid, memory.
  static Result<Watermarker> open(const EngineOptions& options = {});

  // As many mono samples, marked; rate 8000 to 192000 Hz. Errors: audio_invalid (a sample that is no number),
  // option_invalid, memory.
  Result<std::vector<float>> mark(const std::vector<float>& samples, int rate) const;

  // Errors: as above, and audio_invalid when there is no sample.
  Result<Detection> detect(const std::vector<float>& samples, int rate) const;

  // The same for a recording (WAV, FLAC, Ogg, Opus, MP3, …), all channels in one. Of more than ten minutes,
  // pieces of five or more are heard one by one, and the surest counts. Errors: audio_invalid, memory.
  Result<Detection> detect(const std::string& path) const;

 private:
  explicit Watermarker(std::shared_ptr<const Watermark> watermark)
      : watermark_(std::move(watermark)) {}
  std::shared_ptr<const Watermark> watermark_;
};

// A diagnosis as text for people and as JSON for programs.
struct Report {
  bool ok = true;  // nothing differs, nothing is wrong
  std::string text;
  std::string json;
};

// What a model folder, a checkpoint file or a manifest holds: solved sizes, the tree of weights, signatures.
NIGHTINGALE_EXPORT Result<Report> inspect(const std::string& path);

// Runs every step on the arrays that another implementation computed, and compares. Without a `voice` the
// folder `voice` beside the reference is taken, when there is one.
NIGHTINGALE_EXPORT Result<Report> verify(const std::string& model, const std::string& reference,
                                         const std::string& voice = {}, const EngineOptions& options = {});

// What is known of anonymous shapes.
struct ExplainHints {
  std::optional<std::int64_t> prompt = {}, speech = {}, text = {};  // in tokens
  std::optional<std::int64_t> prompt_frame = {};                    // rows of the voice's mel
  std::string reference = {};                                       // a reference folder, which knows them
};

// Which named axes fit anonymous shapes ("(1,80,64)", or a whole error message), and what went wrong between
// them. Errors: option_invalid, file_invalid.
NIGHTINGALE_EXPORT Result<Report> explain(const std::vector<std::string>& shapes,
                                          const ExplainHints& hints = {});

struct BenchPart {
  std::string part;
  double seconds = 0;
};

// One stage of a model, timed: "bake" on a recording, the others on random input: a 10 s prompt and 5 s of
// speech.
struct BenchStage {
  std::string stage;        // "tokens", "together" (four texts' tokens), "mel", "samples", "bake"
  double seconds = 0;       // of one run; of "tokens" the decoding alone
  std::int64_t tokens = 0;  // speech tokens that were decoded, that the stage was given or that it heard
  double bytes = 0;         // of the decoding: of weights that had to be read
  std::int64_t texts = 1;   // that were decoded together
  // Of "bake": "doctor", "resample" (decoding included), "voice_encoder", "x_vector", "tokens", "mel".
  std::vector<BenchPart> parts = {};
};

// What the machine does at most with so many threads, measured in half a second: reading memory, and
// multiply-adds from registers (two operations each) in three types; 0 where the processor has no instruction
// for one.
struct MachineLimits {
  double read_bytes = 0, f32 = 0, bf16 = 0, int8 = 0;  // a second
};
NIGHTINGALE_EXPORT MachineLimits measure_limits(int threads);

// Holds a model to time its stages one by one, so that another program's runs can alternate with ours.
class NIGHTINGALE_EXPORT Bench {
 public:
  // Opens what these stages need; none: all stages that the folder has the networks for, which are those of
  // speaking and, beside the networks that listen, "bake". Errors: as Engine::open.
  // Of the options, threads and precisions count.
  static Result<Bench> open(const std::string& model, const EngineOptions& options = {},
                            const std::vector<std::string>& stages = {});
  static std::vector<std::string> stages();                           // all there are
  const std::vector<std::string>& opened() const { return stages_; }  // those that can run
  // `recording` is what "bake" bakes. Errors: option_invalid (no such stage, or it was not opened),
  // audio_invalid, memory.
  Result<BenchStage> run(const std::string& stage, const std::string& recording = {}) const;

  // Runs each opened stage once and tells when each of its operations ran: JSON for any viewer of traces.
  Result<std::string> timeline(const std::string& recording = {}) const;

 private:
  Bench() = default;
  std::shared_ptr<const Model> model_;
  std::shared_ptr<const Bakery> bakery_;
  std::vector<std::string> stages_;
};

}  // namespace nightingale
