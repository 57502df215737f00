// libjpeg-turbo, found by pkg-config. `jpeglib.h` needs `stdio.h` and does not include it.

#ifndef CJPEG_SHIM_H
#define CJPEG_SHIM_H

#include <stdio.h>

#include <jpeglib.h>

#endif
