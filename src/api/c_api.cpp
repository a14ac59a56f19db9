// The C API: handles around the C++ API's values, and the last error of each thread.
#include "api/c_handles.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "nightingale/version.h"

namespace nightingale {

LastError& last_error() {
  static thread_local LastError error;
  return error;
}

namespace {

// A member of a request from a number: whole where the member is.
void set_member(const Field& field, std::int64_t& member, double value) {
  constexpr double exact = 9007199254740992;  // 2^53: beyond it a double skips whole numbers
  if (!(std::abs(value) <= exact) || value != std::floor(value)) {
    fail(ErrorCode::option_invalid,
         std::string(field.name) + " = " + std::to_string(value) + " is no whole number");
  }
  member = static_cast<std::int64_t>(value);
}
void set_member(const Field&, double& member, double value) {
  member = value;
}
void set_member(const Field&, std::optional<double>& member, double value) {
  member = value;
}

void set_field(Request& request, const std::string& name, double value) {
  bool found = false;
  std::string names;
  visit_fields(request, [&](const Field& field, auto& member) {
    names += (names.empty() ? "" : ", ") + std::string(field.name);
    if (field.name != name) return;
    set_member(field, member, value);
    found = true;
  });
  if (!found) fail(ErrorCode::option_invalid, "a request has no field " + name, "it has " + names);
}

std::vector<float> samples_of(const float* samples, std::size_t count) {
  const float* first = count == 0 ? nullptr : &given(samples, "samples");
  return {first, first + count};
}

Going going_of(int answer) {
  if (answer == NIGHTINGALE_GO_ON) return Going::on;
  return answer == NIGHTINGALE_FINISH ? Going::finish : Going::stop;
}

}  // namespace

std::function<Going(const Progress&)> listener_of(nightingale_progress_callback callback, void* user_data) {
  if (callback == nullptr) return {};
  return [callback, user_data](const Progress& where) {
    const nightingale_progress theirs{sizeof(nightingale_progress), where.stage.data(), where.done,  where.of,
                                      where.seconds_spoken,         where.chunk,        where.chunks};
    return going_of(callback(&theirs, user_data));
  };
}

}  // namespace nightingale

using namespace nightingale;

uint32_t nightingale_abi_version(void) {
  return NIGHTINGALE_ABI_VERSION;
}

const char* nightingale_version(void) {
  return NIGHTINGALE_VERSION;
}

const char* nightingale_last_error(void) {
  return last_error().text.c_str();
}

const char* nightingale_last_error_code(void) {
  return last_error().code.c_str();
}

nightingale_options nightingale_options_defaults(void) {
  return {sizeof(nightingale_options),
          0,
          NIGHTINGALE_VARIANT_AUTOMATIC,
          nullptr,
          1,
          nullptr,
          NIGHTINGALE_F32,
          NIGHTINGALE_F32};
}

nightingale_engine* nightingale_engine_open(const char* model, const nightingale_options* options) {
  const auto open = [&] {
    return new nightingale_engine{unwrap(Engine::open(&given(model, "model"), options_of(options)))};
  };
  return noted(open, nullptr);
}

void nightingale_engine_close(nightingale_engine* engine) {
  delete engine;
}

nightingale_voice* nightingale_voice_open(const char* path) {
  return noted([&] { return new nightingale_voice{unwrap(Voice::open(&given(path, "voice")))}; }, nullptr);
}

int nightingale_voice_save(const nightingale_voice* voice, const char* path, int form) {
  const auto save = [&] {
    if (form < NIGHTINGALE_FORM_AUTOMATIC || form > NIGHTINGALE_FORM_FOLDER) {
      fail(ErrorCode::option_invalid, "a voice has no form " + std::to_string(form));
    }
    unwrap(given(voice, "voice").voice.save(&given(path, "path"), static_cast<VoiceForm>(form)));
    return 0;
  };
  return noted(save, -1);
}

void nightingale_voice_close(nightingale_voice* voice) {
  delete voice;
}

nightingale_request* nightingale_request_defaults(void) {
  return noted([] { return new nightingale_request; }, nullptr);
}

void nightingale_request_free(nightingale_request* request) {
  delete request;
}

int nightingale_request_set_text(nightingale_request* request, const char* text) {
  const auto set = [&] {
    given(request, "request").request.text = &given(text, "text");
    return 0;
  };
  return noted(set, -1);
}

int nightingale_request_set_language(nightingale_request* request, const char* language) {
  const auto set = [&] {
    given(request, "request").request.language = &given(language, "language");
    return 0;
  };
  return noted(set, -1);
}

int nightingale_request_set(nightingale_request* request, const char* field, double value) {
  const auto set = [&] {
    set_field(given(request, "request").request, &given(field, "field"), value);
    return 0;
  };
  return noted(set, -1);
}

int nightingale_request_field(size_t index, nightingale_field* field) {
  if (field == nullptr) return -1;
  int found = -1;
  std::size_t count = 0;
  visit_fields(Request{}, [&](const Field& ours, const auto&) {
    if (count++ != index) return;
    // The texts of a field are literals, which end in a zero.
    hand_over<nightingale_field>({sizeof(nightingale_field), ours.name.data(), ours.unit.data(),
                                  ours.help.data(), ours.least, ours.most},
                                 *field);
    found = 0;
  });
  return found;
}

int nightingale_request_set_progress(nightingale_request* request, nightingale_progress_callback callback,
                                     void* user_data) {
  const auto set = [&] {
    given(request, "request").request.progress = listener_of(callback, user_data);
    return 0;
  };
  return noted(set, -1);
}

nightingale_audio* nightingale_speak(const nightingale_engine* engine, const nightingale_voice* voice,
                                     const nightingale_request* request) {
  const auto say = [&] {
    return new nightingale_audio{
        unwrap(given(engine, "engine")
                   .engine.speak(given(request, "request").request, given(voice, "voice").voice))};
  };
  return noted(say, nullptr);
}

nightingale_audio* nightingale_stream(const nightingale_engine* engine, const nightingale_voice* voice,
                                      const nightingale_request* request,
                                      nightingale_samples_callback callback, void* user_data) {
  const auto say = [&] {
    const auto& take = given(callback, "callback");
    const auto sink = [&](std::span<const float> samples) {
      take(samples.data(), samples.size(), user_data);
    };
    return new nightingale_audio{
        unwrap(given(engine, "engine")
                   .engine.stream(given(request, "request").request, given(voice, "voice").voice, sink))};
  };
  return noted(say, nullptr);
}

void nightingale_audio_free(nightingale_audio* audio) {
  delete audio;
}

const float* nightingale_audio_samples(const nightingale_audio* audio, size_t* count) {
  if (count != nullptr) *count = audio == nullptr ? 0 : audio->audio.samples.size();
  return audio == nullptr ? nullptr : audio->audio.samples.data();
}

int nightingale_audio_is_whole(const nightingale_audio* audio) {
  return audio != nullptr && audio->audio.whole ? 1 : 0;
}

int nightingale_audio_is_watermarked(const nightingale_audio* audio) {
  return audio != nullptr && audio->audio.watermarked ? 1 : 0;
}

int nightingale_audio_write(const nightingale_audio* audio, const char* path, const char* format) {
  const auto write = [&] {
    const std::string name = format == nullptr ? "" : format;
    unwrap(write_audio(given(audio, "audio").audio, &given(path, "path"), name));
    return 0;
  };
  return noted(write, -1);
}

nightingale_watermarker* nightingale_watermarker_open(const nightingale_options* options) {
  const auto open = [&] {
    return new nightingale_watermarker{unwrap(Watermarker::open(options_of(options)))};
  };
  return noted(open, nullptr);
}

void nightingale_watermarker_close(nightingale_watermarker* watermarker) {
  delete watermarker;
}

int nightingale_watermark(const nightingale_watermarker* watermarker, const float* samples, size_t count,
                          int32_t rate, float* marked) {
  const auto mark = [&] {
    const Watermarker& by = given(watermarker, "watermarker").watermarker;
    const std::vector<float> out = unwrap(by.mark(samples_of(samples, count), rate));
    if (!out.empty()) std::copy(out.begin(), out.end(), &given(marked, "place for the samples"));
    return 0;
  };
  return noted(mark, -1);
}

int nightingale_detect(const nightingale_watermarker* watermarker, const float* samples, size_t count,
                       int32_t rate, double* confidence) {
  const auto detect = [&] {
    const Watermarker& by = given(watermarker, "watermarker").watermarker;
    given(confidence, "place for the confidence") =
        unwrap(by.detect(samples_of(samples, count), rate)).confidence;
    return 0;
  };
  return noted(detect, -1);
}
