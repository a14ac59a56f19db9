/* Speaks a sentence with a voice:  speak MODEL VOICE */
#include <nightingale/nightingale.h>
#include <stdio.h>

int main(int count, char** arguments) {
  if (count < 3) return 2;
  nightingale_engine* engine = nightingale_engine_open(arguments[1], NULL);
  nightingale_voice* voice = engine ? nightingale_voice_open(arguments[2]) : NULL;
  nightingale_request* request = voice ? nightingale_request_defaults() : NULL;
  if (request) nightingale_request_set_text(request, "Hello world.");

  nightingale_audio* audio = request ? nightingale_speak(engine, voice, request) : NULL;
  const int failed = !audio || nightingale_audio_write(audio, "hello.wav", NULL) != 0;
  if (failed) fprintf(stderr, "%s\n", nightingale_last_error());

  nightingale_audio_free(audio);
  nightingale_request_free(request);
  nightingale_voice_close(voice);
  nightingale_engine_close(engine);
  return failed;
}
