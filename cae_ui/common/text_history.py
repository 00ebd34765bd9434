"""The texts that a field had, for Undo and Redo."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_TEXTS = 100


@dataclass
class TextHistory:
    """The texts of a field in the order in which they were written.

    Attributes:
        first: The text at the beginning.
        texts: The last of them, at most `MOST_TEXTS`.
        position: The place of the present one in `texts`.

    Example:
        >>> history = TextHistory("a")
        >>> history.visit("b")
        >>> history.before, history.after
        ('a', None)
        >>> history.visit("a")
        >>> history.before, history.after
        (None, 'b')
    """

    first: str
    texts: list[str] = field(default_factory=list)
    position: int = 0

    def __post_init__(self) -> None:
        self.texts = self.texts or [self.first]

    @property
    def before(self) -> str | None:
        """The text before the present one; None at the beginning."""
        return self.texts[self.position - 1] if self.position else None

    @property
    def after(self) -> str | None:
        """The text that was left by going back; None where there is none."""
        return self.texts[self.position + 1] if self.position + 1 < len(self.texts) else None

    def visit(self, text: str) -> None:
        """Notes the present text.

        That before or after the last one is gone to, by whatever way; another is a new one, and
        those after the last one are forgotten.
        """
        if text == self.texts[self.position]:
            return
        if text == self.before:
            self.position -= 1
        elif text == self.after:
            self.position += 1
        else:
            self.texts = [*self.texts[: self.position + 1], text][-MOST_TEXTS:]
            self.position = len(self.texts) - 1
