// Trimming against librosa's.
#include "audio/trim.hpp"

#include <doctest/doctest.h>

#include "audio/sounds.hpp"

using namespace nightingale;
using namespace nightingale::test;

TEST_CASE("trim_silence_is_librosas") {
  const nlohmann::json content = audio_goldens();
  REQUIRE(content.at("trimmed").size() >= 10);
  for (const auto& expected : content.at("trimmed")) {
    const double top_db = expected.at("top_db");
    CAPTURE(expected.at("length").get<int>());
    CAPTURE(top_db);
    const SampleRange found = trim_silence(sound_of(expected), top_db);
    CHECK(std::vector<std::size_t>{found.first, found.last} == expected.at("range"));
  }
}

TEST_CASE("trim_silence_of_nothing_is_nothing") {
  const SampleRange found = trim_silence({}, 20);
  CHECK(found.first == 0);
  CHECK(found.last == 0);
}
