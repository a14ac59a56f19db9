// nightingale convert RECORDING --voice anna.voice -o FILE: a recording in another voice.
#include <fmt/core.h>
#include <chrono>
#include <memory>

#include "cli/fields.hpp"
#include "cli/interrupt.hpp"
#include "cli/models.hpp"
#include "cli/say.hpp"
#include "cli/spoken_json.hpp"
#include "cli/stage_bar.hpp"
#include "cli/target.hpp"
#include "cli/verbs.hpp"
#include "cli/voices.hpp"

namespace nightingale::cli {

namespace {

struct Given {
  std::string recording, model, voice;
  Target target{"converted.wav", {}};
  ConvertRequest request;
  EngineOptions options;
  bool quiet = false, json = false, no_cache = false;
};

// A pipe gets all at once, a file what is ready.
Result<Audio> convert(Given& given, const Converter& converter, const Voice& voice) {
  StageBar bar(on_terminal() && !given.quiet);
  hold_interrupt();
  given.request.progress = [&bar](const Progress& progress) {
    bar.update(progress);
    return interrupt_came() ? Going::finish : Going::on;
  };
  if (!given.target.to_pipe()) {
    return converter.convert_to_file(given.recording, voice, given.target.output, given.target.format,
                                     given.request);
  }
  Result<Audio> audio = converter.convert(given.recording, voice, given.request);
  if (!audio.ok()) return audio;
  const Result<Done> delivered = given.target.deliver(audio.value());
  if (!delivered.ok()) return delivered.error();
  return audio;
}

int tell(const Given& given, const Audio& audio, double time) {
  const double seconds = seconds_of(audio);
  if (given.json) {
    print(converted_json(given.request, audio, given.target.output, time));
  } else if (!given.quiet && !given.target.to_pipe() && on_terminal()) {
    fmt::print(stderr, "{}: {:.1f} s of speech in {:.1f} s, {:.1f}× real time\n", given.target.output,
               seconds, time, seconds / time);
  }
  if (audio.whole) return done;
  return complain({ErrorCode::cancelled,
                   fmt::format("stopped; the first {:.1f} s are in {}", seconds, given.target.name()),
                   {},
                   {}});
}

int run_convert(Given& given) {
  listen_for_interrupt();
  if (const auto checked = given.target.check(); !checked.ok()) return complain(checked.error());
  const Result<std::string> model = find_model(given.model, given.quiet);
  if (!model.ok()) return complain(model.error());
  const Result<std::string> path = find_voice(given.voice, model.value());
  if (!path.ok()) return complain(path.error());
  const Result<Voice> voice =
      open_voice({path.value(), model.value(), given.options, !given.no_cache, given.quiet});
  if (!voice.ok()) return complain(voice.error());
  const Result<Converter> converter = Converter::open(model.value(), given.options);
  if (!converter.ok()) return complain(converter.error());

  const auto start = std::chrono::steady_clock::now();
  const Result<Audio> audio = convert(given, converter.value(), voice.value());
  if (!audio.ok()) return complain(audio.error());
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  return tell(given, audio.value(), time.count());
}

}  // namespace

void add_convert(CLI::App& program, int& status) {
  const auto given = std::make_shared<Given>();
  CLI::App* verb = program.add_subcommand("convert", "Say what a recording says in another voice");
  verb->add_option("recording", given->recording, "Any audio file, of any length")
      ->type_name("RECORDING")
      ->required();
  CLI::Option* output =
      verb->add_option("-o,--output", given->target.output, "Where to write; - is the standard output")
          ->type_name("FILE")
          ->capture_default_str();
  verb->add_option("--voice", given->voice,
                   "Voice file, baked folder, conds.pt, a recording, or the name of a voice of the model "
                   "(default: its own)")
      ->type_name("VOICE");
  verb->add_option("--model", given->model,
                   "Model folder, or the name of one that ships (default: fledgling)")
      ->type_name("MODEL");
  verb->add_option("--format", given->target.format,
                   "wav, wav-float, flac, ogg, opus or mp3 (default: by the file's ending)")
      ->type_name("NAME");
  verb->add_option("--threads", given->options.threads, "Threads; 0 is one for each core")->type_name("N");
  verb->add_flag_callback(
      "--no-watermark", [given] { given->options.watermark = false; }, "Leave the inaudible watermark out");
  verb->add_flag("--no-cache", given->no_cache, "Bake a recorded voice anew, and keep nothing of it");
  verb->add_flag("--quiet", given->quiet, "No progress bar");
  verb->add_flag("--json", given->json, "Print one JSON object: timings, tokens, seed");
  add_fields(*verb, given->request);
  verb->callback([given, output, &status] {
    if (given->json && given->target.to_pipe()) throw CLI::ExcludesError("--json", output->get_name());
    status = run_convert(*given);
  });
}

}  // namespace nightingale::cli
