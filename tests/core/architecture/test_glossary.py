"""The notation as a table."""

from cae_core.architecture.glossary import glossary
from cae_core.architecture.layers import LAYER_KINDS
from cae_core.architecture.tokens import parse_layer


def test_every_kind_of_layer_has_an_entry_that_can_be_read_back():
    entries = glossary()
    assert [type(parse_layer(entry.token)) for entry in entries] == list(LAYER_KINDS.values())
    assert all(entry.title and entry.summary for entry in entries)


def test_settings_are_written_as_in_the_text():
    settings = {entry.token: entry.settings for entry in glossary()}
    assert "s1: stride" in settings["conv16"]
    assert ":same, :valid: padding" in settings["conv16"]
    assert ":relu and others: activation" in settings["conv16"]
    assert settings["@a"] == ("@a: name",)
    assert settings["dropout0.2"] == ("0.2: rate",)
