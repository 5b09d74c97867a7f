"""What a page may load: its own style sheet and icon, and nothing else unless it is named."""

from batcher.pages.style_sheet import style_hash


def content_policy(**sources: str) -> str:
    """A Content-Security-Policy, for a ``<meta>`` or the header of that name.

    ``sources``: what may come from elsewhere than the page, such as ``connect_src="'self'"``.
    """
    allowed = {
        "default_src": "'none'",
        "style_src": style_hash(),
        "img_src": "data:",  # the icon
        "base_uri": "'none'",
        "form_action": "'none'",
        **sources,
    }
    return "; ".join(f"{name.replace('_', '-')} {value}" for name, value in allowed.items())
