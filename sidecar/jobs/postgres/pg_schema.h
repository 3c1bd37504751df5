// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>

#include "jobs/postgres/pg_connection.h"

namespace chatterbox::sidecar {

// Makes the tables or brings them up to this server's version, one server at a time, while others
// of older versions go on. Throws StorageError when they are of a version that this one cannot use.
void prepare_pg_schema(PgConnection& connection);
// Why this server cannot use them any more, a newer one having changed them; empty: it can.
std::string pg_version_fault(PgConnection& connection);
// Servers that know no objects do not start any more.
void use_pg_objects(PgConnection& connection);
// Keeps an object that the transaction's rows name. Throws StorageError when it was removed
// meanwhile.
void keep_pg_object(PgConnection& connection, const std::string& name);

}  // namespace chatterbox::sidecar
