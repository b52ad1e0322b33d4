#pragma once
// SHA-256 is called for itself: its state is a plain value, and neither a configuration file nor a
// provider is loaded for it. OpenSSL 3 marks these functions as old, and keeps them.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
