// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "voice/torch_pickle.h"

#include <bit>
#include <cstring>
#include <map>
#include <string>
#include <utility>

#include "chatterbox/error.h"
#include "voice/byte_reader.h"

namespace chatterbox {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are stored little-endian");

[[noreturn]] void bad(const std::string& what) {
  throw Error(ErrorCode::kBadFile, "torch archive: " + what);
}

struct StorageType {
  std::string_view name;
  at::ScalarType type;
};
constexpr StorageType kStorageTypes[] = {
    {"FloatStorage", at::kFloat},       {"DoubleStorage", at::kDouble}, {"HalfStorage", at::kHalf},
    {"BFloat16Storage", at::kBFloat16}, {"LongStorage", at::kLong},     {"IntStorage", at::kInt},
};

constexpr std::string_view kRebuildTensor = "_rebuild_tensor_v2";
constexpr std::string_view kRebuildParameter = "_rebuild_parameter";
constexpr std::string_view kOrderedDict = "OrderedDict";
constexpr std::size_t kMaxDims = 8;

// A voice has seven tensors and less than a kilobyte of instructions. The limit
// bounds what a hostile program can allocate.
constexpr std::size_t kMaxProgramBytes = 64 << 10;

// Names as in Python's pickletools.
enum Instruction : std::uint8_t {
  kNone = 'N',
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kBinInt = 'J',
  kLong1 = 0x8a,
  kBinFloat = 'G',
  kBinUnicode = 'X',
  kEmptyDict = '}',
  kEmptyTuple = ')',
  kMark = '(',
  kTuple = 't',
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kSetItem = 's',
  kSetItems = 'u',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kGlobal = 'c',
  kBinPersid = 'Q',
  kReduce = 'R',
  kStop = '.',
};

}  // namespace

class TorchUnpickler {
 public:
  using Kind = TorchPickle::Kind;
  using Object = TorchPickle::Object;

  TorchUnpickler(TorchPickle& result, const TorchRecords& records, std::string_view program)
      : result_(result), records_(records), program_(program) {}

  void run() {
    if (program_.take(1) != "\x80" || program_.take(1) != "\x02") bad("expected pickle protocol 2");
    for (;;) {
      const auto code = std::uint8_t(program_.take(1).front());
      if (code == kStop) break;
      step(code);
    }
    result_.root_ = pop();
  }

 private:
  void step(std::uint8_t code) {
    switch (code) {
      case kNone:
        return push({});
      case kNewTrue:
        return push_integer(1);
      case kNewFalse:
        return push_integer(0);
      case kBinInt1:
        return push_integer(program_.number<std::uint8_t>());
      case kBinInt2:
        return push_integer(program_.number<std::uint16_t>());
      case kBinInt:
        return push_integer(std::int32_t(program_.number<std::uint32_t>()));
      case kLong1:
        return push_long();
      case kBinFloat:
        return push_float();
      case kBinUnicode:
        return push_text(program_.take(program_.number<std::uint32_t>()));
      case kEmptyDict:
        return push_kind(Kind::kDict);
      case kEmptyTuple:
        return push_kind(Kind::kTuple);
      case kMark:
        return marks_.push_back(stack_.size());
      case kTuple:
        return push_tuple(pop_mark());
      case kTuple1:
        return push_tuple(pop(1));
      case kTuple2:
        return push_tuple(pop(2));
      case kTuple3:
        return push_tuple(pop(3));
      case kSetItem:
        return set_items(pop(2));
      case kSetItems:
        return set_items(pop_mark());
      case kBinPut:
        return keep(program_.number<std::uint8_t>());
      case kLongBinPut:
        return keep(program_.number<std::uint32_t>());
      case kBinGet:
        return recall(program_.number<std::uint8_t>());
      case kLongBinGet:
        return recall(program_.number<std::uint32_t>());
      case kGlobal:
        return push_global();
      case kBinPersid:
        return push_storage(pop());
      case kReduce:
        return reduce();
      default:
        bad("expected dictionaries of tensors, got pickle instruction " + std::to_string(code));
    }
  }

  void push(Object object) {
    result_.objects_.push_back(std::move(object));
    stack_.push_back(result_.objects_.size() - 1);
  }
  void push_kind(Kind kind) {
    Object object;
    object.kind = kind;
    push(std::move(object));
  }
  void push_integer(std::int64_t value) {
    Object object;
    object.kind = Kind::kNumber;
    object.integer = value;
    object.number = double(value);
    push(std::move(object));
  }
  void push_long() {
    const std::string_view bytes = program_.take(program_.number<std::uint8_t>());
    if (bytes.size() > 8) bad("an integer of more than 64 bits");
    std::uint64_t value = !bytes.empty() && std::int8_t(bytes.back()) < 0 ? ~std::uint64_t(0) : 0;
    for (std::size_t i = bytes.size(); i > 0; --i) value = value << 8 | std::uint8_t(bytes[i - 1]);
    push_integer(std::int64_t(value));
  }
  void push_float() {
    std::uint64_t bits = 0;  // the one big-endian number of a pickle
    for (const char byte : program_.take(8)) bits = bits << 8 | std::uint8_t(byte);
    Object object;
    object.kind = Kind::kNumber;
    object.number = std::bit_cast<double>(bits);
    push(std::move(object));
  }
  void push_text(std::string_view text) {
    Object object;
    object.kind = Kind::kText;
    object.text = text;
    push(std::move(object));
  }
  void push_tuple(std::vector<std::size_t> items) {
    Object object;
    object.kind = Kind::kTuple;
    object.items = std::move(items);
    push(std::move(object));
  }

  std::size_t top() const {
    if (stack_.empty()) bad("takes from an empty stack");
    return stack_.back();
  }
  std::size_t pop() { return pop(1).front(); }
  std::vector<std::size_t> pop(std::size_t count) {
    const std::size_t floor = marks_.empty() ? 0 : marks_.back();
    if (stack_.size() - floor < count) bad("takes from an empty stack");
    const std::vector<std::size_t> items(stack_.end() - std::ptrdiff_t(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return items;
  }
  std::vector<std::size_t> pop_mark() {
    if (marks_.empty()) bad("takes from an empty stack");
    const std::size_t count = stack_.size() - marks_.back();
    std::vector<std::size_t> items = pop(count);
    marks_.pop_back();
    return items;
  }
  void keep(std::uint32_t number) { memo_[number] = top(); }
  void recall(std::uint32_t number) {
    const auto found = memo_.find(number);
    if (found == memo_.end()) bad("recalls what it did not keep");
    stack_.push_back(found->second);
  }
  const Object& expect(std::size_t object, Kind kind) const {
    const Object& found = result_.objects_[object];
    if (found.kind != kind) bad("an object of another kind than its use");
    return found;
  }

  void set_items(const std::vector<std::size_t>& items) {
    if (items.size() % 2 != 0) bad("a key without a value");
    expect(top(), Kind::kDict);
    std::vector<std::size_t>& all = result_.objects_[top()].items;
    all.insert(all.end(), items.begin(), items.end());
  }

  void push_global() {
    const std::string_view module = program_.line();
    Object object;
    object.text = program_.line();
    for (const StorageType& known : kStorageTypes) {
      if (module != "torch" || object.text != known.name) continue;
      object.kind = Kind::kType;
      object.type = known.type;
      return push(std::move(object));
    }
    const bool rebuilds = object.text == kRebuildTensor || object.text == kRebuildParameter;
    if (!(module == "torch._utils" && rebuilds) &&
        !(module == "collections" && object.text == kOrderedDict))
      bad("expected dictionaries of tensors, got " + std::string(module.substr(0, 80)) + "." +
          std::string(object.text.substr(0, 80)));
    object.kind = Kind::kFunction;
    push(std::move(object));
  }

  // ("storage", type, record, device, elements)
  void push_storage(std::size_t persistent) {
    const Object& id = expect(persistent, Kind::kTuple);
    if (id.items.size() != 5) bad("a storage without its five properties");
    const Object& type = expect(id.items[1], Kind::kType);
    const auto record = records_.find("data/" + std::string(expect(id.items[2], Kind::kText).text));
    if (record == records_.end()) bad("a tensor without its record");
    Object object;
    object.kind = Kind::kStorage;
    object.type = type.type;
    object.storage = record->second;
    push(std::move(object));
  }

  void reduce() {
    const std::size_t arguments = pop();
    const std::string_view function = expect(pop(), Kind::kFunction).text;
    const std::vector<std::size_t>& given = expect(arguments, Kind::kTuple).items;
    if (function == kOrderedDict) {  // backward hooks, of which there are none
      if (!given.empty()) bad("an ordered dictionary with contents");
      return push_kind(Kind::kDict);
    }
    if (function == kRebuildParameter) {  // (tensor, requires_grad, hooks)
      if (given.empty()) bad("a parameter without its tensor");
      expect(given[0], Kind::kTensor);
      return stack_.push_back(given[0]);
    }
    // (storage, offset, sizes, strides, requires_grad, hooks)
    if (given.size() < 4) bad("a tensor without its properties");
    Object object = expect(given[0], Kind::kStorage);
    object.kind = Kind::kTensor;
    object.offset = expect(given[1], Kind::kNumber).integer;
    object.sizes = integers(given[2]);
    object.strides = integers(given[3]);
    push(std::move(object));
  }

  std::vector<std::int64_t> integers(std::size_t tuple) const {
    const std::vector<std::size_t>& items = expect(tuple, Kind::kTuple).items;
    if (items.size() > kMaxDims) bad("a tensor of more than 8 dimensions");
    std::vector<std::int64_t> values;
    for (const std::size_t item : items) values.push_back(expect(item, Kind::kNumber).integer);
    return values;
  }

  TorchPickle& result_;
  const TorchRecords& records_;
  ByteReader program_;
  std::vector<std::size_t> stack_, marks_;
  std::map<std::uint32_t, std::size_t> memo_;
};

TorchPickle::TorchPickle(const TorchRecords& records) {
  const auto order = records.find("byteorder");
  if (order != records.end() && order->second != "little") bad("expected little-endian tensors");
  const auto program = records.find("data.pkl");
  if (program == records.end()) bad("has no data.pkl");
  if (program->second.size() > kMaxProgramBytes)
    bad("expected at most " + std::to_string(kMaxProgramBytes) + " bytes of pickle, got " +
        std::to_string(program->second.size()));
  TorchUnpickler(*this, records, program->second).run();
}

const TorchPickle::Object& TorchPickle::at(const Object& dict, std::string_view key) const {
  if (dict.kind == Kind::kDict)
    for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
      const Object& candidate = objects_[dict.items[i]];
      if (candidate.kind == Kind::kText && candidate.text == key)
        return objects_[dict.items[i + 1]];
    }
  bad("has no \"" + std::string(key) + "\"");
}

at::Tensor to_tensor(const TorchPickle::Object& object, const std::string& name) {
  if (object.kind != TorchPickle::Kind::kTensor) bad("\"" + name + "\" is no tensor");
  const auto elements = std::int64_t(object.storage.size() / c10::elementSize(object.type));
  if (object.sizes.size() != object.strides.size() || object.offset < 0 ||
      object.offset >= elements)
    bad("\"" + name + "\" reaches beyond its storage");
  // The last element lies inside, and no element is there twice: then neither
  // these sums nor the copy can grow beyond the file.
  std::int64_t last = object.offset, count = 1;
  for (std::size_t i = 0; i < object.sizes.size(); ++i) {
    const std::int64_t size = object.sizes[i], stride = object.strides[i];
    if (size < 1 || size > elements || stride < 0 || stride > elements || count * size > elements)
      bad("\"" + name + "\" reaches beyond its storage");
    count *= size;
    last += (size - 1) * stride;
    if (last >= elements) bad("\"" + name + "\" reaches beyond its storage");
  }
  const at::Tensor storage = at::empty({elements}, at::TensorOptions().dtype(object.type));
  std::memcpy(storage.data_ptr(), object.storage.data(),
              std::size_t(elements) * c10::elementSize(object.type));
  return storage.as_strided(object.sizes, object.strides, object.offset)
      .clone(at::MemoryFormat::Contiguous);
}

}  // namespace chatterbox
