// JPEG and PNG to RGB with 8 bits, for Swift.
//
// Both libraries report errors by longjmp, which may not cross Swift. So it happens in here, and
// what comes out is a status with a message. Each call stands for itself: nothing is kept.

#ifndef PICTURE_DECODERS_H
#define PICTURE_DECODERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Bytes of a message, its final zero included.
#define PICTURE_MESSAGE_BYTES 256

/// A whole file in memory.
typedef struct {
  const uint8_t *bytes;
  size_t count;
} picture_file;

/// Extents in pixels, as the file's header says.
typedef struct {
  uint32_t width;
  uint32_t height;
} picture_size;

/// Reads a JPEG's size, without its pixels. On failure `message` says why, in a line.
bool picture_jpeg_size(picture_file file, picture_size *size, char message[PICTURE_MESSAGE_BYTES]);

/// Decodes a JPEG of `size` into `width * height * 3` bytes, as `tf.io.decode_jpeg(channels=3)` does.
bool picture_jpeg_decode(
    picture_file file, picture_size size, uint8_t *rgb, char message[PICTURE_MESSAGE_BYTES]);

/// Reads a PNG's size, without its pixels. On failure `message` says why, in a line.
bool picture_png_size(picture_file file, picture_size *size, char message[PICTURE_MESSAGE_BYTES]);

/// Decodes a PNG of `size` into `width * height * 3` bytes, as `tf.io.decode_png(channels=3)` does.
bool picture_png_decode(
    picture_file file, picture_size size, uint8_t *rgb, char message[PICTURE_MESSAGE_BYTES]);

#endif
