// nightingale speak TEXT… -o FILE: text in, an audio file out.
#include <fmt/core.h>
#include <chrono>
#include <memory>

#include "cli/fields.hpp"
#include "cli/input.hpp"
#include "cli/interrupt.hpp"
#include "cli/models.hpp"
#include "cli/precisions.hpp"
#include "cli/profiles.hpp"
#include "cli/progress_bar.hpp"
#include "cli/say.hpp"
#include "cli/spoken_json.hpp"
#include "cli/target.hpp"
#include "cli/verbs.hpp"
#include "cli/voices.hpp"
#include "cli/wave_pipe.hpp"

namespace nightingale::cli {

namespace {

struct Given {
  std::vector<std::string> words;
  std::string input, model, voice;
  Target target{"speech.wav", {}};
  Request request;
  EngineOptions options;
  bool quiet = false, json = false, no_cache = false, stream = false;
};

// The samples go to the output as they come, until nobody reads it any more.
Result<Audio> stream(const Given& given, const Engine& engine, const Voice& voice) {
  WavePipe pipe;
  Request request = given.request;
  request.progress = [&](const Progress& progress) {
    const Going going = given.request.progress(progress);
    return pipe.state().ok() ? going : Going::stop;
  };
  Result<Audio> audio = engine.stream(request, voice, [&](auto samples) { pipe.write(samples); });
  if (const Result<Done> written = pipe.state(); !written.ok()) return written.error();
  return audio;
}

Result<Audio> say(Given& given, const Engine& engine, const Voice& voice) {
  ProgressBar bar(on_terminal() && !given.quiet);
  hold_interrupt();
  given.request.progress = [&bar](const Progress& progress) {
    bar.update(progress);
    return interrupt_came() ? Going::finish : Going::on;
  };
  return given.stream ? stream(given, engine, voice) : engine.speak(given.request, voice);
}

void tell_cut(const Audio& audio) {
  if (audio.cut == 0) return;
  tell_findings({{"cut", Finding::Severity::warning,
                  fmt::format("{} of {} pieces of the text reached the longest that one may be before the "
                              "end, and was cut off there",
                              audio.cut, audio.tokens.size()),
                  "try another --seed, shorter sentences or a larger --max-seconds"}});
}

void tell(const Given& given, const Audio& audio, double seconds) {
  if (given.json) print(spoken_json(given.request, audio, given.target.output, seconds));
  if (given.quiet || !on_terminal()) return;
  tell_cut(audio);
  if (given.json || given.target.to_pipe()) return;
  fmt::print(stderr, "{}: {:.1f} s of speech in {:.1f} s, {:.1f}× real time\n", given.target.output,
             audio.seconds(), seconds, audio.seconds() / seconds);
}

int finish(const Given& given, const Audio& audio, double seconds) {
  const double spoken = seconds_of(audio);
  if (spoken == 0) return complain({ErrorCode::cancelled, "stopped before anything was spoken", {}, {}});
  if (!given.stream) {
    const Result<Done> delivered = given.target.deliver(audio);
    if (!delivered.ok()) return complain(delivered.error());
  }
  tell(given, audio, seconds);
  if (audio.whole) return done;
  const std::string kept = fmt::format("stopped; the first {:.1f} s are in {}", spoken, given.target.name());
  return complain({ErrorCode::cancelled, kept, {}, {}});
}

// Only a pipe is read while it is written, and only WAV can begin before its length is known.
void check_stream(const Target& target) {
  if (!target.to_pipe()) throw CLI::RequiresError("--stream", "-o -");
  if (target.format.empty() || target.format == "wav") return;
  throw CLI::ValidationError("--stream", "writes wav, not " + target.format);
}

int speak(Given& given) {
  listen_for_interrupt();
  Result<std::string> text = read_text(given.words, given.input);
  if (!text.ok()) return complain(text.error());
  given.request.text = *text;
  given.options.language = given.request.language;
  if (const auto checked = check_request(given.request); !checked.ok()) return complain(checked.error());
  if (const auto checked = given.target.check(); !checked.ok()) return complain(checked.error());
  const Result<std::string> model = find_model(given.model, given.quiet);
  if (!model.ok()) return complain(model.error());
  const Result<std::string> path = find_voice(given.voice, model.value());
  if (!path.ok()) return complain(path.error());
  const Result<Voice> voice =
      open_voice({path.value(), model.value(), given.options, !given.no_cache, given.quiet});
  if (!voice.ok()) return complain(voice.error());
  const Result<Engine> engine = Engine::open(model.value(), given.options);
  if (!engine.ok()) return complain(engine.error());
  if (on_terminal() && !given.quiet) tell_findings(engine->check_voice(voice.value()));

  const auto start = std::chrono::steady_clock::now();
  const Result<Audio> audio = say(given, engine.value(), voice.value());
  if (!audio.ok()) return complain(audio.error());
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  return finish(given, audio.value(), seconds.count());
}

}  // namespace

void add_speak(CLI::App& program, int& status) {
  const auto given = std::make_shared<Given>();
  CLI::App* verb = program.add_subcommand("speak", "Speak a text with a voice");
  CLI::Option* words =
      verb->add_option("text", given->words, "The text; - reads the standard input")->type_name("TEXT…");
  verb->add_option("-i,--input", given->input, "Read the text from a file")
      ->type_name("FILE")
      ->excludes(words);
  CLI::Option* output =
      verb->add_option("-o,--output", given->target.output, "Where to write; - is the standard output")
          ->type_name("FILE")
          ->capture_default_str();
  verb->add_option("--model", given->model,
                   "Model folder, or the name of one that ships (default: fledgling)")
      ->type_name("MODEL");
  verb->add_option("--voice", given->voice,
                   "Voice file, baked folder, conds.pt, a recording, or the name of a voice of the model "
                   "(default: its own)")
      ->type_name("VOICE");
  verb->add_option("--language", given->request.language, "Language of the text, for a multilingual model")
      ->type_name("ID");
  verb->add_option("--format", given->target.format,
                   "wav, wav-float, flac, ogg, opus or mp3 (default: by the file's ending)")
      ->type_name("NAME");
  verb->add_flag("--stream", given->stream, "Write WAV to the output while it is spoken: -o - --stream");
  verb->add_option("--threads", given->options.threads, "Threads; 0 is one for each core")->type_name("N");
  add_precisions(*verb, given->options.precisions);
  verb->add_flag_callback(
      "--no-watermark", [given] { given->options.watermark = false; }, "Leave the inaudible watermark out");
  verb->add_flag("--no-cache", given->no_cache, "Bake a recording anew, and keep nothing of it");
  verb->add_flag("--quiet", given->quiet, "No progress bar");
  verb->add_flag("--json", given->json, "Print one JSON object: timings, tokens, seed");
  add_fields(*verb, given->request);
  add_profile(*verb, given->options.precisions, given->request);
  verb->callback([given, output, &status] {
    if (given->json && given->target.to_pipe()) throw CLI::ExcludesError("--json", output->get_name());
    if (given->stream) check_stream(given->target);
    status = speak(*given);
  });
}

}  // namespace nightingale::cli
