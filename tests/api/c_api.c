/* Compiled as C: the whole header, used the way a C program would. Called by c_api_test.cpp, which checks
 * what comes back. */
#include "c_api.h"

#include <nightingale/nightingale.h>
#include <string.h>

static int count_calls(const nightingale_progress* progress, void* user_data) {
  c_results* results = user_data;
  results->progress_calls += 1;
  results->progress_size = progress->struct_size;
  return results->answer;
}

static void read_fields(c_results* results) {
  nightingale_field field;
  for (size_t index = 0; results->fields < C_MOST_FIELDS; ++index) {
    field.struct_size = sizeof field;
    if (nightingale_request_field(index, &field) != 0) return;
    results->field_names[results->fields++] = field.name;
  }
}

static void note_error(c_results* results) {
  strncpy(results->error, nightingale_last_error(), sizeof results->error - 1);
  strncpy(results->error_code, nightingale_last_error_code(), sizeof results->error_code - 1);
}

static void count_samples(const float* samples, size_t count, void* user_data) {
  if (samples != NULL) *(size_t*)user_data += count;
}

void c_speak(const char* model, const char* voice_path, const char* text, const char* path,
             c_results* results) {
  nightingale_options options = nightingale_options_defaults();
  options.threads = 1;
  options.language = "en";
  options.watermark = results->watermark;
  nightingale_engine* engine = nightingale_engine_open(model, &options);
  nightingale_voice* voice = nightingale_voice_open(voice_path);
  nightingale_request* request = nightingale_request_defaults();
  read_fields(results);
  results->set = nightingale_request_set_text(request, text) == 0 &&
                 nightingale_request_set_language(request, "en") == 0 &&
                 nightingale_request_set(request, "max_seconds", 0.4) == 0 &&
                 nightingale_request_set(request, "steps", 2) == 0 &&
                 nightingale_request_set_progress(request, count_calls, results) == 0;

  nightingale_audio* audio = nightingale_speak(engine, voice, request);
  if (audio == NULL) note_error(results);
  nightingale_audio_samples(audio, &results->samples);
  results->whole = nightingale_audio_is_whole(audio);
  results->watermarked = nightingale_audio_is_watermarked(audio);
  results->written = audio != NULL && nightingale_audio_write(audio, path, NULL) == 0;

  nightingale_audio_free(audio);
  nightingale_audio_free(nightingale_stream(engine, voice, request, count_samples, &results->streamed));
  nightingale_request_free(request);
  nightingale_voice_close(voice);
  nightingale_engine_close(engine);
}

void c_voices(const char* model, const char* recording, const char* voice_path, c_results* results) {
  nightingale_options options = nightingale_options_defaults();
  options.threads = 1;
  options.watermark = results->watermark;
  nightingale_bake_options bake = nightingale_bake_options_defaults();
  bake.name = "Anna";
  bake.as_is = 1;
  bake.progress = count_calls;
  bake.user_data = results;
  nightingale_baker* baker = nightingale_baker_open(model, &options);
  nightingale_voice* voice = nightingale_bake(baker, recording, &bake);
  if (voice == NULL) note_error(results);
  results->written = voice != NULL && nightingale_voice_save(voice, voice_path, NIGHTINGALE_FORM_FILE) == 0;

  nightingale_request* request = nightingale_request_defaults();
  results->set = nightingale_request_set(request, "steps", 1) == 0;
  nightingale_converter* converter = nightingale_converter_open(model, &options);
  nightingale_audio* audio = nightingale_convert(converter, recording, voice, request);
  if (audio == NULL) note_error(results);
  nightingale_audio_samples(audio, &results->samples);
  results->whole = nightingale_audio_is_whole(audio);

  nightingale_audio_free(audio);
  nightingale_request_free(request);
  nightingale_converter_close(converter);
  nightingale_voice_close(voice);
  nightingale_baker_close(baker);
}

int c_set(const char* field, double value, c_results* results) {
  nightingale_request* request = nightingale_request_defaults();
  const int status = nightingale_request_set(request, field, value);
  if (status != 0) note_error(results);
  nightingale_request_free(request);
  return status;
}
