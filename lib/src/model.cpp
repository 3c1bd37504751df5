// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Loading: a directory of files becomes the parts of a model.

#include <ATen/Parallel.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <filesystem>
#include <system_error>

#include "chatterbox/engine.h"
#include "chatterbox/error.h"
#include "chatterbox/paths.h"
#include "chatterbox/watermark.h"
#include "hift/hift.h"
#include "internals.h"
#include "log.h"
#include "model_files.h"
#include "model_id.h"
#include "model_parts.h"
#include "nn/threads.h"
#include "placement.h"
#include "quality.h"
#include "s3gen/prompt_cache.h"
#include "s3gen/s3gen.h"
#include "s3gen/xvector.h"
#include "s3tokenizer/s3tokenizer.h"
#include "t3/t3.h"
#include "text/tokenizer.h"
#include "torch_guard.h"
#include "voice_caches.h"
#include "voice_encoder/voice_encoder.h"

namespace chatterbox {
namespace {

namespace fs = std::filesystem;

// Reports progress and turns a refusal into kCancelled.
class Steps {
 public:
  explicit Steps(const Model::Progress& progress) : progress_(progress) {}

  void begin(double fraction, const char* what) const {
    if (progress_ && !progress_(fraction, what))
      throw Error(ErrorCode::kCancelled, "loading the model was cancelled");
  }

 private:
  const Model::Progress& progress_;
};

// A small model's steps are too short to be worth dividing: threads would spend
// their time waiting for each other, and a busy machine would make that worse.
int default_threads(std::uint64_t weight_bytes) {
  return weight_bytes < kLargeModelBytes ? 1 : at::get_num_threads();
}

// Returns to the system what was read or made on the way and nobody needs again. Packed weights
// leave as much behind as they take.
void give_back(const Weights& file) {
  file.release_all();
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

// The quality's type depends on the device, which does not depend on the type.
Placement place(const ModelOptions& options, std::uint64_t weight_bytes) {
  ModelOptions anyhow = options;
  anyhow.dtype = "auto";
  const bool on_processor = choose_placement(anyhow, weight_bytes).device.is_cpu();
  return choose_placement(with_quality(options, on_processor), weight_bytes);
}

std::unique_ptr<ModelParts> load_parts(const std::string& path, const ModelOptions& options,
                                       const Steps& steps) {
  const ModelFiles files = find_model_files(path, options.family);
  auto parts = std::make_unique<ModelParts>();
  steps.begin(0.0, "configuration");
  parts->path = fs::canonical(path).string();
  parts->watermark_path = options.watermark_path;
  parts->config = files.config;
  parts->id = model_id(files.weights_and_text());
  const std::uint64_t weight_bytes =
      fs::file_size(files.t3) + fs::file_size(files.s3gen) + fs::file_size(files.voice_encoder);
  parts->placement = place(options, weight_bytes);
  parts->flow_steps = find_quality(options.quality).guided_steps;
  parts->device_name = device_name(parts->placement.device);
  parts->dtype_name = dtype_name(parts->placement);
  parts->attention =
      choose_attention(with_quality(options, parts->placement.device.is_cpu()).attention,
                       files.config.s3gen.attention, parts->placement.device);
  parts->threads = options.threads > 0 ? options.threads : default_threads(weight_bytes);
  parts->turns = std::make_unique<Turns>(places_for(parts->placement, parts->threads));
  use_threads(parts->threads);

  const ModelConfig& config = parts->config;
  parts->text_tokenizer = TextTokenizer::load(path, config.text.frontend);
  if (parts->text_tokenizer->vocabulary_size() > config.t3.text_vocab)
    throw Error(ErrorCode::kBadFile,
                files.text.front() + ": expected ids below t3.text_vocab " +
                    std::to_string(config.t3.text_vocab) + ", got " +
                    std::to_string(parts->text_tokenizer->vocabulary_size() - 1));

  steps.begin(0.05, "voice encoder");
  const Weights ve(TensorFile::open(files.voice_encoder), parts->placement);
  parts->voice_encoder = std::make_unique<VoiceEncoder>(ve, config.voice_encoder);
  ve.check_all_claimed();
  give_back(ve);

  steps.begin(0.1, "T3");
  const Weights t3(TensorFile::open(files.t3), parts->placement);
  parts->t3 = std::make_unique<T3>(t3, config.t3, parts->threads);
  t3.check_all_claimed();
  parts->files.push_back(t3);
  give_back(t3);

  steps.begin(0.6, "speech tokenizer");
  const Weights s3gen(TensorFile::open(files.s3gen), parts->placement);
  parts->s3tokenizer = std::make_unique<S3Tokenizer>(s3gen.scope("tokenizer"), config.s3tokenizer);
  steps.begin(0.7, "speaker encoder");
  parts->xvector = std::make_unique<XVector>(s3gen.scope("speaker_encoder"), config.xvector);
  steps.begin(0.75, "flow");
  parts->s3gen = std::make_unique<S3Gen>(s3gen.scope("flow"), config);
  give_back(s3gen);
  steps.begin(0.95, "vocoder");
  parts->hift = std::make_unique<Hift>(s3gen.scope("mel2wav"), config.hift);
  parts->voice_caches = std::make_unique<VoiceCaches>(options.voice_cache_bytes);
  s3gen.check_all_claimed();
  parts->files.push_back(s3gen);
  give_back(s3gen);
  parts->voice_path = files.voice;
  return parts;
}

}  // namespace

ModelParts::ModelParts() = default;
ModelParts::~ModelParts() = default;

std::shared_ptr<const PromptCache> ModelParts::prompt(const Voice& voice, FlowAttention attention,
                                                      int steps) const {
  const FlowChoice choice{attention, s3gen->steps_for(steps > 0 ? steps : flow_steps)};
  const VoiceCaches::Variant variant{double(attention == FlowAttention::kChunk),
                                     double(choice.steps)};
  return voice_caches->get<PromptCache>(Internals::conditionals(voice), variant, [&] {
    auto made =
        std::make_shared<const PromptCache>(*s3gen, *Internals::conditionals(voice), choice);
    // Much of the files is read for a voice, and not for its speech.
    for (const Weights& file : files) give_back(file);
    return made;
  });
}

std::shared_ptr<const WatermarkModel> ModelParts::watermark() const {
  const std::lock_guard lock(watermark_mutex_);
  if (!watermark_) watermark_ = WatermarkModel::load(find_watermark(watermark_path, path));
  return watermark_;
}

Model::Model(std::unique_ptr<ModelParts> parts) : parts_(std::move(parts)) {}
Model::~Model() = default;

std::shared_ptr<const Model> Model::load(const std::string& path, const ModelOptions& options,
                                         const Progress& progress) {
  return with_torch([&]() -> std::shared_ptr<const Model> {
    const Steps steps(progress);
    if (options.threads < 0)
      throw Error(ErrorCode::kInvalidArgument,
                  "threads: expected 0 or more, got " + std::to_string(options.threads));
    if (options.voice_cache_bytes < 0)
      throw Error(ErrorCode::kInvalidArgument, "voice_cache_bytes: expected 0 or more, got " +
                                                   std::to_string(options.voice_cache_bytes));
    try {
      std::shared_ptr<Model> model(new Model(load_parts(path, options, steps)));
      if (const std::string& voice = model->parts_->voice_path; !voice.empty())
        model->parts_->builtin_voice = Voice::load(voice, *model);
      steps.begin(1.0, "ready");
      log(LogLevel::kInfo, "loaded " + model->name() + " " + model->id() + " from " + path +
                               " on " + model->device() + " as " + model->dtype());
      return model;
    } catch (const fs::filesystem_error& error) {
      throw Error(ErrorCode::kBadFile, error.what());
    }
  });
}

const std::string& Model::name() const { return parts_->config.name; }
std::string Model::family() const { return to_string(parts_->config.family); }
const std::string& Model::id() const { return parts_->id; }
const std::string& Model::path() const { return parts_->path; }
const std::string& Model::device() const { return parts_->device_name; }
const std::string& Model::dtype() const { return parts_->dtype_name; }
double Model::min_reference_seconds() const { return parts_->config.voice.min_seconds; }
std::int64_t Model::voice_cache_bytes() const { return parts_->voice_caches->bytes(); }
std::vector<std::string> Model::languages() const { return parts_->text_tokenizer->languages(); }
std::vector<std::string> Model::tags() const { return parts_->text_tokenizer->tags(); }
std::shared_ptr<const WatermarkModel> Model::watermark() const { return parts_->watermark(); }
const std::optional<Voice>& Model::builtin_voice() const { return parts_->builtin_voice; }

}  // namespace chatterbox
