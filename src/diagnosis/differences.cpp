#include "diagnosis/differences.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "models/lengths.hpp"
#include "tensor/fit.hpp"

namespace nightingale {

namespace {

constexpr Name batch_name = "batch", frame_name = "frame", token_name = "token";

// The flow takes the first ten seconds of a voice, 25 tokens each.
constexpr std::int64_t longest_clip = 250;

// No convolution of Chatterbox has more taps; a larger difference is no slip of the padding.
constexpr std::int64_t most_taps = 30;

// "the first", as people number what they typed.
std::string ordinal(std::size_t index) {
  constexpr std::array<const char*, 9> words{"first", "second",  "third",  "fourth", "fifth",
                                             "sixth", "seventh", "eighth", "ninth"};
  return index < words.size() ? fmt::format("the {}", words[index]) : fmt::format("number {}", index + 1);
}

struct Operand {
  std::string name;  // "the first"
  const Reading& reading;
};

// A tensor ends in an axis of rows and an axis of channels.
const Axis& channel_of(const Reading& reading) {
  return reading.declared.back();
}
const Axis& row_of(const Reading& reading) {
  return reading.declared[reading.declared.rank() - 2];
}

// The axis with the number that was given for it.
const Axis& found_axis(const Reading& reading, Name name) {
  return reading.axes[*reading.axes.find(name)];
}

std::vector<Name> shared_names(const Reading& left, const Reading& right) {
  std::vector<Name> names;
  for (const Axis& axis : left.axes) {
    if (right.axes.has(axis.name)) names.push_back(axis.name);
  }
  return names;
}

bool contains(const std::vector<std::string>& list, const std::string& entry) {
  return std::find(list.begin(), list.end(), entry) != list.end();
}

class Comparer {
 public:
  explicit Comparer(const Lengths& lengths)
      : lengths_(lengths) {}

  void pair(const Operand& left, const Operand& right) {
    if (left.reading.place == nullptr || right.reading.place == nullptr) return;
    const std::vector<Name> shared = shared_names(left.reading, right.reading);
    compare_order(left, right, shared);
    for (const Name name : shared) compare_sizes(left, right, name);
    compare_stages(left, right, shared);
  }

  Differences result() && {
    for (std::string& layout : layouts_) fix(std::move(layout));
    return std::move(differences_);
  }

 private:
  void compare_order(const Operand& left, const Operand& right, const std::vector<Name>& shared) {
    const Shape& there = right.reading.axes;
    if (std::is_sorted(shared.begin(), shared.end(),
                       [&](Name a, Name b) { return *there.find(a) < *there.find(b); })) {
      return;
    }
    if (left.reading.place->is_weight && left.reading.place == right.reading.place) {
      find("axis order", fmt::format("one is the other transposed: {} is {}", left.reading.place->name,
                                     left.reading.declared.text()));
      layouts_.push_back(fmt::format("transpose {}: PyTorch stores a Linear's weight as [out, in]",
                                     (left.reading.reordered() ? left : right).name));
      return;
    }
    // What is out of order was said when it met the first one that is not.
    if (contains(reordered_, left.name) && !right.reading.reordered()) return;
    find("axis order", fmt::format("{} is {}, {} is {}", left.name, left.reading.layout(), right.name,
                                   right.reading.layout()));
    for (const Operand* operand : {&left, &right}) {
      if (!operand->reading.reordered() || contains(reordered_, operand->name)) continue;
      reordered_.push_back(operand->name);
      layouts_.push_back(fmt::format("lay {} out as {}", operand->name, names_of(operand->reading.declared)));
    }
  }

  void compare_sizes(const Operand& left, const Operand& right, Name name) {
    const std::int64_t a = found_axis(left.reading, name).size.number();
    const std::int64_t b = found_axis(right.reading, name).size.number();
    if (a == b) return;
    if (name == batch_name) {
      if (a != 1 && b != 1) find("batch", fmt::format("{} has {}, {} has {}", left.name, a, right.name, b));
      return;
    }
    const std::int64_t small = std::min(a, b), large = std::max(a, b);
    if (name == frame_name) return compare_frames(small, large);
    const bool tokens_known = lengths::token.size.at(lengths_).is_number();
    if (name == token_name && large == 2 * small && !tokens_known) {
      return up_sampled(small, (a < b ? left : right).name + " may count tokens");
    }
    const Size& declared = declared_axis(left.reading, name)->size;
    const bool known = declared.at(lengths_).is_number();
    for (const std::int64_t number : {small, large}) {
      const Relation relation = relate(number, known ? declared : Size(large), lengths_);
      if (relation.kind == Relation::Kind::equal) continue;
      find(name.text(), text_of(relation, number, known ? declared : Size(large), lengths_));
    }
  }

  // Every frame of Chatterbox is measured against the one that has prompt and speech.
  void compare_frames(std::int64_t small, std::int64_t large) {
    const Size& frame = lengths::frame.size;
    if (!frame.at(lengths_).is_number()) return suppose(small, large);
    const Symbol& speech = lengths::speech.size.terms().front().first;
    for (const std::int64_t number : {small, large}) {
      const Relation relation = relate(number, frame, lengths_);
      if (relation.kind == Relation::Kind::equal) continue;
      find("frame", text_of(relation, number, frame, lengths_));
      if (relation.kind == Relation::Kind::offset && std::abs(relation.offset) <= most_taps) {
        fix(fmt::format("look for a pad, a tap or a cut that changes the frames by {}",
                        std::abs(relation.offset)));
      }
      if (relation.kind != Relation::Kind::leaves_out) continue;
      if (relation.missing.front() == speech) {
        fix(fmt::format("the voice's mel alone has {} frames: add zeros up to {}", number,
                        frame.at(lengths_).number()));
      } else {
        fix("trim the mel after the decoder, not before");
      }
    }
  }

  // With lengths unknown: which would make one number the other without the prompt, or without the speech.
  void suppose(std::int64_t small, std::int64_t large) {
    const std::int64_t of_small = small / 2, of_rest = (large - small) / 2;
    const bool even = small % 2 == 0 && large % 2 == 0;
    const bool trimmed = even && possible(of_rest, of_small), voice = even && possible(of_small, of_rest);
    if (trimmed) {
      find("frame",
           fmt::format("{} leaves the prompt out and {} has it, if prompt = {}{} and speech = {}", small,
                       large, of_rest, of_rest == longest_clip ? " (a clip of 10 s)" : "", of_small));
      fix("trim the mel after the decoder, not before, if that is so (--prompt and --speech settle it)");
    }
    if (voice) {
      find(trimmed ? "or" : "frame",
           fmt::format("{} is the voice's mel alone, if prompt = {} and speech = {}", small, of_small,
                       of_rest));
    }
    if (trimmed || voice) return;
    find("frame", fmt::format("{} is {} more than {}, which neither prompt nor speech explains", large,
                              large - small, small));
  }

  // No hint says otherwise.
  bool possible(std::int64_t prompt, std::int64_t speech) const {
    const auto allows = [&](const Axis& axis, std::int64_t value) {
      const Lengths::Known* known = lengths_.find(axis.size.terms().front().first);
      return known == nullptr || known->value == value;
    };
    return allows(lengths::prompt, prompt) && allows(lengths::speech, speech);
  }

  // Tensors of different stages: rows that count other things, channels that mean other things.
  void compare_stages(const Operand& left, const Operand& right, const std::vector<Name>& shared) {
    const Reading& a = left.reading;
    const Reading& b = right.reading;
    if (a.axes.rank() != b.axes.rank() || a.axes.rank() < 2 || a.place->is_weight != b.place->is_weight) {
      if (!shared.empty()) return;
      return find("stages",
                  fmt::format("{} is {}, {} is {}", left.name, a.place->name, right.name, b.place->name));
    }
    if (row_of(a).name != row_of(b).name) compare_rows(left, right);
    if (channel_of(a).name == channel_of(b).name) return;
    find("stages", fmt::format("{} carries {}, {} carries {}", left.name, channel_of(a).text(), right.name,
                               channel_of(b).text()));
    if (channel_of(a).name == lengths::mel.name || channel_of(b).name == lengths::mel.name) {
      fix("project the channels to the mel first");
    }
  }

  // Rows of different names: tokens where frames belong, or simply two things.
  void compare_rows(const Operand& left, const Operand& right) {
    const Axis& a = found_axis(left.reading, row_of(left.reading).name);
    const Axis& b = found_axis(right.reading, row_of(right.reading).name);
    const bool tokens_first = a.name == token_name;
    const Axis& token = tokens_first ? a : b;
    const Axis& frame = tokens_first ? b : a;
    if (token.name == token_name && frame.name == frame_name && frame.size == 2 * token.size) {
      return up_sampled(token.size.number(), (tokens_first ? left : right).name + " counts tokens");
    }
    find("rows", fmt::format("{} in {}, {} in {}", a.text(), left.name, b.text(), right.name));
  }

  void up_sampled(std::int64_t tokens, const std::string& who) {
    find("rows", fmt::format("{} = 2·{}: a token is two frames, and {}", 2 * tokens, tokens, who));
    fix("up-sample the encoder's rows by two first");
  }

  void find(std::string_view subject, std::string text) {
    for (const auto& known : differences_.findings) {
      if (known.subject == subject && known.text == text) return;
    }
    differences_.findings.push_back({std::string(subject), std::move(text)});
  }

  void fix(std::string what) {
    if (!contains(differences_.fixes, what)) differences_.fixes.push_back(std::move(what));
  }

  const Lengths& lengths_;
  Differences differences_;
  std::vector<std::string> layouts_, reordered_;
};

}  // namespace

Differences find_differences(const std::vector<Reading>& readings, const Lengths& lengths) {
  Comparer comparer(lengths);
  for (std::size_t i = 0; i < readings.size(); ++i) {
    for (std::size_t k = i + 1; k < readings.size(); ++k) {
      comparer.pair({ordinal(i), readings[i]}, {ordinal(k), readings[k]});
    }
  }
  return std::move(comparer).result();
}

}  // namespace nightingale
