"""What is behind ``update_many`` and ``iter_updates``: one batch of a caller's own updates."""
