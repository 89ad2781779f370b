"""A small run of a scenario, shown: the numbers an author looks at first, as a page and on a terminal."""

from simulator.authoring.preview.report import SIZE, Preview, preview_of

__all__ = ["SIZE", "Preview", "preview_of"]
