// The solved sizes of the published variants, to stand beside those of a checkpoint: a file that is wrong
// everywhere in the same way is valid by design, and is seen only by comparison.
//
// Source: the manifests of the published files (tests/manifests), which a test binds and compares with this
// table. "tiny" is the small model that tests and first steps use.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace nightingale {

struct KnownVariant {
  std::string_view network;  // "T3"
  std::string_view name;     // "multilingual"
};

// Which columns there are for a network, in order.
std::span<const KnownVariant> known_variants();

// The size of that name in the variant; nothing when the table has none. Names are those of SolvedSize
// without the outer scope, and "layers of tfmr.layers" for a row of
// layers; "N" stands for any number in the middle of its path.
std::optional<std::int64_t> known_size(const KnownVariant& variant, std::string_view size);

}  // namespace nightingale
