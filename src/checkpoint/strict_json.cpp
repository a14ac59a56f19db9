#include "checkpoint/strict_json.hpp"

#include <fmt/format.h>

#include <limits>
#include <set>

#include "base/failure.hpp"

namespace nightingale {
namespace {

using Event = nlohmann::json::parse_event_t;

// Follows the parser through the document, one set of keys for each object that is open.
class Watch {
 public:
  Watch(const std::string& subject, int deepest)
      : subject_(subject),
        deepest_(deepest) {}

  bool operator()(int depth, Event event, const nlohmann::json& parsed) {
    const bool opens = event == Event::object_start || event == Event::array_start;
    if (opens && depth >= deepest_) {
      fail(ErrorCode::file_invalid,
           fmt::format("{} nests deeper than the {} levels of its format", subject_, deepest_));
    }
    if (event == Event::object_start) keys_.emplace_back();
    if (event == Event::object_end) keys_.pop_back();
    if (event == Event::key && !keys_.back().insert(parsed.get<std::string>()).second) {
      fail(ErrorCode::file_invalid,
           fmt::format("{} names \"{}\" twice", subject_, parsed.get_ref<const std::string&>()),
           "the file was written by a faulty program: convert it again");
    }
    return true;
  }

 private:
  const std::string& subject_;
  int deepest_;
  std::vector<std::set<std::string>> keys_;
};

}  // namespace

nlohmann::json parse_strict_json(std::string_view text, const std::string& subject, int deepest) {
  nlohmann::json document;
  try {
    document = nlohmann::json::parse(text.begin(), text.end(), Watch(subject, deepest));
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
