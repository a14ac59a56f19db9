#include "cli/spoken_json.hpp"

#include <nlohmann/json.hpp>

namespace nightingale::cli {

namespace {

using Json = nlohmann::ordered_json;

Json json_of(std::int64_t value) {
  return value;
}
Json json_of(double value) {
  return value;
}
Json json_of(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

template <typename AnyRequest>
std::string json_text(Json out, const AnyRequest& request, const Audio& audio, double time) {
  visit_fields(request, [&out](const Field& field, const auto& value) {
    out[std::string(field.name)] = json_of(value);
  });
  out["time"] = time;
  out["stages"] = Json::array();
  for (const StageTime& stage : audio.times) {
    out["stages"].push_back({{"stage", stage.stage}, {"seconds", stage.seconds}, {"made", stage.made}});
  }
  out["tokens"] = audio.tokens;
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json head_of(const Audio& audio, const std::string& output, double seconds) {
  return {{"output", output},
          {"seconds", seconds},
          {"sample_rate", sample_rate},
          {"whole", audio.whole},
          {"watermarked", audio.watermarked}};
}

}  // namespace

double seconds_of(const Audio& audio) {
  for (const StageTime& stage : audio.times) {
    if (stage.stage == "samples") return static_cast<double>(stage.made) / sample_rate;
  }
  return audio.seconds();
}

std::string spoken_json(const Request& request, const Audio& audio, const std::string& output, double time) {
  Json head = head_of(audio, output, audio.seconds());
  head["cut"] = audio.cut;
  head["language"] = request.language;
  return json_text(std::move(head), request, audio, time);
}

std::string converted_json(const ConvertRequest& request, const Audio& audio, const std::string& output,
                           double time) {
  return json_text(head_of(audio, output, seconds_of(audio)), request, audio, time);
}

}  // namespace nightingale::cli
