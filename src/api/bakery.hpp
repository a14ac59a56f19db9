// The networks that bake, opened: what a Baker and a Bench hold.
#pragma once

#include <memory>

#include "nightingale/nightingale.hpp"
#include "synthesis/model_folder.hpp"
#include "voice/baking_networks.hpp"

namespace nightingale {

struct Bakery {
  BakingFolder folder;
  std::unique_ptr<Ops> substrate;
  BakingNetworks networks;

  Bakery(BakingFolder files, std::unique_ptr<Ops> ops)
      : folder(std::move(files)),
        substrate(std::move(ops)),
        networks(folder.voice_encoder, folder.s3gen, *substrate) {}
};

// Throws Failure as Baker::open says.
std::shared_ptr<const Bakery> open_bakery(const std::string& model, const EngineOptions& options);

}  // namespace nightingale
