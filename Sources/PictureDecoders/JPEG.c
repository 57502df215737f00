#include "PictureDecoders.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

/// Scans of a progressive JPEG. Encoders write about ten; a hostile file has thousands, each over all
/// of the picture.
enum { most_scans = 100 };

/// One decoder with its way out. It belongs to the caller of the function that calls setjmp, so that
/// its values are defined after a longjmp.
typedef struct {
  struct jpeg_decompress_struct jpeg;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf way_out;
  char *message;
} decoder;

static void fail(decoder *self, const char *reason) {
  snprintf(self->message, PICTURE_MESSAGE_BYTES, "%s", reason);
  longjmp(self->way_out, 1);
}

static void on_error(j_common_ptr jpeg) {
  char reason[JMSG_LENGTH_MAX];
  jpeg->err->format_message(jpeg, reason);
  fail(jpeg->client_data, reason);
}

/// Whether a warning is about bytes that are no part of the picture's data.
static bool is_harmless(int warning) {
  return warning == JWRN_EXTRANEOUS_DATA || warning == JWRN_ADOBE_XFORM
      || warning == JWRN_JFIF_MAJOR;
}

/// libjpeg only warns of damaged data and makes pixels up. Here that is an error.
static void on_message(j_common_ptr jpeg, int level) {
  if (level < 0 && !is_harmless(jpeg->err->msg_code)) on_error(jpeg);
}

static void on_progress(j_common_ptr jpeg) {
  if (((j_decompress_ptr)jpeg)->input_scan_number > most_scans) {
    fail(jpeg->client_data, "more than 100 scans");
  }
}

/// Makes the decoder and reads the header.
static void open_file(decoder *self, picture_file file) {
  self->errors.error_exit = on_error;
  self->errors.emit_message = on_message;
  jpeg_create_decompress(&self->jpeg);
  self->progress.progress_monitor = on_progress;
  self->jpeg.progress = &self->progress;
  jpeg_mem_src(&self->jpeg, file.bytes, (unsigned long)file.count);
  jpeg_read_header(&self->jpeg, TRUE);
}

static bool is_cmyk(j_decompress_ptr jpeg) {
  return jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
}

/// CMYK without a colour profile, in TensorFlow's integers. Adobe's programs store it inverted.
static void convert_row(const uint8_t *cmyk, uint32_t width, bool is_inverted, uint8_t *rgb) {
  for (uint32_t x = 0; x < width; x++, cmyk += 4, rgb += 3) {
    for (int channel = 0; channel < 3; channel++) {
      int ink = cmyk[channel], black = cmyk[3];
      rgb[channel] = (uint8_t)(
          is_inverted ? black * ink / 255 : (255 - black) * (255 - ink) / 255);
    }
  }
}

static void read_pixels(decoder *self, picture_size size, uint8_t *rgb) {
  j_decompress_ptr jpeg = &self->jpeg;
  bool has_four_inks = is_cmyk(jpeg);
  jpeg->out_color_space = has_four_inks ? JCS_CMYK : JCS_RGB;
  // What tf.io.decode_jpeg uses unless told otherwise; the accurate transform differs by up to 4.
  jpeg->dct_method = JDCT_IFAST;
  jpeg_start_decompress(jpeg);
  if (jpeg->output_width != size.width || jpeg->output_height != size.height
      || jpeg->output_components != (has_four_inks ? 4 : 3)) {
    fail(self, "not the size that its header says");
  }
  JSAMPARRAY inks = NULL;
  if (has_four_inks) {
    inks = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, size.width * 4, 1);
  }
  while (jpeg->output_scanline < size.height) {
    uint8_t *row = rgb + (size_t)jpeg->output_scanline * size.width * 3;
    JSAMPROW target = inks ? inks[0] : row;
    jpeg_read_scanlines(jpeg, &target, 1);
    if (inks) convert_row(inks[0], size.width, jpeg->saw_Adobe_marker, row);
  }
  jpeg_finish_decompress(jpeg);
}

static bool read_size(decoder *self, picture_file file, picture_size *size) {
  if (setjmp(self->way_out)) return false;
  open_file(self, file);
  *size = (picture_size){self->jpeg.image_width, self->jpeg.image_height};
  return true;
}

static bool decode(decoder *self, picture_file file, picture_size size, uint8_t *rgb) {
  if (setjmp(self->way_out)) return false;
  open_file(self, file);
  read_pixels(self, size, rgb);
  return true;
}

/// A decoder of which nothing is allocated yet, so that it can be destroyed at any time.
static void prepare(decoder *self, char *message) {
  memset(self, 0, sizeof *self);
  self->jpeg.err = jpeg_std_error(&self->errors);
  self->jpeg.client_data = self;
  self->message = message;
}

bool picture_jpeg_size(picture_file file, picture_size *size, char *message) {
  decoder self;
  prepare(&self, message);
  bool is_done = read_size(&self, file, size);
  jpeg_destroy_decompress(&self.jpeg);
  return is_done;
}

bool picture_jpeg_decode(picture_file file, picture_size size, uint8_t *rgb, char *message) {
  decoder self;
  prepare(&self, message);
  bool is_done = decode(&self, file, size, rgb);
  jpeg_destroy_decompress(&self.jpeg);
  return is_done;
}
