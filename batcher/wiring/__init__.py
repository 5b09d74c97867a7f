"""Where ports meet adapters: line readers, targets, pacers and lanes, made from settings."""
