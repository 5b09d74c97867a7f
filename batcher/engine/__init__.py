"""Updates at work: taken by trigger, paced, settled with retries; it knows ports, no adapters."""
