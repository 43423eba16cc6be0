"""What was claimed, and what is seen."""

from types import SimpleNamespace

import numpy as np
import pytest

from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence.overview import Claim, verdicts
from dfer_nb.viewing.evidence.statistics import against, within


@pytest.fixture
def sweep(slim):
    """plain, one that is better by far, and one that is no better, on four draws; and a second kind of data."""
    def run(variant, draw, share):
        right = {split: np.random.default_rng([draw, share]).random(400) < share / 100 for split in ("test", "clean")}
        return slim(right, variant, seed=draw, draw=draw)

    return [run(variant, draw, share) for variant, share in (("plain", 60), ("better", 80), ("lame", 60))
            for draw in range(10, 14)]


def test_a_claim_is_seen_or_not_or_its_reverse(sweep):
    claims = [Claim("helps", sweep, "better", "plain", beside=[("lame", "plain")]),
              Claim("hurts", sweep, "plain", "better"),
              Claim("does nothing", sweep, "lame", "plain", pool=["better"], split="clean"),
              Claim("was forgotten", sweep, "flat", "plain"),
              Claim("was hurried", [r for r in sweep if r.config["draw"] < 13], "better", "plain")]
    table = verdicts(claims)
    assert table.frame["verdict"].tolist() == ["seen", "the reverse is seen", "not seen", "not run", "too few draws"]
    assert list(table.frame.index) == [claim.words for claim in claims]
    assert table.frame.loc["does nothing", "on"] == "facsimile-hard, laptop, clean clips, 4 draws"
    assert table.frame.loc["was forgotten"].tolist() == ["flat less plain", "–", "–", "not run"]
    assert all(words in table.note for words in ("not over these 5 rows", "95 % interval", "fewer than four draws"))


def test_what_stands_beside_a_claim_makes_its_interval_wider_and_the_pool_does_not(sweep):
    alone = Claim("helps", sweep, "better", "plain", pool=["lame"]).effect()
    beside = Claim("helps", sweep, "better", "plain", beside=[("lame", "plain")]).effect()
    assert beside == against(sweep, ["better", "lame"], "plain", ["test"])["better"]["test"]
    assert alone.difference == beside.difference and alone.high - alone.low < beside.high - beside.low
    pairs = Claim("helps", sweep, "better", "plain", beside=[("lame", "better")]).effect()
    assert pairs == within(sweep, [("better", "plain"), ("lame", "better")], ["test"])["better", "plain"]["test"]
    assert pairs.high - pairs.low == pytest.approx(beside.high - beside.low)


def test_a_claim_on_two_kinds_of_data_is_refused(sweep):
    mixed = [SimpleNamespace(**vars(run) | {"config": run.config | {"dataset": "facsimile"}})
             if run.config["variant"] == "plain" else run for run in sweep]
    with pytest.raises(BadInput, match="2 settings"):
        verdicts([Claim("helps", mixed, "better", "plain")])
