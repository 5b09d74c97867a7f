"""Where ports meet adapters: targets, pacers and lanes, made from settings."""
