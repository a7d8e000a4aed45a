"""A bar over steps of long work, which tells the time left."""

from typing import Self

from tqdm import tqdm


class Steps:
    """Counts steps on a bar; one that is not shown does nothing.

    Parameters
    ----------
    name : str, default=""
        What is done.
    shown : bool, default=False
        Whether there is a bar at all.
    """

    def __init__(self, name: str = "", *, shown: bool = False):
        self._bar = tqdm(desc=name or None, unit="step", disable=not shown)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.close()

    def expect(self, n_steps: int) -> None:
        """Begin so many steps of one kind: their pace tells the time left."""
        self._bar.reset(total=n_steps)

    def tell(self, what: str) -> None:
        """Count a step that is finished."""
        self._bar.update()
        self._bar.set_postfix_str(what)

    def tell_fold(self, model: str, fold: int) -> None:
        """Count a fold that is finished."""
        self.tell(f"{model}, fold {fold}")
