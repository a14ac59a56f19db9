// Upstream's PyTorch in a process of its own, asked for one run at a time: bench/pytorch_side.py.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "nightingale/error.hpp"

namespace nightingale::cli {

struct TheirRun {
  double seconds = 0;
  std::map<std::string, double> parts;  // of "bake", in our words
  std::int64_t peak_memory = 0;         // of their process so far, in bytes
};

class PytorchSide {
 public:
  struct Options {
    std::string python, model;
    std::vector<std::string> stages;  // in our words: it loads what these need
    std::string voice;                // empty for "bake" alone
    std::string recording;            // what "bake" bakes
    int threads = 0;
  };
  // Starts the process and waits until it has loaded the model and run every stage once.
  static Result<std::unique_ptr<PytorchSide>> start(const Options& options);
  ~PytorchSide();
  PytorchSide(const PytorchSide&) = delete;
  PytorchSide& operator=(const PytorchSide&) = delete;

  // `stage` in our words: "tokens", "mel", "samples", "bake".
  Result<TheirRun> run(const std::string& stage, std::int64_t tokens);

 private:
  PytorchSide() = default;
  Result<std::string> answer();

  int process_ = -1;
  int questions_ = -1, answers_ = -1;  // file descriptors
  std::string unread_;
};

}  // namespace nightingale::cli
