// The sums are those of the standard's own examples (FIPS 180-2, appendix B).
#include "base/sha256.hpp"

#include <doctest/doctest.h>

#include <string_view>

using namespace nightingale;

namespace {

std::string sum_of(std::string_view text) {
  return sha256_of(std::as_bytes(std::span(text)));
}

}  // namespace

TEST_CASE("sha256_gives_the_sums_of_the_standard") {
  CHECK(sum_of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sum_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sum_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST_CASE("sha256_of_pieces_is_that_of_the_whole") {
  Sha256 sum;
  for (const std::string_view piece : {"a", "", "bc"}) sum.add(std::as_bytes(std::span(piece)));
  CHECK(sum.finish() == sum_of("abc"));
  CHECK(sum.finish() == sum_of(""));
}
