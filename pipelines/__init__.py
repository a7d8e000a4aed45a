"""Whole recipes and runs: data, models, evaluation, reports, artifacts and the command line.

Names are loaded when first used (they stand in ``__init__.pyi``), so that the command line can
say in a sentence what is wrong with an installation in which OpenCV or torch does not load.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
