"""``make``: trains a network of the zoo again, by its recipe."""

from __future__ import annotations

import argparse
import dataclasses
import runpy
from typing import Any

from cae_core import zoo
from cae_core.cli.arguments import PROGRAM, Parser, path_argument
from cae_core.cli.places import check_place, unwritable
from cae_core.cli.terminal import DONE, aligned
from cae_core.cli.zoo import first_figure
from cae_core.errors import TrainingError
from cae_core.zoo import cards

OWN_RECIPE = "recipe.py"


def add_parser(commands: Any) -> None:
    """Declares the command and its options."""
    parser = commands.add_parser(
        "make",
        help="train a network of the zoo again",
        description="Trains a network of the zoo by its recipe and writes its weights, history and "
        "card.\nWithout a name: all networks, how long their trainings took and what they reached.",
        epilog=_EXAMPLES,
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="the network; default: list all")
    parser.add_argument(
        "options",
        nargs=argparse.REMAINDER,
        metavar="OPTIONS",
        help=f"options of the network's recipe, which {PROGRAM} make NAME --help lists",
    )
    parser.set_defaults(run=run)


_EXAMPLES = f"""
examples:
  {PROGRAM} make homework
  {PROGRAM} make homework --out FOLDER           # another folder than the zoo's
  {PROGRAM} make homework --card                 # measure the weights again, write the card
  {PROGRAM} make homework --words                # only write the card's words anew
  KERAS_BACKEND=jax {PROGRAM} make pca-64 --minutes 5
  {PROGRAM} make {zoo.PHOTO_DENOISER} --help
"""


def run(options: argparse.Namespace) -> int:
    """Trains one network, or lists all; returns the exit code."""
    from cae_core.recipes.rate_training import RATE_RECIPES, command_line
    from cae_core.recipes.table import JUDGE_RECIPES, RECIPES

    own = {path.parent.name: path for path in sorted(cards.FOLDER.glob(f"*/{OWN_RECIPE}"))}
    names = sorted([*RECIPES, *JUDGE_RECIPES, *RATE_RECIPES, *own])
    if options.name is None:
        print(_list_text(names))
    elif options.name in own:
        runpy.run_path(str(own[options.name]))["main"](options.options)
    elif options.name in RATE_RECIPES:
        command_line(options.name, options.options, print)
    elif options.name in names:
        _make(options.name, options.options)
    else:
        raise TrainingError(
            f"A recipe's name is one of: {', '.join(names)}. Received: {options.name!r}. "
            "Choose one of them."
        )
    return DONE


def _make(name: str, arguments: list[str]) -> None:
    """Trains, measures or describes a network of the table of recipes."""
    from cae_core.recipes import pipeline
    from cae_core.recipes.below_pca import BelowPca
    from cae_core.recipes.recipe import AnyRecipe, Recipe
    from cae_core.recipes.table import IMAGENET_RECIPES, JUDGE_RECIPES, RECIPES

    recipe: AnyRecipe = JUDGE_RECIPES[name] if name in JUDGE_RECIPES else RECIPES[name]
    folder = cards.FOLDER / name
    parser = Parser(prog=f"{PROGRAM} make {name}", description=recipe.card_fields["summary"])
    parser.add_argument("--card", action="store_true", help="only measure, and write the card")
    parser.add_argument("--words", action="store_true", help="only write the card's words anew")
    parser.add_argument(
        "--out",
        type=path_argument,
        default=folder,
        metavar="FOLDER",
        help="folder of weights and card; a training that was interrupted there goes on",
    )
    parser.add_argument(
        "--force", action="store_true", help="write over another network in the folder of --out"
    )
    if name in IMAGENET_RECIPES:
        parser.add_argument(
            "--imagenet",
            action="store_true",
            help="with ImageNet weights, which Keras downloads; needs --out",
        )
    if isinstance(recipe, Recipe) and isinstance(recipe.strategy, BelowPca):
        parser.add_argument(
            "--minutes",
            type=float,
            default=recipe.strategy.minutes,
            help="time budget of the training, default: %(default)s",
        )
    options = parser.parse_args(arguments)
    if isinstance(recipe, Recipe) and isinstance(recipe.strategy, BelowPca):
        strategy = dataclasses.replace(recipe.strategy, minutes=options.minutes)
        recipe = dataclasses.replace(recipe, strategy=strategy)
    if name in IMAGENET_RECIPES and options.imagenet:
        if options.out == folder:
            parser.error("--imagenet makes another network: name its folder with --out")
        recipe = IMAGENET_RECIPES[name]
    check_place("network", options.out / "card.json")
    if options.words:
        card = pipeline.describe(recipe, options.out)
    elif options.card:
        card = pipeline.measure(recipe, options.out)
    else:
        if options.out != folder:
            pipeline.check_folder(recipe, options.out, may_overwrite=options.force)
        try:
            options.out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable("network", options.out, str(error.strerror)) from error
        card = pipeline.make(recipe, options.out)
    for row in card.figures:
        print(row)


def _list_text(names: list[str]) -> str:
    """All networks that can be made, a line each."""
    rows = [("name", "minutes", "result")]
    for name in names:
        known = zoo.card(name) if name in zoo.names() else None
        minutes = "" if known is None else f"{known.seconds / 60:,.0f}"
        rows.append((name, minutes, "" if known is None else first_figure(known)))
    return "\n".join([*aligned(rows, right={1}), "", f"One of them: {PROGRAM} make NAME"])
