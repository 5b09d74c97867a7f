"""Which commands there are, by what they are for. Imports none of them."""

GROUPS = {
    "Before a run": {
        "doctor": "Tell what keeps this from working, and what to mend.",
        "compose": "Make updates of FILE that hold only what changes.",
        "export": "Write the live triggers of domains as updates, one a line.",
        "validate": "Check every line of FILE and send nothing.",
        "lint": "Look for likely mistakes in the updates of FILE.",
        "simulate": "Show which events would start or stop firing with FILE.",
        "explain": "Say why a trigger fires on an event, or why not.",
        "plan": "Show what the updates of FILE would change.",
        "rehearse": "Do the whole job on a local Customer Profiles first.",
        "schema": "Print the JSON Schema of an update line, for editors.",
    },
    "Change triggers": {
        "run": "Change the triggers of FILE, within the quota.",
        "worker": "Send the updates of a queue.",
        "enqueue": "Check every line of FILE and put its updates into a queue.",
    },
    "After a run": {
        "report": "Show what a run was asked and what came of it.",
        "verify": "Prove the books of a run.",
        "drift": "Show what was changed since an export or a run.",
        "retry": "Run again what failed or is in doubt in a run.",
        "rollback": "Put back what a run has changed, or what workers have.",
        "history": "Show which runs touched a trigger, when, by whom and why.",
    },
    "Operate": {
        "ctl": "Tell a run or a worker what to do: pause, slow down, stop.",
        "queue": "Look after a queue: its depth and its dead letters.",
        "quota": "Show the quotas that are remembered, or forget them.",
        "calibrate": "Measure the quota with updates that change nothing.",
        "completion": "Print or install completion for bash, zsh or fish.",
        "man": "Print the man page.",
    },
    "Try it": {
        "demo": "Run made-up updates against a Customer Profiles on loopback.",
        "emulator": "Start a Customer Profiles on loopback.",
    },
}
"""Each command, in a module of its own name, with the first sentence of its own help.

One fits a line of 80 columns.
"""

COMMANDS = {name: about for group in GROUPS.values() for name, about in group.items()}
