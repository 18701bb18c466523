"""Photos of people: turned into new ones, so that neither place nor device nor time stays in the file."""

import io
from typing import BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text

MOST_BYTES, MOST_PIXELS, SIDE, QUALITY = 10 * 1024 * 1024, 60_000_000, 1600, 82
TOO_LARGE = ErrorCode(
    "participation.photo_too_large",
    Text("Das Foto hat mehr als {limit} MB.", "The photo has more than {limit} MB."),
    Text("Nehmen Sie ein kleineres; Ihr Text ist noch da.", "Take a smaller one; your text is still there."),
)
TOO_MANY_PIXELS = ErrorCode(
    "participation.photo_too_many_pixels",
    Text("Das Foto hat mehr als {limit} Megapixel.", "The photo has more than {limit} megapixels."),
    Text(
        "Stellen Sie die Kamera kleiner ein; Ihr Text ist noch da.", "Set the camera smaller; your text is still there."
    ),
)
NO_PHOTO = ErrorCode(
    "participation.no_photo",
    Text("Diese Datei ist kein Foto, das wir lesen können.", "This file is no photo that we can read."),
    Text("Nehmen Sie JPEG, PNG oder WebP.", "Take JPEG, PNG or WebP."),
)


def redrawn(file: BinaryIO, size: int, *, most_bytes: int = MOST_BYTES, side: int = SIDE) -> bytes:
    """Give a photo as a new JPEG of at most 1600 points a side, turned upright, with the pixels alone."""
    if size > most_bytes:
        raise Invalid(TOO_LARGE, limit=most_bytes // 1024 // 1024)
    try:
        with Image.open(file, formats=("JPEG", "PNG", "WEBP")) as found:
            if found.width * found.height > MOST_PIXELS:
                raise Invalid(TOO_MANY_PIXELS, limit=MOST_PIXELS // 1_000_000)
            # A JPEG is read at a part of its size where that suffices, which takes a part of the memory.
            found.draft("RGB", (side, side))
            upright = ImageOps.exif_transpose(found).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Invalid(NO_PHOTO) from error
    upright.thumbnail((side, side))
    clean = Image.new("RGB", upright.size)
    clean.paste(upright)
    buffer = io.BytesIO()
    clean.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return buffer.getvalue()
