"""Two architectures beside each other."""

from cae_core.architecture.presets import HOMEWORK, PRESETS
from cae_core.architecture.report import analyze
from tests.app.finding import text_of


def test_a_second_network_stands_beside_the_first(latent_page):
    page = latent_page(compare="true")
    other = analyze(PRESETS["strided-bn"].architecture)
    frame = page.table[0].value
    assert list(frame.columns) == ["", "This network", "The other network"]
    lines = {line[0]: list(line[1:]) for line in frame.itertuples(index=False)}
    assert lines["Latent"] == ["8x8x16 = 1,024", f"16x16x32 = {other.latent_size:,}"]
    assert lines["Parameters"] == ["4,911", f"{other.parameters:,}"]
    page.selectbox("vs-preset").set_value("dense-1").run()
    assert text_of(page) == PRESETS[HOMEWORK].text
    assert page.query_params["vs"] == PRESETS["dense-1"].text
