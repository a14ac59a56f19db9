// What a bench of baking needs beside the library: a recording that both sides bake, and whole programs timed
// from their start.
#pragma once

#include <string>

#include "nightingale/error.hpp"

namespace nightingale::cli {

// A recording in the temporary folder, removed when this goes.
class DrawnRecording {
 public:
  // 10 s at 44.1 kHz, 16 bits: a tone that comes and goes as speech does, and a little noise. Which sounds it
  // holds costs nothing.
  static Result<DrawnRecording> write();
  DrawnRecording() = default;
  DrawnRecording(DrawnRecording&& other) noexcept;
  DrawnRecording& operator=(DrawnRecording&& other) noexcept;
  ~DrawnRecording();

  const std::string& path() const { return path_; }  // empty: nothing was written

 private:
  std::string path_;
};

// Seconds that this program takes for `voice bake`, from its start to its end.
Result<double> time_program(const std::string& model, const std::string& recording, int threads);

}  // namespace nightingale::cli
