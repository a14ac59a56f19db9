// Speaks a sentence with a voice:  speak MODEL VOICE
#include <iostream>

#include "nightingale/nightingale.hpp"

int failed(const nightingale::Error& error) {
  std::cerr << error.text() << "\n";
  return 1;
}

int main(int count, char** arguments) {
  if (count < 3) return 2;
  const auto engine = nightingale::Engine::open(arguments[1]);
  if (!engine) return failed(engine.error());
  const auto voice = nightingale::Voice::open(arguments[2]);
  if (!voice) return failed(voice.error());
  const auto audio = engine->speak({.text = "Hello world."}, voice.value());
  if (!audio) return failed(audio.error());
  const auto written = nightingale::write_audio(audio.value(), "hello.wav");
  if (!written) return failed(written.error());
  return 0;
}
