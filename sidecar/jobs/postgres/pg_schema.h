// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include "jobs/postgres/pg_connection.h"

namespace chatterbox::sidecar {

// Makes the tables or brings them up to this server's version, one server at a time, while others
// of older versions go on. Throws StorageError when they are of a version that this one cannot use.
void prepare_pg_schema(PgConnection& connection);

}  // namespace chatterbox::sidecar
