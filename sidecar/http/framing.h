// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <libsoup/soup.h>

namespace chatterbox::sidecar {

// Why two readers of the same bytes might not agree on where this request ends, or whom it is for;
// null when they must. A proxy before the server is another reader.
const char* framing_fault(SoupServerMessage* message);

}  // namespace chatterbox::sidecar
