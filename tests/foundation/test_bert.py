from __future__ import annotations

import pytest
import torch
from transformers import BertConfig, BertModel

from saa.foundation.bert import Size, TextEncoder

SIZE = Size(vocabulary=30, width=32, layers=2, heads=4, feedforward=48)


@pytest.fixture(scope="module")
def theirs():
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=30, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48
    )
    return BertModel(config).eval().requires_grad_(requires_grad=False)


@pytest.fixture(scope="module")
def encoder(theirs):
    found = TextEncoder(SIZE).eval()
    found.load_state_dict(theirs.state_dict(), strict=True)
    return found


IDS = torch.tensor([[2, 11, 7, 5, 3], [2, 9, 3, 0, 0]])
POSITIONS = torch.arange(5).expand(2, 5)


def test_the_default_is_bert_base_uncased():
    usual = BertConfig()
    assert Size() == Size(
        usual.vocab_size,
        usual.hidden_size,
        usual.num_hidden_layers,
        usual.num_attention_heads,
        usual.intermediate_size,
    )


def test_texts_mean_what_transformers_says(encoder, theirs):
    read = torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
    wanted = theirs(IDS, attention_mask=read).last_hidden_state
    attends = read[:, None].expand(2, 5, 5)
    with torch.inference_mode():
        found = encoder(IDS, POSITIONS, attends)
    torch.testing.assert_close(found[read], wanted[read], atol=1e-6, rtol=1e-6)


def test_pieces_that_take_no_notice_of_each_other_mean_what_they_mean_alone(encoder):
    apart = torch.block_diag(torch.ones(1, 1), torch.ones(2, 2), torch.ones(2, 2)).bool()[None]
    with torch.inference_mode():
        together = encoder(IDS[:1], torch.tensor([[0, 0, 1, 0, 1]]), apart)
        alone = encoder(IDS[:1, 1:3], torch.tensor([[0, 1]]), torch.ones(1, 2, 2, dtype=torch.bool))
    torch.testing.assert_close(together[:, 1:3], alone, atol=1e-6, rtol=1e-6)
