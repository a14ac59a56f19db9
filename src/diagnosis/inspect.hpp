// What a checkpoint is: its sizes beside the known variants, its tree of weights with axes, its numbers and
// bytes, and what each stage takes and gives. Needs no values: a manifest is inspected like the file it
// describes.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/binder.hpp"
#include "models/signature.hpp"
#include "nightingale/error.hpp"

namespace nightingale {

// One tensor of a file.
struct InspectedTensor {
  std::string name;
  StoredType type;
  std::vector<std::int64_t> shape;
  std::string axes;    // "[hidden 4096, model 1024]"; the numbers alone where no network of ours claims it
  std::string unused;  // why it takes no part, or empty
};

struct InspectedSize {
  std::string name;  // "flow.encoder.channel", "layers of tfmr.layers"
  std::int64_t value;
  std::vector<std::string> tensors;  // those that say so; none for layers
};

struct InspectedFile {
  std::string name;     // "t3_cfg.safetensors"
  std::string network;  // "T3", "flow and vocoder", "voice encoder", …; empty when no tensor tells
  std::string variant;  // the known variant whose sizes are all the same, or empty
  std::vector<InspectedTensor> tensors;
  std::vector<InspectedSize> sizes;
  std::vector<Signature> stages;
  std::vector<std::pair<std::string, std::string>> facts;  // of a voice: what is known of it
  std::vector<UnusedTensors> unused;
  std::optional<Error> fault;  // why it cannot be read, or does not fit its network

  std::int64_t parameters() const;  // numbers, those of unused tensors included
  std::int64_t bytes() const;
  std::map<std::string, std::int64_t> types() const;  // "F32" → tensors
};

struct Inspection {
  std::string path;
  std::vector<InspectedFile> files;
  // Files of a model folder that hold no tensors, each with what it is: "tokenizer.json" → "text tokenizer,
  // English"; empty when nobody knows.
  std::map<std::string, std::string> others;

  bool ok() const;           // no file has a fault
  std::string text() const;  // for people, no trailing newline
  nlohmann::json json() const;
};

// A model folder, one file of it, or a manifest. Throws Failure (model_missing) when there is nothing at the
// path; a file that is damaged or does not fit is part of the result.
Inspection inspect_path(const std::string& path);

}  // namespace nightingale
