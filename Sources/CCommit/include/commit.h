// The commit that the program was built from, where scripts/build or scripts/wheel built it.
#pragma once

// Twelve hexadecimal digits, ", changed" behind them where files differed from that commit; null where it is not known.
const char *steadyset_commit_or_null(void);
