#pragma once
#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

// libarchive converts names to the locale's character set, and gives none where it cannot. In a UTF-8 locale the
// names of all formats arrive whole. Macros, so that Swift does not see them by themselves.
static inline locale_t vml_utf8_locale(void) { return newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0); }
