// A loaded model: every tensor bound and judged, the pipeline proved, the weights prepared for one substrate.
//
// Constant after opening, apart from what the substrate keeps for itself and the decoder, where requests
// meet; a request's state lives in the request.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "models/flow/flow.hpp"
#include "models/hift/hift.hpp"
#include "models/t3/t3.hpp"
#include "synthesis/decoder.hpp"
#include "synthesis/model_folder.hpp"
#include "synthesis/openings.hpp"
#include "synthesis/watermark.hpp"
#include "text/tokenizer.hpp"

namespace nightingale {

class Model {
 public:
  // Throws Failure: model_mismatch (all faults of a file in one report, or files that do not fit each other),
  // file_invalid, memory.
  // `watermark` is the file of the watermark's network, or empty: then nothing is marked.
  Model(const ModelFolder& folder, std::unique_ptr<Ops> substrate, const std::string& watermark = {},
        const Precisions& precisions = {});

  const ModelFolder& folder() const { return folder_; }
  bool multilingual() const { return folder_.language == ModelLanguage::multilingual; }
  const Tokenizer& tokenizer() const { return tokenizer_; }
  const t3::T3& t3() const { return *t3_; }
  const flow::Flow& flow() const { return *flow_; }
  const hift::Hift& hift() const { return *hift_; }
  const Watermark* watermark() const { return watermark_.get(); }  // null: what is spoken is not marked
  const std::vector<std::string>& proof() const { return proof_; }

  Ops& ops() const { return *substrate_; }
  Decoder& decoder() const { return *decoder_; }
  Openings& openings() const { return *openings_; }

 private:
  void check_vocabularies() const;

  ModelFolder folder_;
  Tokenizer tokenizer_;
  std::unique_ptr<Ops> substrate_;
  std::unique_ptr<t3::T3> t3_;
  std::unique_ptr<flow::Flow> flow_;
  std::unique_ptr<hift::Hift> hift_;
  std::unique_ptr<Watermark> watermark_;
  std::vector<std::string> proof_;
  std::unique_ptr<Decoder> decoder_;
  std::unique_ptr<Openings> openings_ = std::make_unique<Openings>();
};

// The three networks bound to files or manifests, without numbers: for `inspect` and the proof of a manifest.
std::unique_ptr<t3::T3> bind_t3(Binding& binding);
struct BoundS3gen {
  std::unique_ptr<flow::Flow> flow;
  std::unique_ptr<hift::Hift> hift;
};
// All of an s3gen file that speaks, the rest said to be unused; and its own parts only.
BoundS3gen bind_s3gen(Binding& binding);
BoundS3gen bind_flow_and_vocoder(Binding& binding);

}  // namespace nightingale
