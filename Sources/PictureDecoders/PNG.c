#include "PictureDecoders.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <png.h>

/// One decoder with its way out. It belongs to the caller of the function that calls setjmp, so that
/// its values are defined after a longjmp.
typedef struct {
  png_structp png;
  png_infop info;
  picture_file rest;
  jmp_buf way_out;
  char *message;
} decoder;

static void fail(decoder *self, const char *reason) {
  snprintf(self->message, PICTURE_MESSAGE_BYTES, "%s", reason);
  longjmp(self->way_out, 1);
}

static void on_error(png_structp png, const char *reason) { fail(png_get_error_ptr(png), reason); }

/// Warnings are about what is no part of the pixels, such as a damaged colour profile.
static void on_warning(png_structp png, const char *reason) {
  (void)png;
  (void)reason;
}

static void read_bytes(png_structp png, png_bytep target, size_t count) {
  decoder *self = png_get_io_ptr(png);
  if (count > self->rest.count) fail(self, "the file ends too early");
  memcpy(target, self->rest.bytes, count);
  self->rest.bytes += count;
  self->rest.count -= count;
}

/// Makes the decoder and reads the header.
static void open_file(decoder *self) {
  self->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, self, on_error, on_warning);
  if (!self->png) fail(self, "no memory");
  self->info = png_create_info_struct(self->png);
  if (!self->info) fail(self, "no memory");
  png_set_read_fn(self->png, self, read_bytes);
  // The caller has limits of its own, on the product.
  png_set_user_limits(self->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_read_info(self->png, self->info);
}

/// What libpng's own conversions make of every kind of PNG: red, green, blue, 8 bits each. Of 16 bits
/// the high ones are kept, and alpha is dropped, not blended.
static void convert_to_rgb(decoder *self) {
  png_structp png = self->png;
  int color = png_get_color_type(png, self->info);
  if (color == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (color == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png);
  if (!(color & PNG_COLOR_MASK_COLOR)) png_set_gray_to_rgb(png);
  png_set_strip_16(png);
  png_set_strip_alpha(png);
}

static void read_pixels(decoder *self, picture_size size, uint8_t *rgb) {
  png_structp png = self->png;
  size_t stride = (size_t)size.width * 3;
  convert_to_rgb(self);
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, self->info);
  if (png_get_image_width(png, self->info) != size.width
      || png_get_image_height(png, self->info) != size.height
      || png_get_rowbytes(png, self->info) != stride) {
    fail(self, "not the size that its header says");
  }
  for (int pass = 0; pass < passes; pass++) {
    for (uint32_t y = 0; y < size.height; y++) png_read_row(png, rgb + y * stride, NULL);
  }
  png_read_end(png, NULL);
}

static bool read_size(decoder *self, picture_size *size) {
  if (setjmp(self->way_out)) return false;
  open_file(self);
  size->width = png_get_image_width(self->png, self->info);
  size->height = png_get_image_height(self->png, self->info);
  return true;
}

static bool decode(decoder *self, picture_size size, uint8_t *rgb) {
  if (setjmp(self->way_out)) return false;
  open_file(self);
  read_pixels(self, size, rgb);
  return true;
}

static void prepare(decoder *self, picture_file file, char *message) {
  memset(self, 0, sizeof *self);
  self->rest = file;
  self->message = message;
}

bool picture_png_size(picture_file file, picture_size *size, char *message) {
  decoder self;
  prepare(&self, file, message);
  bool is_done = read_size(&self, size);
  png_destroy_read_struct(&self.png, &self.info, NULL);
  return is_done;
}

bool picture_png_decode(picture_file file, picture_size size, uint8_t *rgb, char *message) {
  decoder self;
  prepare(&self, file, message);
  bool is_done = decode(&self, size, rgb);
  png_destroy_read_struct(&self.png, &self.info, NULL);
  return is_done;
}
