"""Figures say what the record says, and reach the page small, opaque and with their alternative text."""

import base64
import io
import itertools
import re
import subprocess
import sys
from types import SimpleNamespace

import matplotlib
import nbformat
import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.colors import to_rgb
from PIL import Image

from dfer_nb import rdfer
from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence import tables
from dfer_nb.viewing.palette import EXPRESSION_COLOURS, troubles, truth_of
from dfer_nb.viewing.pictures import figures


@pytest.fixture(scope="module")
def train(record):
    return tables.reported_rows(record, "train")


def words(figure):
    """Every text on a figure, in one string."""
    return "\n".join(text.get_text() for text in figure.findobj(matplotlib.text.Text))


def picture(shown):
    return Image.open(io.BytesIO(shown.data))


def test_confusion_counts_and_recalls():
    clips = pd.DataFrame({"label": [0, 0, 0, 1, 6], "prediction": [0, 0, 3, 1, 5]})
    cells = [text.get_text() for text in figures.confusion(clips).axes[0].texts]
    assert len(cells) == 49
    assert (cells[0], cells[3], cells[8], cells[6 * 7 + 5]) == ("67 %\n2", "33 %\n1", "100 %\n1", "100 %\n1")
    assert cells.count("·") == 45
    labels = [label.get_text() for label in figures.confusion(clips).axes[0].get_yticklabels()]
    assert labels[0] == "Happy (3)" and labels[2] == "Neutral (0)"


def test_curves_report_the_last_epoch_and_name_the_best_for_what_it_is(record):
    test_war = record.epochs["test_war"]
    assert test_war.max() > test_war.iloc[-1], "the made-up record must tell the two apart"
    text = words(figures.curves(record.epochs))
    assert f"last epoch: {test_war.iloc[-1]:.1f}, the reported one" in text
    assert f"best on test: {test_war.max():.1f}, not reported" in text


def test_curves_mark_the_reported_epoch_and_what_chose_it(record):
    epochs = record.epochs.assign(held_out_war=record.epochs["test_war"] - 2)
    text = words(figures.curves(epochs, reported=3))
    assert f"epoch 3: {epochs['test_war'].iloc[2]:.1f}, the reported one" in text
    assert "held-out training clips" in text and "held-out" not in words(figures.curves(record.epochs))


def test_agreement_bars_add_up_and_show_their_counts(train):
    figure = figures.agreement_by_truth(train)
    flags = pd.DataFrame(troubles(train))
    alone = flags[flags.sum(axis=1) == 1]
    none = flags.sum(axis=1) == 0
    assert f"no trouble\n({none.sum()} clips)" in words(figure)
    assert list(flags) == ["wrong label", "weak", "mixed", "brief", "irrelevant frames", "low quality"]
    for name in flags:
        assert f"{name} alone\n({alone[name].sum()} clips)" in words(figure)
    assert str((train.loc[none, "agreement"] == 1).sum()) in words(figure).split("\n")
    ends = {}
    for bar in figure.axes[0].patches:
        ends[bar.get_y()] = bar.get_x() + bar.get_width()
    assert len(ends) == 7 and np.allclose(list(ends.values()), 100)


def test_agreement_without_a_truth_compares_with_the_labels(films):
    text = words(figures.agreement_by_truth(tables.reported_rows(films, "train")))
    assert "predicted as\nlabelled" in text and "wrong label" not in text


def test_loss_histograms_hold_every_clip(train):
    figure = figures.loss_by_agreement(train)
    titles = [axes.get_title(loc="left").split("\n") for axes in figure.axes]
    counts = {value: int((train["agreement"] == value).sum()) for value in (1, 0.75, 0.5, 0.25)}
    assert titles == [[f"agreement {value:g}", f"{n} clips"] for value, n in counts.items()]
    for axes in figure.axes:
        assert sum(bar.get_height() for bar in axes.patches) == pytest.approx(100)
    assert len({axes.get_ylim() for axes in figure.axes}) == 1


def test_rare_agreements_share_a_panel(train):
    rare = (train["agreement"] == 0.25).sum()
    figure = figures.loss_by_agreement(train, fewest=rare + 1)
    titles = [axes.get_title(loc="left").split("\n") for axes in figure.axes]
    assert [title for title, _ in titles] == ["agreement 1", "agreement 0.75", "agreement 0.5 or less"]
    assert titles[-1][1] == f"{(train['agreement'] <= 0.5).sum()} clips"
    assert len(figures.loss_by_agreement(train, fewest=len(train)).axes) == 1


def test_truth_of_names_the_first_trouble():
    clips = pd.DataFrame({"wrong_label": [1, 0, 0, 0, 1], "low_quality": [1, 1, 0, 0, 0], "hard": [1, 1, 1, 0, 0]})
    assert truth_of(clips.astype(bool)).tolist() == ["wrong label", "low quality", "hard", "clean", "wrong label"]


def test_resampled_positions_by_hand():
    positions = figures.resampled_positions([0.5, 0.0], [2.0, 1.0], [33, 33], 4)
    assert positions.tolist() == [[13, 15, 17, 19], [0, 0, 0.5, 1.5]]  # the second is kept inside the video


def test_resampled_positions_are_the_models_own():
    mu, delta = np.array([0.1, 0.5, 0.97]), np.array([0.5, 1.7, 3.0])
    theirs = rdfer.positions(torch.tensor(mu), torch.tensor(delta), 16, 32).numpy()
    assert np.allclose(figures.resampled_positions(mu, delta, [32] * 3), theirs, atol=1e-5)


def test_pointing_says_how_many_hit_of_those_that_could_miss():
    clips = pd.DataFrame({"mu": [0.5, 0.0, 0.5], "delta": 1.0, "n_frames": 33, "apex_start": [12, 12, 0],
                          "apex_end": [22, 22, 30], "true_label": [0, 0, 2]})  # the last one is neutral
    text = words(figures.pointing(clips, n_sampled=4))
    assert "50 % of 2 clips" in text and "50 % of the re-sampled frames" in text
    assert "always the middle: 100 %" in text


def test_pointing_without_an_apex_shows_mu_and_delta(films, record):
    assert "Stride" in words(figures.pointing(tables.reported_rows(films, "test")))
    with pytest.raises(BadInput, match="no column mu, delta"):
        figures.pointing(record.clips.drop(columns=["mu", "delta"]))


def test_every_figure_is_small_opaque_and_as_wide_as_the_page(record, train):
    made = [figures.confusion(train), figures.curves(record.epochs), figures.agreement_by_truth(train),
            figures.loss_by_agreement(train), figures.pointing(train)]
    for figure in made:
        shown = figures.show(figure, "what it shows")
        image = picture(shown).convert("RGBA")
        assert image.width == 700 and len(shown.data) < 120_000
        assert image.getchannel("A").getextrema() == (255, 255)
        assert image.getpixel((0, 0)) == (255, 255, 255, 255)


def test_the_session_style_does_not_leak_into_a_figure(train):
    plain = figures.show(figures.confusion(train), "x").data
    with matplotlib.rc_context({"figure.facecolor": "black", "savefig.dpi": 30, "font.size": 3}):
        assert figures.show(figures.confusion(train), "x").data == plain


def test_empty_or_foreign_tables_are_refused(record):
    with pytest.raises(BadInput, match="no column agreement"):
        figures.loss_by_agreement(record.clips.drop(columns="agreement"))
    with pytest.raises(BadInput, match="no clips to draw"):
        figures.confusion(record.clips[:0])
    with pytest.raises(BadInput, match="alternative text"):
        figures.show(figures.curves(record.epochs), "  ")


def test_one_colour_an_expression_told_apart_with_red_green_blindness():
    assert tuple(EXPRESSION_COLOURS) == EXPRESSIONS
    rgb = np.array([to_rgb(colour) for colour in EXPRESSION_COLOURS.values()]) ** 2.2
    deuteranope = np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]])  # Viénot 1999
    for seen in (rgb, rgb @ deuteranope.T):
        seen = seen.clip(0, 1) ** (1 / 2.2)
        assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 0.1


# ---------------------------------------------------------------------------------------------- pictures of clips


def faces(n, size=112):
    colours = np.random.default_rng(0).integers(0, 256, (n, 1, 1, 3), dtype=np.uint8)
    return np.broadcast_to(colours, (n, size, size, 3))


def test_film_strip_numbers_and_marks_the_frames():
    figure = figures.film_strip(faces(10), {"apex": range(3, 6), "re-sampled": [0.4, 8.6]}, title="Clip 7")
    text = words(figure).split("\n")
    assert {"Clip 7", "▬ apex", "▬ re-sampled", *map(str, range(10))} <= set(text)
    bars = figure.axes[0].collections
    assert len(bars) == 5 and len(figure.axes[0].images) == 10
    assert picture(figures.show(figure, "a strip")).width == 700


def test_contact_sheet_draws_small_faces_pixel_by_pixel():
    sheet = {"Happy": faces(5), "Fear": faces(3)}
    shown = figures.show(figures.contact_sheet(sheet, captions={"Fear": "AU 1+2"}), "faces")
    pixels = np.asarray(picture(shown).convert("RGB"))
    for i, face in enumerate(sheet["Happy"]):  # 100 px of names, then 112 px a face and 3 px between two
        x = 100 + i * 115
        assert (pixels[20:100, x + 5:x + 105] == face[0, 0]).all()
    assert "Fear\nAU 1+2" in words(figures.contact_sheet(sheet, captions={"Fear": "AU 1+2"}))


def test_faces_are_stored_as_jpeg_when_asked():
    shown = figures.show(figures.contact_sheet({"Happy": faces(3)}), "faces", photo=True)
    assert shown.mime == "image/jpeg" and picture(shown).format == "JPEG"


@pytest.mark.parametrize("frames", [np.zeros((3, 8, 8, 3)), np.zeros((0, 8, 8, 3), np.uint8),
                                    np.zeros((8, 8, 3), np.uint8)])
def test_frames_of_another_shape_are_refused(frames):
    with pytest.raises(BadInput, match="uint8"):
        figures.film_strip(frames)
    with pytest.raises(BadInput, match="'Happy'"):
        figures.contact_sheet({"Happy": frames})


def test_a_sheet_of_several_sizes_is_refused():
    with pytest.raises(BadInput, match="one size"):
        figures.contact_sheet({"a": faces(2, 48), "b": faces(2, 112)})


# ----------------------------------------------------------------------------------------------- alternative text


def test_show_carries_the_alt_in_the_outputs_metadata(record):
    data, metadata = figures.show(figures.curves(record.epochs), "Loss  falls,\n WAR rises.")._repr_mimebundle_()
    assert metadata == {"image/png": {"alt": "Loss falls, WAR rises."}}
    assert data["text/plain"] == "Figure: Loss falls, WAR rises."
    assert base64.b64decode(data["image/png"])[:4] == b"\x89PNG"


def test_the_alt_renderer_leaves_everything_else_alone():
    from dfer_nb.viewing.alt import AltText

    plain = SimpleNamespace(mime_type="image/png", output_metadata={"image/png": {}})
    text = SimpleNamespace(mime_type="text/html", output_metadata={"text/html": {"alt": "x"}})
    assert AltText.handle_mime(None, plain, False) is None and AltText.handle_mime(None, text, False) is None


def test_the_book_gets_the_alt(record, tmp_path):
    data, metadata = figures.show(figures.curves(record.epochs), 'WAR "rises" & falls.')._repr_mimebundle_()
    cell = nbformat.v4.new_code_cell("x", execution_count=1)
    cell.outputs = [nbformat.v4.new_output("execute_result", data, execution_count=1, metadata=metadata)]
    page = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A page"), cell])
    page.metadata = {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}
    nbformat.write(page, tmp_path / "index.ipynb")
    (tmp_path / "conf.py").write_text("extensions = ['myst_nb']\nnb_execution_mode = 'off'\nnb_ipywidgets_js = {}\n")
    run = subprocess.run([sys.executable, "-m", "sphinx", "-b", "html", "-W", "-q", tmp_path, tmp_path / "out"],
                         capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    images = re.findall(r"<img[^>]*>", (tmp_path / "out" / "index.html").read_text(encoding="utf-8"))
    assert any('alt="WAR &quot;rises&quot; &amp; falls."' in image for image in images), images
