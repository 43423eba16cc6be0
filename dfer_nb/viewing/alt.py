"""The book's side of `show`: myst-nb keeps no alternative text of a stored picture, so this renderer adds it.

Registered in pyproject.toml as an entry point of the group `myst_nb.mime_renderers`.
"""

from myst_nb.core.render import MimeRenderPlugin


class AltText(MimeRenderPlugin):
    """Renders a stored picture as myst-nb does, with the `alt` of the output's metadata on it."""

    @staticmethod
    def handle_mime(renderer, data, inline):
        """The image node with its alt; None (not ours) for other data, or a picture without one."""
        alt = data.output_metadata.get(data.mime_type, {}).get("alt")
        if inline or not alt or data.mime_type not in ("image/png", "image/jpeg"):
            return None
        images = renderer.render_image(data)
        for image in images:
            image["alt"] = alt
        return images
