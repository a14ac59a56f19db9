#include "checkpoint/strict_json.hpp"

#include <fmt/format.h>

#include <limits>
#include <set>

#include "base/failure.hpp"

namespace nightingale {
namespace {

using Json = nlohmann::json;

// Follows a parser through the document, one set of keys for each object that is open. It builds nothing: a
// callback of the parser that does would make it search every open object for what was left out, each time
// that an object in it ends. Where the text stops being JSON it stops without a word.
class Watch : public nlohmann::json_sax<Json> {
 public:
  Watch(const std::string& subject, int deepest)
      : subject_(subject),
        deepest_(deepest) {}

  bool start_object(std::size_t /*size*/) override {
    keys_.emplace_back();
    return open();
  }
  bool key(string_t& name) override {
    if (!keys_.back().insert(name).second) {
      fail(ErrorCode::file_invalid, fmt::format("{} names \"{}\" twice", subject_, name),
           "the file was written by a faulty program: convert it again");
    }
    return true;
  }
  bool end_object() override {
    keys_.pop_back();
    return close();
  }
  bool start_array(std::size_t /*size*/) override { return open(); }
  bool end_array() override { return close(); }
  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(number_integer_t /*value*/) override { return true; }
  bool number_unsigned(number_unsigned_t /*value*/) override { return true; }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return true; }
  bool string(string_t& /*value*/) override { return true; }
  bool binary(binary_t& /*value*/) override { return true; }
  bool parse_error(std::size_t /*at*/, const std::string& /*token*/,
                   const Json::exception& /*error*/) override {
    return false;
  }

 private:
  bool open() {
    if (depth_++ >= deepest_) {
      fail(ErrorCode::file_invalid,
           fmt::format("{} nests deeper than the {} levels of its format", subject_, deepest_));
    }
    return true;
  }
  bool close() {
    --depth_;
    return true;
  }

  const std::string& subject_;
  int deepest_, depth_ = 0;
  std::vector<std::set<std::string>> keys_;
};

}  // namespace

nlohmann::json parse_strict_json(std::string_view text, const std::string& subject, int deepest) {
  Json document;
  try {
    Watch watch(subject, deepest);
    Json::sax_parse(text.begin(), text.end(), &watch);
    document = Json::parse(text.begin(), text.end());
  } catch (const nlohmann::json::parse_error& error) {
    fail(ErrorCode::file_invalid, fmt::format("{} is no JSON (at byte {})", subject, error.byte),
         "download or copy the file again");
  } catch (const nlohmann::json::exception&) {
    // A number beyond double, for one.
    fail(ErrorCode::file_invalid, fmt::format("{} is no JSON that can be held", subject),
         "download or copy the file again");
  }
  if (!document.is_object()) {
    fail(ErrorCode::file_invalid, fmt::format("{} is no JSON object", subject),
         "download or copy the file again");
  }
  return document;
}

bool read_sizes(const nlohmann::json& array, std::vector<std::int64_t>& sizes) {
  if (!array.is_array()) return false;
  sizes.clear();
  for (const nlohmann::json& size : array) {
    if (!size.is_number_unsigned()) return false;
    const auto value = size.get<std::uint64_t>();
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return false;
    sizes.push_back(static_cast<std::int64_t>(value));
  }
  return true;
}

}  // namespace nightingale
