// SHA-256, by which a recording is known again whatever its name. The work is nettle's.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace nightingale {

// A sum over bytes that come piece by piece.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void add(std::span<const std::byte> bytes);
  // 64 hexadecimal digits. Starts anew.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_of(std::span<const std::byte> bytes);

}  // namespace nightingale
