"""Small JPEG and PNG files of every kind that is met, with the pixels that TensorFlow makes of them.

JPEGs are written by Pillow, PNGs by the few lines below (Pillow cannot interlace, for one). The
pixels are `tf.io.decode_image(channels=3)`'s, turned by NumPy where EXIF data ask for it, since
TensorFlow ignores those. Run it through `make_pictures`.
"""

from __future__ import annotations

import io
import os
import struct
import sys
import zlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"

import h5py
import numpy as np
import skimage.data
import tensorflow as tf
from PIL import Image

#: A crop of the cat's face: odd extents, so that subsampled colour has half a pixel at the edges.
PHOTO = skimage.data.chelsea()[60:141:3, 120:231:3]

#: Height and width that the resized pictures have: smaller, larger, one pixel, not square.
SIZES = ((16, 16), (61, 40), (1, 1), (50, 9))

ORIENTATION = 274


def jpegs() -> dict[str, bytes]:
    rgb = Image.fromarray(PHOTO)
    cmyk = jpeg(rgb.convert("CMYK"), quality=95)
    files = {
        "jpeg_444": jpeg(rgb, subsampling=0),
        "jpeg_422": jpeg(rgb, subsampling=1),
        "jpeg_420": jpeg(rgb, subsampling=2),
        "jpeg_poor": jpeg(rgb, quality=10),
        "jpeg_rgb": jpeg(rgb, keep_rgb=True),
        "jpeg_grey": jpeg(rgb.convert("L")),
        "jpeg_progressive": jpeg(rgb, progressive=True),
        "jpeg_restarts": jpeg(rgb, restart_marker_blocks=2),
        "jpeg_cmyk_adobe": cmyk,
        "jpeg_cmyk": without_adobe(cmyk),
        "jpeg_ycck": as_ycck(cmyk),
    }
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        files[f"jpeg_exif_{orientation}"] = jpeg(rgb, exif=exif)
    return files


def jpeg(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    return file.getvalue()


def adobe_segment(file: bytes) -> tuple[int, int]:
    """Start and end of the marker APP14, which says how Adobe's programs store colours."""
    start = file.index(b"\xff\xee")
    (length,) = struct.unpack_from(">H", file, start + 2)
    return start, start + 2 + length


def without_adobe(cmyk: bytes) -> bytes:
    start, end = adobe_segment(cmyk)
    return cmyk[:start] + cmyk[end:]


def as_ycck(cmyk: bytes) -> bytes:
    """The same numbers taken for luminance, chrominance and black."""
    _, end = adobe_segment(cmyk)
    return cmyk[: end - 1] + b"\x02" + cmyk[end:]


GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6


def pngs() -> dict[str, bytes]:
    wide = PHOTO.astype(np.uint16) * 257 + np.arange(PHOTO.shape[1], dtype=np.uint16)[:, None] - 100
    grey, alpha = PHOTO[..., :1], PHOTO[..., 1:2]
    palette = np.stack([np.arange(16) * 17, 255 - np.arange(16) * 13, np.arange(16) ** 2], 1)
    plte = chunk(b"PLTE", palette.astype(np.uint8).tobytes())
    exif = io.BytesIO()
    exif.write(b"MM\0\x2a" + struct.pack(">IHHHIHHI", 8, 1, ORIENTATION, 3, 1, 6, 0, 0))
    return {
        "png_rgb": png(PHOTO, RGB, 8),
        "png_rgb_alpha": png(np.concatenate([PHOTO, alpha], 2), RGB_ALPHA, 8),
        "png_rgb_16": png(wide, RGB, 16),
        "png_rgb_alpha_16": png(np.concatenate([wide, wide[..., :1]], 2), RGB_ALPHA, 16),
        "png_grey": png(grey, GREY, 8),
        "png_grey_1": png(grey >> 7, GREY, 1),
        "png_grey_2": png(grey >> 6, GREY, 2),
        "png_grey_4": png(grey >> 4, GREY, 4),
        "png_grey_16": png(wide[..., :1], GREY, 16),
        "png_grey_alpha": png(np.concatenate([grey, alpha], 2), GREY_ALPHA, 8),
        "png_grey_transparent": png(grey, GREY, 8, chunk(b"tRNS", b"\0\x60")),
        "png_palette": png(grey >> 4, PALETTE, 8, plte),
        "png_palette_4": png(grey >> 4, PALETTE, 4, plte),
        "png_palette_transparent": png(grey >> 4, PALETTE, 8, plte + chunk(b"tRNS", b"\0\x80")),
        "png_interlaced": png(PHOTO, RGB, 8, interlaced=True),
        "png_palette_interlaced": png(grey >> 4, PALETTE, 4, plte, interlaced=True),
        "png_gamma": png(PHOTO, RGB, 8, chunk(b"gAMA", struct.pack(">I", 100000))),
        "png_exif_6": png(PHOTO, RGB, 8, chunk(b"eXIf", exif.getvalue())),
    }


def png(
    values: np.ndarray, color: int, depth: int, chunks: bytes = b"", interlaced: bool = False
) -> bytes:
    """A PNG of values (H, W, channels), without row filters."""
    height, width, _ = values.shape
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced)
    # Adam7: top, left, and the steps down and to the right, of each pass.
    adam7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2))
    passes = (*adam7, (1, 0, 2, 1)) if interlaced else ((0, 0, 1, 1),)
    data = b"".join(rows(values[y::down, x::right], depth) for y, x, down, right in passes)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunks
        + chunk(b"IDAT", zlib.compress(data, 9))
        + chunk(b"IEND", b"")
    )


def rows(values: np.ndarray, depth: int) -> bytes:
    """Each row of a pass after a zero, which says that it is not filtered."""
    if values.size == 0:
        return b""
    flat = values.reshape(len(values), -1)
    if depth == 16:
        packed = flat.astype(">u2").view(np.uint8)
    else:
        bits = np.unpackbits(flat.astype(np.uint8)[..., None], axis=2)[..., 8 - depth :]
        packed = np.packbits(bits.reshape(len(flat), -1), axis=1)
    return b"".join(b"\0" + row.tobytes() for row in packed)


def chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def seen(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Turns pixels to be seen upright; the eight cases one by one."""
    return {
        1: lambda p: p,
        2: np.fliplr,
        3: lambda p: np.rot90(p, 2),
        4: np.flipud,
        5: lambda p: p.swapaxes(0, 1),
        6: lambda p: np.rot90(p, -1),
        7: lambda p: np.rot90(p, 2).swapaxes(0, 1),
        8: np.rot90,
    }[orientation](pixels)


def main(path: str) -> None:
    files = {**jpegs(), **pngs()}
    with h5py.File(path, "w", libver=("v110", "v110")) as output:
        output.attrs["tensorflow"] = tf.__version__
        for name, file in files.items():
            digit = name.rpartition("_exif_")[2]
            pixels = tf.io.decode_image(file, channels=3).numpy()
            pixels = seen(pixels, int(digit) if "_exif_" in name else 1)
            group = output.create_group(name)
            write(group, "file", np.frombuffer(file, np.uint8))
            write(group, "pixels", pixels)
        for name in ("jpeg_420", "png_exif_6"):
            unit = tf.image.convert_image_dtype(output[name]["pixels"][...], tf.float32)
            for size in SIZES:
                resized = tf.image.resize(unit, size).numpy()
                write(output[name], f"resized_{size[0]}x{size[1]}", resized)


def write(group: h5py.Group, name: str, values: np.ndarray) -> None:
    group.create_dataset(
        name, data=values, chunks=values.shape, compression=9, shuffle=True, track_times=False
    )


if __name__ == "__main__":
    main(sys.argv[1])
