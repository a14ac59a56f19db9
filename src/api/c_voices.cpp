// The C API of baking and conversion.
#include "api/c_handles.hpp"

using namespace nightingale;

namespace {

std::string text_of(const char* text) {
  return text == nullptr ? "" : text;
}

BakeOptions bake_options_of(const nightingale_bake_options* theirs) {
  if (theirs == nullptr) return {};
  const nightingale_bake_options all = grown(*theirs, nightingale_bake_options_defaults());
  return {.name = text_of(all.name),
          .language = text_of(all.language),
          .licence = text_of(all.licence),
          .consent = text_of(all.consent),
          .strict = all.strict != 0,
          .as_is = all.as_is != 0,
          .preview = all.preview != 0,
          .progress = listener_of(all.progress, all.user_data)};
}

}  // namespace

nightingale_baker* nightingale_baker_open(const char* model, const nightingale_options* options) {
  const auto open = [&] {
    return new nightingale_baker{unwrap(Baker::open(&given(model, "model"), options_of(options)))};
  };
  return noted(open, nullptr);
}

void nightingale_baker_close(nightingale_baker* baker) {
  delete baker;
}

nightingale_bake_options nightingale_bake_options_defaults(void) {
  return {sizeof(nightingale_bake_options), nullptr, nullptr, nullptr, nullptr, 0, 0, 0, nullptr, nullptr};
}

nightingale_voice* nightingale_bake(const nightingale_baker* baker, const char* recording,
                                    const nightingale_bake_options* options) {
  const auto bake = [&] {
    const Baker& by = given(baker, "baker").baker;
    return new nightingale_voice{
        unwrap(by.bake(&given(recording, "recording"), bake_options_of(options))).voice};
  };
  return noted(bake, nullptr);
}

nightingale_converter* nightingale_converter_open(const char* model, const nightingale_options* options) {
  const auto open = [&] {
    return new nightingale_converter{unwrap(Converter::open(&given(model, "model"), options_of(options)))};
  };
  return noted(open, nullptr);
}

void nightingale_converter_close(nightingale_converter* converter) {
  delete converter;
}

nightingale_audio* nightingale_convert(const nightingale_converter* converter, const char* recording,
                                       const nightingale_voice* voice, const nightingale_request* request) {
  const auto convert = [&] {
    ConvertRequest ours;
    if (request != nullptr) {
      ours = {.seed = request->request.seed,
              .steps = request->request.steps,
              .progress = request->request.progress};
    }
    const Converter& by = given(converter, "converter").converter;
    return new nightingale_audio{
        unwrap(by.convert(&given(recording, "recording"), given(voice, "voice").voice, ours))};
  };
  return noted(convert, nullptr);
}
