/* Nightingale for C: the same engine as nightingale.hpp behind opaque handles.
 *
 *   nightingale_engine *engine = nightingale_engine_open("chatterbox", NULL);
 *   nightingale_voice *voice = nightingale_voice_open("anna.voice");
 *   nightingale_request *request = nightingale_request_defaults();
 *   nightingale_request_set_text(request, "Hello world.");
 *   nightingale_audio *audio = nightingale_speak(engine, voice, request);
 *   nightingale_audio_write(audio, "hello.wav", NULL);
 *
 * A function that makes something returns NULL when it fails, one that does something returns 0 when it
 * worked and -1 when it failed; nightingale_last_error() says why. Every handle may be NULL: closing NULL
 * does nothing, using it fails. Strings are UTF-8 and copied. Engines and voices may be used by any number of
 * threads at once; a request or an audio belongs to one thread at a time. Structs begin with their size, so
 * that they can grow: set it before anything else, which the …_defaults functions do. */
#ifndef NIGHTINGALE_H
#define NIGHTINGALE_H

#include <stddef.h>
#include <stdint.h>

#include "nightingale/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Grows when a program that was compiled against older headers would no longer work. */
#define NIGHTINGALE_ABI_VERSION 1
NIGHTINGALE_EXPORT uint32_t nightingale_abi_version(void);
NIGHTINGALE_EXPORT const char* nightingale_version(void);

/* What went wrong in the last call that failed on this thread: the whole text, and the code's name
 * ("model_missing", see docs/errors.md). Both are "" when nothing has failed yet, and valid until the next
 * failure. */
NIGHTINGALE_EXPORT const char* nightingale_last_error(void);
NIGHTINGALE_EXPORT const char* nightingale_last_error_code(void);

/* An opened model. */
typedef struct nightingale_engine nightingale_engine;

enum {
  NIGHTINGALE_VARIANT_AUTOMATIC = 0,
  NIGHTINGALE_VARIANT_ENGLISH = 1,
  NIGHTINGALE_VARIANT_MULTILINGUAL = 2
};

enum { NIGHTINGALE_F32 = 0, NIGHTINGALE_INT8 = 1, NIGHTINGALE_INT4 = 2 };

typedef struct nightingale_options {
  size_t struct_size;
  int32_t threads;               /* 0: one for each core */
  int32_t variant;               /* which T3 to take from a folder that holds several */
  const char* language;          /* that will be spoken; decides an automatic variant; may be NULL */
  int32_t watermark;             /* 1: marks everything that is spoken; 0: does not */
  const char* watermark_weights; /* the watermark's network; NULL: the one that ships */
  int32_t weights; /* NIGHTINGALE_F32, _INT8 or _INT4: T3's, which are read once for every token */
  int32_t flow;    /* NIGHTINGALE_F32 or _INT8: what the flow multiplies in */
} nightingale_options;

NIGHTINGALE_EXPORT nightingale_options nightingale_options_defaults(void);
/* `options` may be NULL. */
NIGHTINGALE_EXPORT nightingale_engine* nightingale_engine_open(const char* model,
                                                               const nightingale_options* options);
NIGHTINGALE_EXPORT void nightingale_engine_close(nightingale_engine* engine);

/* A voice: a voice file, a baked folder or conds.pt. */
typedef struct nightingale_voice nightingale_voice;
NIGHTINGALE_EXPORT nightingale_voice* nightingale_voice_open(const char* path);
enum { NIGHTINGALE_FORM_AUTOMATIC = 0, NIGHTINGALE_FORM_FILE = 1, NIGHTINGALE_FORM_FOLDER = 2 };
/* Writes it as one file or as a baked folder; automatic goes by the ending of `path`. */
NIGHTINGALE_EXPORT int nightingale_voice_save(const nightingale_voice* voice, const char* path, int form);
NIGHTINGALE_EXPORT void nightingale_voice_close(nightingale_voice* voice);

/* What to speak, and how: upstream's defaults until something else is set. */
typedef struct nightingale_request nightingale_request;
NIGHTINGALE_EXPORT nightingale_request* nightingale_request_defaults(void);
NIGHTINGALE_EXPORT void nightingale_request_free(nightingale_request* request);
NIGHTINGALE_EXPORT int nightingale_request_set_text(nightingale_request* request, const char* text);
NIGHTINGALE_EXPORT int nightingale_request_set_language(nightingale_request* request, const char* language);
/* Any of the fields below by its name: nightingale_request_set(request, "temperature", 0.7). */
NIGHTINGALE_EXPORT int nightingale_request_set(nightingale_request* request, const char* field, double value);

/* The fields that a request has, from 0 on; -1 behind the last one. */
typedef struct nightingale_field {
  size_t struct_size;
  const char* name; /* "repetition_penalty" */
  const char* unit; /* "" for a plain number */
  const char* help;
  double least, most; /* the range, inclusive */
} nightingale_field;
NIGHTINGALE_EXPORT int nightingale_request_field(size_t index, nightingale_field* field);

/* Where a request is: called often, from the thread that speaks. */
typedef struct nightingale_progress {
  size_t struct_size;
  const char* stage;     /* "tokens", "mel", "samples" */
  int64_t done, of;      /* `of` is 0 while the amount of work is not known */
  double seconds_spoken; /* of audio, finished or under way */
  int32_t chunk, chunks; /* pieces of a long text, from 0 */
} nightingale_progress;

enum {
  NIGHTINGALE_GO_ON = 0,
  NIGHTINGALE_FINISH = 1, /* end here: what is written becomes sound, and is returned */
  NIGHTINGALE_STOP = 2    /* end at once: speaking fails with "cancelled" */
};
typedef int (*nightingale_progress_callback)(const nightingale_progress* progress, void* user_data);
NIGHTINGALE_EXPORT int nightingale_request_set_progress(nightingale_request* request,
                                                        nightingale_progress_callback callback,
                                                        void* user_data);

/* What was spoken: mono samples within ±1 at 24 kHz. */
typedef struct nightingale_audio nightingale_audio;
#define NIGHTINGALE_SAMPLE_RATE 24000
NIGHTINGALE_EXPORT nightingale_audio* nightingale_speak(const nightingale_engine* engine,
                                                        const nightingale_voice* voice,
                                                        const nightingale_request* request);
/* The same, handing the samples on as they come, the first while the text is still being written. They differ
 * a little from those of nightingale_speak, and the audio that is returned holds none. */
typedef void (*nightingale_samples_callback)(const float* samples, size_t count, void* user_data);
NIGHTINGALE_EXPORT nightingale_audio* nightingale_stream(const nightingale_engine* engine,
                                                         const nightingale_voice* voice,
                                                         const nightingale_request* request,
                                                         nightingale_samples_callback callback,
                                                         void* user_data);
NIGHTINGALE_EXPORT void nightingale_audio_free(nightingale_audio* audio);
/* The samples live as long as the audio. `count` may be NULL. */
NIGHTINGALE_EXPORT const float* nightingale_audio_samples(const nightingale_audio* audio, size_t* count);
/* 0 when the progress callback let it end early. */
NIGHTINGALE_EXPORT int nightingale_audio_is_whole(const nightingale_audio* audio);
/* 1 when the watermark is in the samples. */
NIGHTINGALE_EXPORT int nightingale_audio_is_watermarked(const nightingale_audio* audio);
/* "wav", "wav-float", "flac", "ogg", "opus" or "mp3"; NULL goes by the ending of `path`. */
NIGHTINGALE_EXPORT int nightingale_audio_write(const nightingale_audio* audio, const char* path,
                                               const char* format);

/* Makes voices of recordings. */
typedef struct nightingale_baker nightingale_baker;
NIGHTINGALE_EXPORT nightingale_baker* nightingale_baker_open(const char* model,
                                                             const nightingale_options* options);
NIGHTINGALE_EXPORT void nightingale_baker_close(nightingale_baker* baker);

typedef struct nightingale_bake_options {
  size_t struct_size;
  const char *name, *language, *licence, *consent; /* notes, kept with the voice; may be NULL */
  int32_t strict;                                  /* 1: a warning of the doctor is an error */
  int32_t as_is;                                   /* 1: nothing chosen, nothing trimmed, as upstream */
  int32_t preview;                                 /* 1: keeps the clip with the voice */
  nightingale_progress_callback progress;          /* may be NULL */
  void* user_data;
} nightingale_bake_options;

NIGHTINGALE_EXPORT nightingale_bake_options nightingale_bake_options_defaults(void);
/* `options` may be NULL. */
NIGHTINGALE_EXPORT nightingale_voice* nightingale_bake(const nightingale_baker* baker, const char* recording,
                                                       const nightingale_bake_options* options);

/* Says what a recording says in another voice. Of a request, which may be NULL, seed, steps and the progress
 * count. */
typedef struct nightingale_converter nightingale_converter;
NIGHTINGALE_EXPORT nightingale_converter* nightingale_converter_open(const char* model,
                                                                     const nightingale_options* options);
NIGHTINGALE_EXPORT void nightingale_converter_close(nightingale_converter* converter);
NIGHTINGALE_EXPORT nightingale_audio* nightingale_convert(const nightingale_converter* converter,
                                                          const char* recording,
                                                          const nightingale_voice* voice,
                                                          const nightingale_request* request);

/* The watermark without a model. Of the options, which may be NULL, threads and watermark_weights count. */
typedef struct nightingale_watermarker nightingale_watermarker;
NIGHTINGALE_EXPORT nightingale_watermarker* nightingale_watermarker_open(const nightingale_options* options);
NIGHTINGALE_EXPORT void nightingale_watermarker_close(nightingale_watermarker* watermarker);
/* Writes `count` marked samples to `marked`, which may be `samples`. Mono, 8000 to 192000 samples a second.
 */
NIGHTINGALE_EXPORT int nightingale_watermark(const nightingale_watermarker* watermarker, const float* samples,
                                             size_t count, int32_t rate, float* marked);
/* How sure it is that the samples carry the watermark, 0 to 1: they do above 0.5. */
NIGHTINGALE_EXPORT int nightingale_detect(const nightingale_watermarker* watermarker, const float* samples,
                                          size_t count, int32_t rate, double* confidence);

#ifdef __cplusplus
}
#endif

#endif
