"""A scikit-learn Pipeline that hands lesion groups to every step that splits."""

from typing import Any

from sklearn.base import clone
from sklearn.pipeline import Pipeline

from features.extraction import View
from fusion.fitting import fit_parameters
from pipelines.data.manifest import manifest_groups


class LesionPipeline(Pipeline):
    """Pipeline whose `fit` takes groups from the manifest.

    Images of one lesion (or patient) must not be torn apart by an inner split: early stopping,
    stacking and calibration would score themselves on what they have seen. `fit` reads the
    groups off the manifest and gives them to each step whose own `fit` takes ``groups``, with
    metadata routing on or off. The first step is an `ImageFeatures`, or a `CrossFittedLogits`.

    See `sklearn.pipeline.Pipeline` for the parameters.
    """

    def fit(self, X, y=None, groups=None, **params):
        """Fit all steps.

        Parameters
        ----------
        X : manifest (DataFrame), sequence of paths, or uint8 array (n, height, width, 3)
            Images; for the `table_steps` a table of features.
        y : array-like of shape (n,)
            Labels.
        groups : array-like of shape (n,), optional
            Rows that belong together. By default those that share a patient or a lesion in the
            manifest; None where it has neither column.
        **params : dict
            As for `sklearn.pipeline.Pipeline.fit`.

        Returns
        -------
        self
        """
        if groups is None:
            groups = manifest_groups(X)
        if groups is not None:
            # As a plain Pipeline: this class's own `fit` would be asked instead of its steps.
            params = fit_parameters(Pipeline(self.steps), "groups", groups) | params
        return super().fit(X, y, **params)

    @property
    def image_step(self) -> Any:
        """First step: images to columns. Where it `learns`, every fold needs a fit of its own."""
        return self.steps[0][1]

    def image_parts(self) -> dict[str, tuple[Any, View]]:
        """List what is asked of an image: parts and the views they look at."""
        return self.image_step.image_parts()

    def table_steps(self) -> "LesionPipeline":
        """Everything after the first step, unfitted: a model of tables of features."""
        return LesionPipeline(clone(self).steps[1:], verbose=self.verbose)
