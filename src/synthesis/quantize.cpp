#include "synthesis/quantize.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>

#include "base/failure.hpp"
#include "checkpoint/open_tensor_file.hpp"
#include "checkpoint/precision.hpp"
#include "checkpoint/quantized_tensor.hpp"
#include "checkpoint/safetensors.hpp"
#include "synthesis/model.hpp"

namespace nightingale {

namespace {

namespace fs = std::filesystem;

void check_target(const ModelFolder& model, const std::string& to, const Precisions& precisions) {
  if (precisions.t3 == Precision::f32 && precisions.flow == Precision::f32) {
    fail(ErrorCode::option_invalid, "nothing is to be rounded: T3 and the flow are both to stay f32",
         "give --weights int8 or int4, or --flow int8");
  }
  std::error_code error;
  if (fs::equivalent(model.path, to, error)) {
    fail(ErrorCode::option_invalid, to + " is the model's own folder", "give another folder");
  }
  if (fs::exists(to, error) && (!fs::is_directory(to, error) || !fs::is_empty(to, error))) {
    fail(ErrorCode::option_invalid, to + " is there already and is no empty folder", "give a new folder");
  }
}

// In which precision each matrix of a judged file is wanted, by name; nothing for those that stay, and for
// convolutions, which are rounded when they are loaded.
std::map<std::string, Precision> wanted_of(const Binding& binding, const Precisions& precisions) {
  std::map<std::string, Precision> wanted;
  for (const Weight& weight : binding.weights()) {
    const Precision precision = precision_of(*weight, precisions);
    if (weight->use == Use::matmul && precision != Precision::f32) wanted.emplace(weight.path(), precision);
  }
  return wanted;
}

void refuse_rounded(const TensorFile& file) {
  for (const StoredTensor& tensor : file.tensors()) {
    if (tensor.group == 0) continue;
    fail(ErrorCode::file_invalid, file.path() + " is kept in few bits already: " + tensor.name,
         "round the original model: rounding twice costs quality twice");
  }
}

void write_rounded(const Binding& binding, const Precisions& precisions, const fs::path& to) {
  const TensorFile& file = binding.file();
  refuse_rounded(file);
  const std::map<std::string, Precision> wanted = wanted_of(binding, precisions);
  QuantizedTensors matrices;
  std::vector<StoredTensor> tensors;
  for (const StoredTensor& tensor : file.tensors()) {
    const auto precision = wanted.find(tensor.name);
    if (precision == wanted.end()) {
      tensors.push_back(tensor);
      continue;
    }
    const QuantizedLayout layout = layout_of(precision->second, tensor.shape[0], tensor.shape[1]);
    tensors.push_back(matrices.add(tensor.name, quantized(to_float(tensor), layout)));
  }
  std::map<std::string, std::string> metadata = file.metadata();
  metadata.insert(matrices.metadata());
  write_safetensors(to.string(), tensors, metadata);
}

void copy_others(const ModelFolder& model, const fs::path& to, const std::vector<fs::path>& written) {
  try {
    for (const auto& entry : fs::recursive_directory_iterator(model.path)) {
      const fs::path name = fs::relative(entry.path(), model.path);
      const bool ours = std::find(written.begin(), written.end(), name) != written.end();
      if (!entry.is_regular_file() || ours) continue;
      fs::create_directories((to / name).parent_path());
      fs::copy_file(entry.path(), to / name);
    }
  } catch (const fs::filesystem_error& error) {
    fail(ErrorCode::output_failed,
         "cannot copy the rest of the model to " + to.string() + ": " + error.code().message());
  }
}

}  // namespace

void quantize(const ModelFolder& model, const std::string& to, const Precisions& precisions) {
  check_target(model, to, precisions);
  std::error_code error;
  fs::create_directories(to, error);
  if (error) fail(ErrorCode::output_failed, "cannot make the folder " + to + ": " + error.message());
  std::vector<fs::path> written;
  if (precisions.t3 != Precision::f32) {
    Binding t3(open_tensor_file(model.t3), "T3");
    const auto bound = bind_t3(t3);
    t3.judge();
    written.push_back(fs::path(model.t3).filename());
    write_rounded(t3, {.t3 = precisions.t3}, fs::path(to) / written.back());
  }
  if (precisions.flow != Precision::f32) {
    Binding s3gen(open_tensor_file(model.s3gen), "flow and vocoder");
    const BoundS3gen bound = bind_s3gen(s3gen);
    s3gen.judge();
    written.push_back(fs::path(model.s3gen).filename());
    write_rounded(s3gen, {.flow = precisions.flow},
                  (fs::path(to) / written.back()).replace_extension("safetensors"));
  }
  copy_others(model, to, written);
}

}  // namespace nightingale
