// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "voice/torch_zip.h"

#include <cstdint>
#include <optional>

#include "chatterbox/error.h"
#include "voice/byte_reader.h"

namespace chatterbox {
namespace {

// PKWARE's APPNOTE.TXT, sections 4.3 and 4.5.
constexpr std::uint32_t kLocalHeader = 0x04034b50;
constexpr std::uint32_t kCentralHeader = 0x02014b50;
constexpr std::uint32_t kEnd = 0x06054b50;
constexpr std::uint32_t kEnd64 = 0x06064b50;
constexpr std::uint32_t kEnd64Locator = 0x07064b50;
constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kEnd64LocatorBytes = 20;
constexpr std::uint16_t kZip64Extra = 1;
constexpr std::uint32_t kInExtra32 = 0xffffffff;

[[noreturn]] void bad(const std::string& what) {
  throw Error(ErrorCode::kBadFile, "torch archive: " + what);
}

struct EntryTable {
  std::uint64_t entries = 0, position = 0;
};

void expect(ByteReader& reader, std::uint32_t signature, const char* what) {
  if (reader.number<std::uint32_t>() != signature) bad(std::string("expected ") + what);
}

// The last record of the archive; torch.save never adds a comment behind it.
EntryTable find_directory(std::string_view bytes) {
  if (bytes.size() < kEndBytes) bad("too short");
  const std::size_t end = bytes.size() - kEndBytes;
  ByteReader reader(bytes, end);
  expect(reader, kEnd, "an end record");
  reader.take(6);
  EntryTable table;
  table.entries = reader.number<std::uint16_t>();
  reader.take(4);
  table.position = reader.number<std::uint32_t>();
  if (end < kEnd64LocatorBytes) return table;

  ByteReader locator(bytes, end - kEnd64LocatorBytes);
  if (locator.number<std::uint32_t>() != kEnd64Locator) return table;
  locator.take(4);
  ByteReader end64(bytes, locator.number<std::uint64_t>());
  expect(end64, kEnd64, "a 64-bit end record");
  end64.take(28);
  table.entries = end64.number<std::uint64_t>();
  end64.take(8);
  table.position = end64.number<std::uint64_t>();
  return table;
}

struct Entry {
  std::string_view name;
  std::uint64_t stored = 0, size = 0, position = 0;
};

// Values too large for their field are in the extra field, in this order.
void read_zip64(std::string_view extra, Entry& entry) {
  ByteReader fields(extra);
  for (std::size_t left = extra.size(); left >= 4;) {
    const auto id = fields.number<std::uint16_t>();
    const auto size = fields.number<std::uint16_t>();
    ByteReader field(fields.take(size));
    left -= 4 + size;
    if (id != kZip64Extra) continue;
    for (std::uint64_t* value : {&entry.size, &entry.stored, &entry.position})
      if (*value == kInExtra32) *value = field.number<std::uint64_t>();
  }
}

Entry read_entry(ByteReader& reader) {
  Entry entry;
  expect(reader, kCentralHeader, "a directory entry");
  reader.take(4);
  const auto flags = reader.number<std::uint16_t>();
  const auto method = reader.number<std::uint16_t>();
  reader.take(8);
  entry.stored = reader.number<std::uint32_t>();
  entry.size = reader.number<std::uint32_t>();
  const auto name_bytes = reader.number<std::uint16_t>();
  const auto extra_bytes = reader.number<std::uint16_t>();
  const auto comment_bytes = reader.number<std::uint16_t>();
  reader.take(8);
  entry.position = reader.number<std::uint32_t>();
  entry.name = reader.take(name_bytes);
  read_zip64(reader.take(extra_bytes), entry);
  reader.take(comment_bytes);
  if (method != 0 || (flags & 1) != 0 || entry.stored != entry.size)
    bad("expected records without compression or encryption");
  return entry;
}

std::string_view contents(std::string_view bytes, const Entry& entry) {
  ByteReader reader(bytes, entry.position);
  expect(reader, kLocalHeader, "a record header");
  reader.take(22);
  const auto name_bytes = reader.number<std::uint16_t>();
  const auto extra_bytes = reader.number<std::uint16_t>();
  reader.take(std::size_t(name_bytes) + extra_bytes);
  return reader.take(entry.size);
}

}  // namespace

TorchRecords read_torch_zip(std::string_view bytes) {
  const EntryTable table = find_directory(bytes);
  ByteReader reader(bytes, table.position);
  TorchRecords records;
  for (std::uint64_t i = 0; i < table.entries; ++i) {
    const Entry entry = read_entry(reader);
    const std::size_t slash = entry.name.find('/');
    if (slash == std::string_view::npos) bad("expected all records in one folder");
    const std::string name(entry.name.substr(slash + 1));
    if (!records.emplace(name, contents(bytes, entry)).second) bad("two records named " + name);
  }
  return records;
}

}  // namespace chatterbox
