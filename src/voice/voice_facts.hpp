// The facts of a voice as texts, the way safetensors keeps them, and as JSON, the way a baked folder does.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "nightingale/voice.hpp"

namespace nightingale {

using FactTexts = std::map<std::string, std::string>;

// What is known, by name; nothing for what is not.
FactTexts texts_of(const VoiceFacts& facts);

// The facts among such texts. Control characters become blanks, a number that is none counts as unknown, and
// what has another name is passed over.
VoiceFacts facts_of(const FactTexts& texts);

std::string facts_json(const VoiceFacts& facts);
// Of a text that is no JSON object: no facts.
VoiceFacts facts_of_json(std::string_view text);

}  // namespace nightingale
