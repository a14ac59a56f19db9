// The networks of the English golden, each bound and loaded on its own.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/npy.hpp"
#include "checkpoint/open_tensor_file.hpp"
#include "close.hpp"
#include "goldens.hpp"
#include "kernels/cpu/cpu.hpp"
#include "models/flow/flow.hpp"
#include "models/hift/hift.hpp"
#include "models/t3/t3.hpp"

namespace nightingale::test {

// A network, its substrate and the file that its weights lie in.
template <typename Network>
struct Loaded {
  std::unique_ptr<Ops> substrate = make_cpu({1});
  Binding binding;
  Network network;
  Ops& op;

  Loaded(const std::string& file, const char* part, std::initializer_list<const char*> rest)
      : binding(open_tensor_file(golden("english/model/" + file)), part),
        network(*part ? binding.root() / part : binding.root()),
        op(*substrate) {
    for (const char* other : rest) binding.root().unused(other, "another network's");
    binding.judge();
    binding.load(op);
  }
};

struct LoadedT3 : Loaded<t3::T3> {
  LoadedT3()
      : Loaded("t3_cfg.safetensors", "", {}) {}
};
struct LoadedFlow : Loaded<flow::Flow> {
  LoadedFlow()
      : Loaded("s3gen.safetensors", "flow", {"mel2wav."}) {}
};
struct LoadedHift : Loaded<hift::Hift> {
  LoadedHift()
      : Loaded("s3gen.safetensors", "mel2wav", {"flow."}) {}
};

// Numbers below tests/goldens/english, such as "reference/step8_f0".
inline std::vector<float> golden_numbers(const std::string& name) {
  const TensorFile file = read_npy(golden("english/" + name + ".npy"));
  return to_float(file.tensors().front());
}
inline std::vector<std::int32_t> golden_ids(const std::string& name) {
  const std::vector<float> numbers = golden_numbers(name);
  return {numbers.begin(), numbers.end()};
}

inline const Axis one{"batch", 1};
inline Axis rows(std::size_t count, Name name = "row") {
  return {name, static_cast<std::int64_t>(count)};
}

}  // namespace nightingale::test
