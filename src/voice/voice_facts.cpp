#include "voice/voice_facts.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

namespace nightingale {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t longest_text = 4096;  // of a fact that a person wrote: longer ones are cut

bool continues_character(char letter) {
  return (static_cast<unsigned char>(letter) & 0xc0) == 0x80;
}

// One line that does nothing to a terminal it is shown on, cut between characters.
std::string plain_text(std::string text) {
  std::size_t length = std::min(text.size(), longest_text);
  while (length < text.size() && length > 0 && continues_character(text[length])) --length;
  text.resize(length);
  for (char& letter : text) {
    if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f) letter = ' ';
  }
  return text;
}

void read_fact(const std::string& text, std::string& fact) {
  fact = plain_text(text);
}

// A size or a time: never negative, never infinite.
template <typename Number>
void read_fact(const std::string& text, Number& fact) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc() && stop == end && std::isfinite(static_cast<double>(number)) && number >= 0) {
    fact = number;
  }
}

std::string text_of(const std::string& fact) {
  return plain_text(fact);
}

template <typename Number>
std::string text_of(Number fact) {
  return fact == 0 ? std::string() : fmt::format("{}", fact);
}

}  // namespace

FactTexts texts_of(const VoiceFacts& facts) {
  FactTexts texts;
  visit_facts(facts, [&](const char* name, const auto& fact) {
    if (std::string text = text_of(fact); !text.empty()) texts[name] = std::move(text);
  });
  return texts;
}

VoiceFacts facts_of(const FactTexts& texts) {
  VoiceFacts facts;
  visit_facts(facts, [&](const char* name, auto& fact) {
    if (const auto found = texts.find(name); found != texts.end()) read_fact(found->second, fact);
  });
  return facts;
}

std::string facts_json(const VoiceFacts& facts) {
  Json json = Json::object();
  visit_facts(facts, [&](const char* name, const auto& fact) {
    if (!text_of(fact).empty()) json[name] = fact;
  });
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

VoiceFacts facts_of_json(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return {};
  FactTexts texts;
  for (const auto& [name, value] : json.items()) {
    if (value.is_string()) texts[name] = value.get<std::string>();
    if (value.is_number()) texts[name] = value.dump();
  }
  return facts_of(texts);
}

}  // namespace nightingale
