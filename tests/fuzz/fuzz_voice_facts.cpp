// libFuzzer: any bytes as the metadata.json of a baked folder. What is read must be written and read alike.
#include <cstdlib>

#include "voice/voice_facts.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nightingale;
  const VoiceFacts facts = facts_of_json({reinterpret_cast<const char*>(data), size});
  const FactTexts texts = texts_of(facts);
  if (texts_of(facts_of(texts)) != texts) std::abort();
  return 0;
}
