"""What is read from odd, hostile and ordinary picture files, and what is written."""

import hashlib
import io
import os
import re
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest

from saa import images
from saa.errors import ImageError

RGB = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]], [[9, 9, 9], [0, 0, 0], [255, 255, 255]]], np.uint8)


def save(path: Path, picture: PIL.Image.Image, **options) -> Path:
    picture.save(path, **options)
    return path


def png_of_size(width: int, height: int) -> bytes:
    """The smallest beginning of a PNG that claims to have this size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"\0\0")
    chunks = [struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (header, data)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


class TestReadRgb:
    @pytest.mark.parametrize("name", ["a.png", "A.PNG", "a.bmp", "a.tif", "a.TIFF", "a.ppm", "größe 名.png"])
    def test_lossless_formats_give_back_the_very_pixels(self, tmp_path, name):
        path = save(tmp_path / name, PIL.Image.fromarray(RGB))
        read = images.read_rgb(path)
        np.testing.assert_array_equal(read, RGB)
        assert read.dtype == np.uint8
        assert read.flags.writeable

    @pytest.mark.parametrize("name", ["a.jpg", "a.jpeg", "a.webp"])
    def test_lossy_formats_come_close(self, tmp_path, name):
        flat = np.full((16, 24, 3), (200, 30, 90), np.uint8)
        path = save(tmp_path / name, PIL.Image.fromarray(flat), quality=95)
        read = images.read_rgb(path)
        assert read.shape == flat.shape
        assert np.abs(read.astype(int) - flat).max() <= 8

    def test_cmyk_jpeg_is_not_inverted(self, tmp_path):
        flat = PIL.Image.new("RGB", (24, 16), (200, 30, 90)).convert("CMYK")
        read = images.read_rgb(save(tmp_path / "a.jpg", flat, quality=95))
        assert np.abs(read.astype(int) - (200, 30, 90)).max() <= 8

    @pytest.mark.parametrize("mode", ["1", "L", "P"])
    def test_grey_one_bit_and_palette_pictures_become_colour(self, tmp_path, mode):
        grey = PIL.Image.fromarray(np.array([[0, 255, 255], [0, 0, 255]], np.uint8)).convert(mode)
        read = images.read_rgb(save(tmp_path / "a.png", grey))
        np.testing.assert_array_equal(read[..., 0], [[0, 255, 255], [0, 0, 255]])
        np.testing.assert_array_equal(read[..., 0], read[..., 2])

    def test_transparent_parts_show_white(self, tmp_path):
        pixels = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 0, 0, 128]]], np.uint8)
        read = images.read_rgb(save(tmp_path / "a.png", PIL.Image.fromarray(pixels)))
        np.testing.assert_array_equal(read, [[[10, 20, 30], [255, 255, 255], [127, 127, 127]]])

    def test_grey_with_alpha_and_transparent_palette_entries_show_white(self, tmp_path):
        grey = PIL.Image.fromarray(np.array([[[7, 255], [7, 0]]], np.uint8))
        assert grey.mode == "LA"
        read = images.read_rgb(save(tmp_path / "la.png", grey))
        np.testing.assert_array_equal(read[0, :, 0], [7, 255])
        palette = PIL.Image.fromarray(np.array([[7, 0]], np.uint8)).convert("P")
        read = images.read_rgb(save(tmp_path / "p.png", palette, transparency=palette.getpixel((1, 0))))
        np.testing.assert_array_equal(read[0, :, 0], [7, 255])

    @pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.webp"])
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_exif_orientation_is_applied(self, tmp_path, name, orientation):
        upright = np.zeros((16, 32), np.uint8)
        upright[:8, :8] = 255
        stored = {
            1: upright,
            2: upright[:, ::-1],
            3: upright[::-1, ::-1],
            4: upright[::-1],
            5: upright.T,
            6: np.rot90(upright),
            7: upright[::-1, ::-1].T,
            8: np.rot90(upright, -1),
        }[orientation]
        exif = PIL.Image.Exif()
        exif[0x0112] = orientation
        picture = PIL.Image.fromarray(np.ascontiguousarray(stored)).convert("RGB")
        path = save(tmp_path / name, picture, exif=exif)
        np.testing.assert_array_equal(images.read_rgb(path)[..., 0] > 128, upright > 128)
        assert images.read_size(path) == (16, 32)

    @pytest.mark.parametrize(("top", "bits"), [(255, 8), (1023, 10), (4095, 12), (16383, 14), (65535, 16)])
    def test_sixteen_bit_grey_fills_the_range_of_its_camera(self, tmp_path, top, bits):
        levels = np.array([[0, top // 2, top]], np.uint16)
        read = images.read_rgb(save(tmp_path / "a.png", PIL.Image.fromarray(levels)))
        np.testing.assert_array_equal(read[0, :, 0], [0, 127, 255])
        full_scale = 2**bits - 1
        assert top == full_scale

    @pytest.mark.parametrize("name", ["a.png", "a.tif"])
    def test_sixteen_bit_colour_keeps_its_lower_bytes(self, tmp_path, name):
        path = tmp_path / name
        cv2.imwrite(str(path), np.array([[[0, 2048, 4095], [100, 200, 300]]], np.uint16))
        np.testing.assert_array_equal(images.read_rgb(path), [[[255, 128, 0], [19, 12, 6]]])
        np.testing.assert_array_equal(images.read_mask(path), [[True, True]])

    def test_sixteen_bit_colour_with_alpha_shows_white_where_transparent(self, tmp_path):
        path = tmp_path / "a.png"
        cv2.imwrite(str(path), np.array([[[0, 0, 65535, 65535], [0, 0, 0, 0]]], np.uint16))
        np.testing.assert_array_equal(images.read_rgb(path), [[[255, 0, 0], [255, 255, 255]]])

    @pytest.mark.parametrize(
        ("levels", "expected"),
        [([0, 0.5, 1], [0, 128, 255]), ([0, 100, 255], [0, 100, 255]), ([0, 257, 65535], [0, 1, 255])],
    )
    def test_float_pictures_are_scaled_by_the_range_they_fill(self, tmp_path, levels, expected):
        path = save(tmp_path / "a.tif", PIL.Image.fromarray(np.array([levels], np.float32)))
        np.testing.assert_array_equal(images.read_rgb(path)[0, :, 0], expected)

    @pytest.mark.parametrize("levels", [[-1, 1], [0, np.nan], [0, np.inf], [0, 1e6]])
    def test_levels_without_a_known_scale_are_refused(self, tmp_path, levels):
        path = save(tmp_path / "a.tif", PIL.Image.fromarray(np.array([levels], np.float32)))
        with pytest.raises(
            ImageError, match=r"a\.tif: expected a readable image, got levels from .*; rescale"
        ):
            images.read_rgb(path)

    @pytest.mark.parametrize("size", [(1, 1), (20_000, 30), (30, 20_000)])
    def test_extreme_shapes_are_read(self, tmp_path, size):
        path = save(tmp_path / "a.png", PIL.Image.new("L", size, 3))
        assert images.read_rgb(path).shape == (size[1], size[0], 3)
        assert images.read_size(path) == (size[1], size[0])

    def test_suffix_does_not_decide_what_a_file_is(self, tmp_path):
        path = save(tmp_path / "a.jpg", PIL.Image.fromarray(RGB), format="PNG")
        np.testing.assert_array_equal(images.read_rgb(path), RGB)


def encoded(format_name: str, picture: PIL.Image.Image, **options) -> bytes:
    payload = io.BytesIO()
    picture.save(payload, format_name, **options)
    return payload.getvalue()


def refused(path: Path, words: str) -> None:
    for read in (images.read_rgb, images.read_mask):
        with pytest.raises(ImageError, match=f"^{re.escape(str(path))}: expected .*{words}.*; .+$") as caught:
            read(path)
        assert "\n" not in str(caught.value)


class TestHostileFiles:
    def test_missing_file(self, tmp_path):
        refused(tmp_path / "a.png", "got no such file")

    def test_empty_file(self, tmp_path):
        (tmp_path / "a.png").touch()
        refused(tmp_path / "a.png", "got an empty file")

    def test_text_named_png(self, tmp_path):
        (tmp_path / "a.png").write_text("not a picture")
        refused(tmp_path / "a.png", "got a file that is no picture")

    def test_folder_named_png(self, tmp_path):
        (tmp_path / "a.png").mkdir()
        refused(tmp_path / "a.png", "got a folder")

    def test_dangling_link(self, tmp_path):
        (tmp_path / "a.png").symlink_to(tmp_path / "gone.png")
        refused(tmp_path / "a.png", "got a link to a file that is gone")

    def test_pipe_does_not_wait(self, tmp_path):
        os.mkfifo(tmp_path / "a.png")
        refused(tmp_path / "a.png", "got a pipe or device")

    def test_file_that_may_not_be_read(self, tmp_path, monkeypatch):
        path = save(tmp_path / "a.png", PIL.Image.fromarray(RGB))

        def forbidden(*args, **kwargs):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", forbidden)
        refused(path, "got a file that may not be read")

    @pytest.mark.parametrize("kept", [0.3, 0.7, 0.95])
    @pytest.mark.parametrize(
        ("format_name", "options"),
        [
            ("PNG", {}),
            ("JPEG", {}),
            ("JPEG", {"progressive": True}),
            ("BMP", {}),
            ("WEBP", {}),
            ("TIFF", {}),
            ("TIFF", {"compression": "tiff_lzw"}),
            ("PPM", {}),
        ],
    )
    def test_truncated_file_is_no_half_grey_picture(self, tmp_path, format_name, options, kept):
        noise = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
        payload = encoded(format_name, PIL.Image.fromarray(noise), **options)
        path = tmp_path / "a.png"
        path.write_bytes(payload[: int(len(payload) * kept)])
        refused(path, "got")

    def test_picture_without_pixels(self, tmp_path):
        path = tmp_path / "a.png"
        path.write_bytes(png_of_size(0, 5))
        refused(path, "got a file that is no picture or has a damaged header")

    @pytest.mark.parametrize("side", [13_100, 100_000])
    def test_absurd_size_is_refused_before_decoding(self, tmp_path, side):
        path = tmp_path / "a.png"
        path.write_bytes(png_of_size(side, side))
        refused(path, "more than 170,000,000")
        with pytest.raises(ImageError, match="cut it into tiles"):
            images.read_size(path)

    @pytest.mark.parametrize("name", ["a.gif", "a.png", "a.webp", "a.tif"])
    def test_animations_and_stacks_are_refused(self, tmp_path, name):
        frames = [PIL.Image.new("RGB", (8, 6), colour) for colour in ("red", "blue")]
        path = save(tmp_path / name, frames[0], save_all=True, append_images=frames[1:])
        refused(path, "several frames or pages")

    def test_still_gif_is_read(self, tmp_path):
        path = save(tmp_path / "a.gif", PIL.Image.new("RGB", (8, 6), "red"))
        assert images.read_rgb(path)[0, 0].tolist() == [255, 0, 0]

    def test_phone_jpeg_with_a_second_picture_gives_the_first(self, tmp_path):
        frames = [PIL.Image.new("RGB", (16, 8), colour) for colour in ("red", "blue")]
        path = save(tmp_path / "a.jpg", frames[0], format="MPO", save_all=True, append_images=frames[1:])
        assert images.read_rgb(path)[0, 0, 0] > 240

    def test_odd_metadata_warns_nobody(self, tmp_path):
        broken_exif = b"Exif\0\0II*\0\x08\0\0\0\x05\0\x12\x01"
        path = save(tmp_path / "a.jpg", PIL.Image.new("RGB", (8, 6)), exif=broken_exif)
        assert images.read_rgb(path).shape == (6, 8, 3)


class TestReadMask:
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_every_level_but_zero_is_a_defect(self, tmp_path, dtype):
        path = save(tmp_path / "a.png", PIL.Image.fromarray(np.array([[0, 1, 255]], dtype)))
        mask = images.read_mask(path)
        assert mask.dtype == np.bool_
        np.testing.assert_array_equal(mask, [[False, True, True]])

    def test_one_bit_mask(self, tmp_path):
        path = save(tmp_path / "a.png", PIL.Image.fromarray(np.array([[0, 255, 255]], np.uint8)).convert("1"))
        np.testing.assert_array_equal(images.read_mask(path), [[False, True, True]])

    def test_any_colour_is_a_defect(self, tmp_path):
        np.testing.assert_array_equal(
            images.read_mask(save(tmp_path / "a.png", PIL.Image.fromarray(RGB))),
            [[True, True, True], [True, False, True]],
        )

    def test_palettes_count_by_their_colours(self, tmp_path):
        picture = PIL.Image.new("P", (3, 1))
        picture.putdata([0, 1, 2])
        picture.putpalette([255, 255, 255, 0, 0, 0, 128, 0, 0])
        np.testing.assert_array_equal(
            images.read_mask(save(tmp_path / "a.png", picture)), [[True, False, True]]
        )

    def test_transparent_parts_are_no_defect(self, tmp_path):
        pixels = np.array([[[255, 255, 255, 0], [255, 255, 255, 9], [0, 0, 0, 255]]], np.uint8)
        path = save(tmp_path / "a.png", PIL.Image.fromarray(pixels))
        np.testing.assert_array_equal(images.read_mask(path), [[False, True, False]])

    def test_compression_noise_of_a_jpeg_is_no_defect(self, tmp_path):
        levels = np.zeros((32, 48), np.uint8)
        levels[5:20, 7:30] = 255
        path = save(tmp_path / "a.jpg", PIL.Image.fromarray(levels), quality=40)
        assert np.count_nonzero(images.read_mask(path) != (levels > 0)) <= 5


class TestMaps:
    def test_every_bit_survives(self, tmp_path):
        anomaly_map = np.random.default_rng(0).normal(0, 3, (5, 7)).astype(np.float32)
        anomaly_map[0, :3] = (-0.0, 1e-42, np.finfo(np.float32).max)
        path = tmp_path / "maps" / "größe 1" / "000.png.tiff"
        images.write_map(path, anomaly_map)
        read = images.read_map(path)
        assert read.dtype == np.float32
        assert read.tobytes() == anomaly_map.tobytes()
        assert [p.name for p in path.parent.iterdir()] == ["000.png.tiff"]

    def test_other_programs_read_the_same(self, tmp_path):
        anomaly_map = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)
        images.write_map(tmp_path / "a.tiff", anomaly_map)
        np.testing.assert_array_equal(cv2.imread(str(tmp_path / "a.tiff"), cv2.IMREAD_UNCHANGED), anomaly_map)

    def test_smooth_map_is_compressed(self, tmp_path):
        smooth = cv2.resize(np.random.default_rng(0).random((20, 20), np.float32), (200, 200))
        images.write_map(tmp_path / "a.tiff", smooth)
        assert (tmp_path / "a.tiff").stat().st_size < 0.7 * smooth.nbytes

    def test_same_map_gives_the_same_bytes(self, tmp_path):
        for name in ("a.tiff", "b.tiff"):
            images.write_map(tmp_path / name, np.ones((3, 4), np.float32))
        assert (tmp_path / "a.tiff").read_bytes() == (tmp_path / "b.tiff").read_bytes()

    @pytest.mark.parametrize("shape", [(0, 4), (3, 4, 1), (4,)])
    def test_map_of_another_shape_is_refused(self, tmp_path, shape):
        with pytest.raises(ValueError, match="anomaly_map: expected shape"):
            images.write_map(tmp_path / "a.tiff", np.zeros(shape, np.float32))

    def test_map_of_another_dtype_is_refused(self, tmp_path):
        with pytest.raises(ValueError, match=r"dtype float32, got .* float64"):
            images.write_map(tmp_path / "a.tiff", np.zeros((3, 4)))

    def test_map_with_nan_is_refused(self, tmp_path):
        with pytest.raises(ValueError, match="expected finite values"):
            images.write_map(tmp_path / "a.tiff", np.full((3, 4), np.nan, np.float32))

    def test_picture_in_place_of_a_map_is_refused(self, tmp_path):
        path = save(tmp_path / "a.tiff", PIL.Image.fromarray(RGB))
        with pytest.raises(ImageError, match=r"a\.tiff: expected a float32 map, got a picture of mode RGB"):
            images.read_map(path)

    def test_half_a_map_is_refused(self, tmp_path):
        path = tmp_path / "a.tiff"
        images.write_map(path, np.random.default_rng(0).random((50, 60), np.float32))
        path.write_bytes(path.read_bytes()[:5000])
        with pytest.raises(ImageError, match=r"a\.tiff: expected a readable image, got a .*damaged"):
            images.read_map(path)


class TestWritePng:
    def test_picture_and_mask_come_back(self, tmp_path):
        mask = np.array([[True, False, True]])
        images.write_png(tmp_path / "new" / "a.png", RGB)
        images.write_png(tmp_path / "new" / "b.png", mask)
        np.testing.assert_array_equal(images.read_rgb(tmp_path / "new" / "a.png"), RGB)
        np.testing.assert_array_equal(images.read_mask(tmp_path / "new" / "b.png"), mask)
        np.testing.assert_array_equal(images.read_rgb(tmp_path / "new" / "b.png")[..., 1], [[255, 0, 255]])

    @pytest.mark.parametrize(
        "image", [np.zeros((2, 3), np.uint8), np.zeros((2, 3, 3)), np.zeros((0, 3), bool)]
    )
    def test_other_arrays_are_refused(self, tmp_path, image):
        with pytest.raises(ValueError, match="image: expected"):
            images.write_png(tmp_path / "a.png", image)

    def test_failure_to_write_says_where_and_leaves_nothing(self, tmp_path):
        (tmp_path / "a.png").mkdir()
        with pytest.raises(
            ImageError, match=r"a\.png: expected to write .* bytes, got: .*; check the folder"
        ):
            images.write_png(tmp_path / "a.png", RGB)
        assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


class TestSha256:
    def test_is_that_of_the_bytes(self, tmp_path):
        payload = bytes(range(256)) * 9000
        (tmp_path / "a").write_bytes(payload)
        assert images.sha256(tmp_path / "a") == hashlib.sha256(payload).hexdigest()

    def test_missing_file(self, tmp_path):
        with pytest.raises(ImageError, match="got no such file"):
            images.sha256(tmp_path / "a")


def test_suffixes_are_lower_case_with_a_dot():
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in images.SUFFIXES)
