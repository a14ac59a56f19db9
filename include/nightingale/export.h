/* What the library shows. It is compiled with hidden symbols; only what a public header marks with
   NIGHTINGALE_EXPORT can be linked to. For C and C++. */
#ifndef NIGHTINGALE_EXPORT_H
#define NIGHTINGALE_EXPORT_H

#if defined(__GNUC__)
#define NIGHTINGALE_EXPORT __attribute__((visibility("default")))
#else
#define NIGHTINGALE_EXPORT
#endif

#endif
