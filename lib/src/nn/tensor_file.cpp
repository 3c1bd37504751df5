// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "chatterbox/error.h"
#include "descriptor.h"
#include "foreign_file.h"
#include "json_text.h"
#include "nn/weights.h"

namespace chatterbox {
namespace {

using Json = nlohmann::json;

// The reference reader refuses longer headers, so a longer one is an attack or
// an accident.
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;
constexpr std::size_t kMaxDims = 8;

[[noreturn]] void bad(const std::string& path, const std::string& what) {
  throw Error(ErrorCode::kBadFile, path + ": " + what);
}

std::string quoted(const std::string& name) { return "tensor \"" + name.substr(0, 200) + "\""; }

struct StoredType {
  const char* name;
  at::ScalarType type;
};
constexpr StoredType kStoredTypes[] = {
    {"F64", at::kDouble}, {"F32", at::kFloat}, {"F16", at::kHalf},  {"BF16", at::kBFloat16},
    {"I64", at::kLong},   {"I32", at::kInt},   {"I16", at::kShort}, {"I8", at::kChar},
    {"U8", at::kByte},    {"BOOL", at::kBool},
};

// Bytes with an owner: a mapped file, or memory that the caller keeps alive.
struct Bytes {
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
  bool mapped = false;

  Bytes() = default;
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  ~Bytes() {
    if (mapped) ::munmap(const_cast<std::uint8_t*>(data), size);
  }
};

std::shared_ptr<const Bytes> map_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid())
    throw Error(ErrorCode::kNotFound, path + ": cannot be opened: " + std::strerror(errno));
  struct stat status;
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) bad(path, "is not a file");
  if (status.st_size < 8) bad(path, "expected a safetensors file, got fewer than 8 bytes");
  auto bytes = std::make_shared<Bytes>();
  bytes->size = std::size_t(status.st_size);
  void* address = ::mmap(nullptr, bytes->size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (address == MAP_FAILED)
    throw Error(ErrorCode::kOutOfMemory, path + ": cannot be mapped: " + std::strerror(errno));
  bytes->data = static_cast<const std::uint8_t*>(address);
  bytes->mapped = true;
  return bytes;
}

struct Entry {
  at::ScalarType type = at::kFloat;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;  // from the first byte of data
  std::uint64_t end = 0;
};

Entry parse_entry(const std::string& path, const std::string& name, const Json& json) {
  const auto fail = [&](const std::string& what) { bad(path, quoted(name) + ": " + what); };
  if (!json.is_object() || json.size() != 3 || !json.contains("dtype") || !json.contains("shape") ||
      !json.contains("data_offsets"))
    fail("expected dtype, shape and data_offsets");

  Entry entry;
  const Json& dtype = json["dtype"];
  const auto* known = std::find_if(std::begin(kStoredTypes), std::end(kStoredTypes),
                                   [&](const StoredType& t) { return dtype == t.name; });
  if (known == std::end(kStoredTypes)) fail("unknown dtype " + json_text(dtype).substr(0, 40));
  entry.type = known->type;

  const Json& shape = json["shape"];
  if (!shape.is_array() || shape.size() > kMaxDims) fail("expected a shape of at most 8 sizes");
  std::uint64_t bytes = c10::elementSize(entry.type);
  for (const Json& size : shape) {
    if (!size.is_number_unsigned()) fail("expected sizes of 0 or more in the shape");
    const auto value = size.get<std::uint64_t>();
    if (value > std::uint64_t(INT64_MAX) || __builtin_mul_overflow(bytes, value, &bytes) ||
        bytes > std::uint64_t(INT64_MAX))
      fail("shape is too large");
    entry.shape.push_back(std::int64_t(value));
  }

  const Json& offsets = json["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned())
    fail("expected two data_offsets");
  entry.begin = offsets[0].get<std::uint64_t>();
  entry.end = offsets[1].get<std::uint64_t>();
  if (entry.end < entry.begin || entry.end - entry.begin != bytes)
    fail("expected " + std::to_string(bytes) + " bytes for its shape and dtype, got offsets " +
         std::to_string(entry.begin) + " to " + std::to_string(entry.end));
  return entry;
}

// A JSON object may repeat a key and the last one would silently win.
Json parse_header(const std::string& path, std::string_view text) {
  std::set<std::string> seen;
  try {
    return parse_json(text, [&](const std::string& key) {
      if (!seen.insert(key).second) bad(path, quoted(key) + " appears twice");
    });
  } catch (const Json::exception& error) {
    bad(path, std::string("malformed safetensors header: ") + error.what());
  }
}

class SafetensorsFile : public TensorFile {
 public:
  SafetensorsFile(std::string path, std::shared_ptr<const Bytes> bytes)
      : path_(std::move(path)), bytes_(std::move(bytes)) {
    if (bytes_->size < 8) bad(path_, "expected a safetensors file, got fewer than 8 bytes");
    const std::string foreign =
        describe_foreign_file({reinterpret_cast<const char*>(bytes_->data), bytes_->size});
    if (!foreign.empty()) bad(path_, "expected a safetensors file, got " + foreign);
    std::uint64_t header_bytes = 0;
    for (int i = 7; i >= 0; --i) header_bytes = header_bytes << 8 | bytes_->data[i];
    if (header_bytes > kMaxHeaderBytes || header_bytes > bytes_->size - 8)
      bad(path_, "expected a header of at most " +
                     std::to_string(std::min<std::uint64_t>(kMaxHeaderBytes, bytes_->size - 8)) +
                     " bytes, got " + std::to_string(header_bytes));
    const std::uint8_t* begin = bytes_->data + 8;
    const Json header = parse_header(path_, {reinterpret_cast<const char*>(begin), header_bytes});
    if (!header.is_object()) bad(path_, "expected a JSON object as header");
    for (const auto& [name, json] : header.items())
      if (name != "__metadata__") entries_.emplace(name, parse_entry(path_, name, json));
    data_ = begin + header_bytes;
    check_layout(bytes_->size - 8 - header_bytes);
  }

  const std::string& path() const override { return path_; }

  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& [name, entry] : entries_) names.push_back(name);
    return names;
  }

  bool has(const std::string& name) const override { return entries_.count(name) > 0; }

  at::Tensor tensor(const std::string& name) const override {
    const Entry& entry = find(name);
    const std::uint8_t* first = data_ + entry.begin;
    // torch reads any byte but 0 and 1 as a broken bool.
    const at::ScalarType stored = entry.type == at::kBool ? at::kByte : entry.type;
    const auto options = at::TensorOptions().dtype(stored);
    if (entry.begin == entry.end) return at::empty(entry.shape, options.dtype(entry.type));
    const bool aligned = reinterpret_cast<std::uintptr_t>(first) % c10::elementSize(stored) == 0;
    if (!aligned) {
      at::Tensor copy = at::empty(entry.shape, options);
      std::memcpy(copy.data_ptr(), first, entry.end - entry.begin);
      return copy;
    }
    at::Tensor view = at::from_blob(
        const_cast<std::uint8_t*>(first), entry.shape, [owner = bytes_](void*) {}, options);
    return entry.type == at::kBool ? view.ne(0) : view;
  }

  void release(const std::string& name) const override {
    const Entry& entry = find(name);
    release(data_ + entry.begin, data_ + entry.end);
  }

  void release_all() const override { release(bytes_->data, bytes_->data + bytes_->size); }

 private:
  // Whole pages alone: others hold what belongs to neighbours.
  void release(const std::uint8_t* begin, const std::uint8_t* end) const {
    if (!bytes_->mapped) return;
    const auto page = std::uintptr_t(::sysconf(_SC_PAGESIZE));
    const std::uintptr_t first = (reinterpret_cast<std::uintptr_t>(begin) + page - 1) / page * page;
    const std::uintptr_t last = reinterpret_cast<std::uintptr_t>(end) / page * page;
    if (last > first) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
  }

  const Entry& find(const std::string& name) const {
    const auto found = entries_.find(name);
    if (found == entries_.end()) bad(path_, quoted(name) + " is missing");
    return found->second;
  }

  // The format asks for data without overlaps, holes or a rest.
  void check_layout(std::uint64_t data_bytes) const {
    std::vector<std::pair<const Entry*, const std::string*>> sorted;
    for (const auto& [name, entry] : entries_) sorted.emplace_back(&entry, &name);
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
      return std::pair(a.first->begin, a.first->end) < std::pair(b.first->begin, b.first->end);
    });
    std::uint64_t position = 0;
    for (const auto& [entry, name] : sorted) {
      if (entry->begin != position)
        bad(path_, quoted(*name) + ": expected data at offset " + std::to_string(position) +
                       ", got " + std::to_string(entry->begin));
      position = entry->end;
    }
    if (position != data_bytes)
      bad(path_, "expected " + std::to_string(position) + " bytes of data, got " +
                     std::to_string(data_bytes));
  }

  std::string path_;
  std::shared_ptr<const Bytes> bytes_;
  const std::uint8_t* data_ = nullptr;
  std::map<std::string, Entry> entries_;
};

}  // namespace

std::shared_ptr<const TensorFile> TensorFile::open(const std::string& path) {
  return std::make_shared<SafetensorsFile>(path, map_file(path));
}

std::shared_ptr<const TensorFile> TensorFile::from_memory(const void* data, std::size_t size,
                                                          const std::string& name) {
  auto bytes = std::make_shared<Bytes>();
  bytes->data = static_cast<const std::uint8_t*>(data);
  bytes->size = size;
  return std::make_shared<SafetensorsFile>(name, std::move(bytes));
}

}  // namespace chatterbox
