"""What ``--hook`` says: a hook beside those of the settings file."""

from collections.abc import Sequence

from msgspec.structs import replace

from batcher.cli.output.echo import echo
from batcher.config import Settings
from batcher.config.hook_settings import parse_hook, read_hooks


def with_hooks(settings: Settings, texts: Sequence[str]) -> Settings:
    """Settings with the hooks of the command line beside theirs. Raises SettingsError."""
    if not texts:
        return settings
    hooks = read_hooks("--hook", list(map(parse_hook, texts)))
    if any(hook.url is not None and hook.url.strip("/").count("/") > 2 for hook in hooks):
        echo(
            "--hook: all users of this host can read the whole address in the list of processes"
            " (ps). Where it has a secret in it, give it as url in [[hooks]] of the file of"
            " --config instead.",
            err=True,
        )
    return replace(settings, hooks=(*settings.hooks, *hooks))
