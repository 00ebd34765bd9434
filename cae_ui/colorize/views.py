"""What came out of colorizing: images compared, figures, the a*b* plane, the whole photo."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cae_core import zoo
from cae_core.data.samples import SAMPLE_CHECK
from cae_core.images.color import lightness_of, rgb_within_gamut
from cae_core.images.metrics import ciede2000_map, color_figures
from cae_core.images.operations import encode_png, fit_within, to_uint8
from cae_core.models.ab_bins import TEMPERATURE
from cae_core.recipes.recipe import COLORIZED, GREY
from cae_ui.colorize.form import Scene, Settings, colored, gives_probabilities
from cae_ui.common.compare_slider import compare_slider
from cae_ui.common.image_input import Photo
from cae_ui.common.whole_photo import show_whole_photo

RETURNS_RGB = "colorize-rgb"
ALTERNATIVES = (1.0, 0.6, TEMPERATURE, 0.12, 0.05)
ALTERNATIVE_SIDE, ALTERNATIVE_WIDTH = 240, 128
PLANE_LIMIT = 110
PLANE_CELLS = 110
CHANNEL_RANGE = 60.0
NOTICEABLE, FAR = 2.3, 30.0
FIGURE_COLUMNS = {
    "PSNR, dB": "%.2f",
    "SSIM": "%.3f",
    "CIEDE2000": "%.2f",
    "Chroma error": "%.2f",
    "Colourfulness": "%.2f",
}


def show_result(scene: Scene, settings: Settings) -> None:
    """Grey and colour under the comparison slider."""
    views = _views(scene, settings)
    view = st.segmented_control(
        "Show", list(views), default="Colorized", required=True, key="compare",
        bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    (before, before_label), (make_after, after_label) = views.get(str(view), views["Colorized"])
    after = make_after()
    compare_slider(
        to_uint8(before),
        to_uint8(after),
        before_label=before_label,
        after_label=after_label,
        key="colorized",
        height=560,
    )
    _explain(str(view))
    _show_lightness(scene)


# An image and its label, and the same of what it is compared with, made when it is looked at.
_View = tuple[tuple[np.ndarray, str], tuple[Callable[[], np.ndarray], str]]


def _views(scene: Scene, settings: Settings) -> dict[str, _View]:
    """What can be compared, by the name of the choice."""
    ours = (scene.colorized, "Colorized")
    views: dict[str, _View] = {
        "Colorized": ((scene.grey, "Lightness only"), (lambda: scene.colorized, "Colorized"))
    }
    if scene.has_colour:
        views["Original"] = (ours, (lambda: scene.photo, "Original"))
        views["Difference"] = (ours, (lambda: difference_image(scene), "CIEDE2000"))
    if scene.was_reduced is not None:
        views["Gamut"] = (ours, (lambda: gamut_image(scene), "Chroma was reduced"))
    if settings.model != RETURNS_RGB:
        other = Settings(RETURNS_RGB, TEMPERATURE, 1.0)
        views["RGB"] = (ours, (lambda: colored(scene.photo, other)[0], "Grey to RGB"))
    return views


def _explain(view: str) -> None:
    """What a view shows that is not plain to see."""
    said = {
        "Difference": f"Black: no visible difference; below {NOTICEABLE:g} few notice one; "
        f"yellow: {FAR:g} and more.",
        "Gamut": "Magenta: sRGB has no colour of that lightness and chroma. Chroma was "
        "reduced there, lightness and hue were kept.",
        "RGB": "A network that returns all three channels must squeeze the detail "
        "through its bottleneck as well, and loses it.",
    }
    if view in said:
        st.caption(said[view])


def _show_lightness(scene: Scene) -> None:
    """The check that lightness is the photo's, and how many colours had to give way."""
    difference = np.abs(lightness_of(scene.colorized) - scene.lightness).max()
    said = f"Largest difference in lightness from the photo: {difference:.3f} of 100."
    if scene.was_reduced is not None:
        said += (
            f" Out of sRGB's gamut: {scene.was_reduced.sum():,} pixels, "
            f"{scene.was_reduced.mean():.1%}."
        )
    st.caption(f"{said} **Colours are guesses.**")


def gamut_image(scene: Scene) -> np.ndarray:
    """Magenta where chroma was reduced, elsewhere the photo in dark grey, (H, W, 3) in [0, 1]."""
    assert scene.was_reduced is not None  # noqa: S101 - offered only where it is known
    return np.where(scene.was_reduced[..., np.newaxis], (1.0, 0.0, 1.0), 0.6 * scene.grey)


def difference_image(scene: Scene) -> np.ndarray:
    """CIEDE2000 of every pixel from black over red to yellow, (H, W, 3) in [0, 1]."""
    amount = np.clip(_difference(scene.colorized, scene.photo) / FAR, 0, 1)
    return np.stack(
        [np.clip(2 * amount, 0, 1), np.clip(2 * amount - 1, 0, 1), np.zeros_like(amount)], axis=-1
    )


@st.cache_data(max_entries=8, show_spinner=False)
def _difference(image: np.ndarray, original: np.ndarray) -> np.ndarray:
    """CIEDE2000, kept while nothing changes."""
    return ciede2000_map(image, original)


@st.cache_data(max_entries=32, show_spinner=False)
def _figures(image: np.ndarray, original: np.ndarray) -> dict[str, float]:
    """Figures of one image, kept while nothing changes."""
    return color_figures([(image, original)])


def show_figures(scene: Scene) -> None:
    """How close grey and colour are to the original, where it has colours."""
    if not scene.has_colour:
        st.caption("The photo has no colours to compare with.")
        return
    rows = []
    for title, image in (("Grey", scene.grey), ("Colorized", scene.colorized)):
        found = _figures(image, scene.photo)
        keys = ("psnr", "ssim", "ciede2000", "ab_rmse", "colorfulness")
        rows.append(
            {"": title} | dict(zip(FIGURE_COLUMNS, (found[key] for key in keys), strict=True))
        )
    st.dataframe(
        rows,
        hide_index=True,
        width="stretch",
        column_config={
            name: st.column_config.NumberColumn(format=digits)
            for name, digits in FIGURE_COLUMNS.items()
        },
    )
    st.caption(
        "Against the original. CIEDE2000 and chroma error: less is closer. Colourfulness: 1 is the "
        "original's. Grey is hard to beat on PSNR and worthless to look at."
    )


def show_alternatives(scene: Scene, settings: Settings) -> None:
    """The same photo from the mean colour to the most probable one."""
    if not gives_probabilities(settings.model):
        return
    st.subheader("From the mean of all colours to the most probable one")
    st.caption("The temperature goes down from left to right.")
    small = fit_within(scene.photo, ALTERNATIVE_SIDE)
    # In a row that is broken where the screen ends.
    with st.container(horizontal=True, gap="small"):
        for temperature in ALTERNATIVES:
            guess = Settings(settings.model, temperature, settings.saturation)
            image, _ = colored(small, guess)
            st.image(to_uint8(image), f"{temperature:g}", ALTERNATIVE_WIDTH)


def show_inside(scene: Scene) -> None:
    """The a*b* plane and both channels as images."""
    if not st.toggle("Look at the chrominance", key="inside", bind="query-params"):
        return
    guessed = ab_of(scene.colorized)
    pairs = {"Guessed": guessed}
    if scene.has_colour:
        pairs["True"] = ab_of(scene.photo)
    for column, (title, ab) in zip(st.columns(len(pairs)), pairs.items(), strict=True):
        with column:
            st.plotly_chart(
                plane_figure(ab, title), key=f"plane-{title}", config={"displayModeBar": False}
            )
            for channel, name in enumerate(("a*, green to magenta", "b*, blue to yellow")):
                st.image(to_uint8(channel_image(ab, channel)), f"{title}: {name}", width="stretch")
    st.caption(
        "How many pixels have which chrominance; brighter is more. The channels are drawn in their "
        f"own colours, grey is 0, the ends ±{CHANNEL_RANGE:g}."
    )


@st.cache_data(max_entries=8, show_spinner=False)
def ab_of(image: np.ndarray) -> np.ndarray:
    """An image's a* and b*, (H, W, 2)."""
    from skimage.color import rgb2lab

    return rgb2lab(image)[..., 1:]


def plane_figure(ab: np.ndarray, title: str) -> go.Figure:
    """How often every chrominance occurs."""
    counts, edges, _ = np.histogram2d(
        ab[..., 1].ravel(),
        ab[..., 0].ravel(),
        PLANE_CELLS,
        [[-PLANE_LIMIT, PLANE_LIMIT]] * 2,
    )
    middles = (edges[:-1] + edges[1:]) / 2
    figure = go.Figure(
        go.Heatmap(
            x=middles,
            y=middles,
            z=np.where(counts > 0, np.log10(np.maximum(counts, 1)), np.nan),
            colorscale="Viridis",
            showscale=False,
            hovertemplate="a* %{x:.0f}, b* %{y:.0f}<extra></extra>",
        )
    )
    figure.update_layout(
        height=320,
        margin={"l": 0, "r": 0, "t": 30, "b": 0},
        title={"text": title, "font": {"size": 14}},
        xaxis={"title": "a*", "range": [-PLANE_LIMIT, PLANE_LIMIT], "constrain": "domain"},
        yaxis={"title": "b*", "range": [-PLANE_LIMIT, PLANE_LIMIT], "scaleanchor": "x"},
    )
    return figure


def channel_image(ab: np.ndarray, channel: int) -> np.ndarray:
    """One channel of chrominance in its own colours at a lightness of 60, (H, W, 3)."""
    only = np.zeros((*ab.shape[:2], 2), np.float32)
    only[..., channel] = np.clip(ab[..., channel], -CHANNEL_RANGE, CHANNEL_RANGE)
    return rgb_within_gamut(np.full(ab.shape[:2], 60.0, np.float32), only)[0]


def show_downloads(scene: Scene, photo: Photo, settings: Settings) -> None:
    """The image as a PNG file, and a large photo at its own size when asked for."""
    st.download_button(
        "Colorized",
        encode_png(scene.colorized),
        "colorized.png",
        icon=":material/download:",
        on_click="ignore",
    )
    if not scene.is_whole:
        show_whole_photo(
            photo,
            scene.full_size,
            settings,
            "Colorize",
            "colorized",
            lambda whole, advance: colored(whole, settings)[0],
        )


def show_lesson() -> None:
    """Why the page works as it does, with the figures of the cards."""
    st.subheader("Why only the chrominance?")
    st.markdown(
        "The lightness of a grey photo is known to the last digit. A network that returns RGB has "
        "to draw it again; one that returns a* and b* leaves it alone. And of all plausible "
        "colours of a dress, the one with the least squared error is their mean, which is brown: "
        "a network that gives every colour a probability may choose instead (Zhang, Isola & "
        "Efros, 2016)."
    )
    st.dataframe(_card_figures(), hide_index=True, width="stretch")


def _card_figures() -> list[dict[str, object]]:
    """What the cards say: every colorizer on every test set, and grey on each."""
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for name in zoo.names():
        known = zoo.card(name)
        for row in known.figures:
            if "ciede2000" not in row or row["test_set"] == SAMPLE_CHECK:
                continue
            titles = {COLORIZED: known.title, GREY: "Grey"}
            title = titles.get(row["condition"], row["condition"])
            rows[row["test_set"], title] = {
                "Network": title,
                "Test set": row["test_set"],
                "PSNR, dB": row["psnr"],
                "SSIM": row["ssim"],
                "CIEDE2000": row["ciede2000"],
                "Colourfulness": row["colorfulness"],
            }
    return [rows[key] for key in sorted(rows)]
