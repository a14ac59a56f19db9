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

}  // namespace

std::string spoken_json(const Request& request, const Audio& audio, const std::string& output, double time) {
  Json out{{"output", output},     {"seconds", audio.seconds()},       {"sample_rate", sample_rate},
           {"whole", audio.whole}, {"watermarked", audio.watermarked}, {"language", request.language}};
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

}  // namespace nightingale::cli
