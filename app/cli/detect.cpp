// nightingale detect FILE: whether a recording carries the watermark.
#include <fmt/core.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/say.hpp"
#include "cli/verbs.hpp"

namespace nightingale::cli {

namespace {

struct Given {
  std::string path;
  EngineOptions options;
  bool json = false;
};

int detect(const Given& given) {
  const Result<Watermarker> watermarker = Watermarker::open(given.options);
  if (!watermarker.ok()) return complain(watermarker.error());
  const Result<Detection> detection = watermarker->detect(given.path);
  if (!detection.ok()) return complain(detection.error());
  const nlohmann::ordered_json object{
      {"found", detection->found}, {"confidence", detection->confidence}, {"seconds", detection->seconds}};
  const std::string text = fmt::format(
      "{} (confidence {:.2f})", detection->found ? "watermark found" : "no watermark", detection->confidence);
  if (!print(given.json ? object.dump() : text)) return complain("the output cannot be written");
  return detection->found ? done : at_fault;
}

}  // namespace

void add_detect(CLI::App& program, int& status) {
  const auto given = std::make_shared<Given>();
  CLI::App* verb = program.add_subcommand("detect", "Say whether a recording carries the watermark");
  verb->add_option("file", given->path, "WAV, FLAC, Ogg, Opus, MP3, …")->type_name("FILE")->required();
  verb->add_option("--threads", given->options.threads, "Threads; 0 is one for each core")->type_name("N");
  verb->add_flag("--json", given->json, "Print one JSON object");
  verb->callback([given, &status] { status = detect(*given); });
}

}  // namespace nightingale::cli
