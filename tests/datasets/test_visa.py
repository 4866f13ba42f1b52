import pytest

from saa.datasets import visa
from saa.errors import DatasetError

HEADER = "object,split,label,image,mask"
TRAIN = "candle,train,normal,candle/Data/Images/Normal/0001.JPG,"
NORMAL = "candle,test,normal,candle/Data/Images/Normal/0000.JPG,"
ANOMALY = "candle,test,anomaly,candle/Data/Images/Anomaly/000.JPG,candle/Data/Masks/Anomaly/000.png"


@pytest.fixture
def released(draw):
    def lay(*rows):
        root = draw("candle/Data/Images/Normal/0000.JPG", "candle/Data/Images/Normal/0001.JPG")
        draw("candle/Data/Images/Anomaly/000.JPG", "candle/Data/Masks/Anomaly/000.png")
        (root / "split_csv").mkdir()
        (root / "split_csv/1cls.csv").write_text("\r\n".join(rows), encoding="utf-8")
        return root

    return lay


def refused(root, words):
    with pytest.raises(DatasetError, match=words):
        visa.samples(root)


def test_released_layout_is_read_from_its_csv_file(released):
    root = released(HEADER, TRAIN, NORMAL, ANOMALY)
    anomaly, normal = visa.samples(root)
    assert (anomaly.product, anomaly.name, anomaly.defect) == ("candle", "Data/Images/Anomaly/000.JPG", "bad")
    assert anomaly.image_path == root / "candle/Data/Images/Anomaly/000.JPG"
    assert anomaly.mask_path == root / "candle/Data/Masks/Anomaly/000.png"
    assert (normal.name, normal.defect, normal.mask_path) == ("Data/Images/Normal/0000.JPG", "good", None)
    assert [s.name for s in visa.samples(root, "train")] == ["Data/Images/Normal/0001.JPG"]


def test_column_may_be_called_set_and_the_paths_be_of_windows(released):
    root = released("\ufeff" + HEADER.replace("split", "set"), NORMAL, ANOMALY.replace("/", "\\"))
    assert [s.defect for s in visa.samples(root)] == ["bad", "good"]


def test_rearranged_layout_is_told_by_its_folders(draw):
    root = draw("candle/test/good/0000.JPG", "candle/test/bad/000.JPG", "candle/ground_truth/bad/000.png")
    bad, good = visa.samples(root)
    assert (bad.name, bad.mask_path) == ("test/bad/000.JPG", root / "candle/ground_truth/bad/000.png")
    assert (good.name, good.defect, good.mask_path) == ("test/good/0000.JPG", "good", None)
    assert visa.samples(root / "candle") == [bad, good]


def test_rearranged_layout_wants_every_mask(draw):
    refused(
        draw("candle/test/bad/000.JPG"), r"expected its mask .*ground_truth/bad/000\.png, got no such file"
    )


def test_rows_with_mistakes_are_all_told_by_their_line(released):
    root = released(
        HEADER,
        NORMAL,
        NORMAL,
        "candle,test,odd,candle/Data/Images/Normal/0001.JPG,",
        "candle,test,anomaly,candle/Data/Images/Anomaly/gone.JPG,",
        "candle,test,normal,../outside.png,",
        "../candle,test,normal,candle/Data/Images/Normal/0001.JPG,",
    )
    with pytest.raises(DatasetError, match="mend what is listed") as caught:
        visa.samples(root)
    text = str(caught.value)
    assert "1cls.csv:4: expected the label normal or anomaly, got 'odd'" in text
    assert "1cls.csv:5: expected the image " in text
    assert "gone.JPG, got no such file" in text
    assert "1cls.csv:5: expected the mask's path below " in text
    assert "1cls.csv:6: expected the image's path below " in text
    assert "1cls.csv:7: expected a product's name, got '../candle'" in text
    assert "candle/Data/Images/Normal/0000.JPG: expected once, got 2 times" in text
    assert "Masks/Anomaly/000.png: expected an image for this mask, got none" in text


def test_missing_columns_are_named(released):
    root = released("object,label,image", "candle,normal,candle/Data/Images/Normal/0001.JPG")
    refused(
        root,
        r"1cls\.csv:1: expected columns object, split, .* got none named split; give the file its header",
    )


def test_csv_file_of_another_encoding_is_refused(released):
    root = released(HEADER)
    (root / "split_csv/1cls.csv").write_bytes(b"object,split\xff")
    refused(root, r"1cls\.csv: expected a CSV file in UTF-8, got: ")


def test_mvtec_layout_is_told_by_its_name(draw):
    refused(draw("bottle/test/cut/0.png", "bottle/ground_truth/cut/0_mask.png"), "use --format mvtec")
