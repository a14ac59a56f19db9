/* Between c_api.c and c_api_test.cpp. */
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { C_MOST_FIELDS = 32 };

typedef struct c_results {
  const char* field_names[C_MOST_FIELDS];
  size_t fields;
  int set, written, whole, watermarked;
  int watermark; /* asked for */
  int answer;    /* of the progress callback */
  int progress_calls;
  size_t progress_size;
  size_t samples, streamed;
  char error[1024], error_code[32];
} c_results;

void c_speak(const char* model, const char* voice, const char* text, const char* path, c_results* results);
/* A recording baked, and another converted into that voice; `watermark` off. */
void c_voices(const char* model, const char* recording, const char* voice, c_results* results);
int c_set(const char* field, double value, c_results* results);

#ifdef __cplusplus
}
#endif
