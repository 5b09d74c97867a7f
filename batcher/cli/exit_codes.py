"""What each exit code means: of the man page and the reference."""

EXIT_CODES = {
    0: "every update succeeded or was unchanged",
    1: "it finished, and some failed, are in doubt, stale, differing, partial, or invalid (with"
    " --skip-invalid)",
    2: "wrong usage, or the input is invalid: nothing was sent",
    3: "it stopped itself: failure threshold, every call refused, a target away for too long, a"
    " change that nobody asked for, or an error such as a full disk; can be resumed",
    4: "it was interrupted and drained; can be resumed",
    5: "it could not start: credentials, endpoint, another account or Region than the run's, run"
    " directory in use, changed input, a hook that says no",
    6: "of drift alone: all was read, and live triggers are not as in the base",
    70: "a defect, or no thread or memory left on this host: it says where, and no update is"
    " charged with it; what was done is on disk, and the same command goes on with the rest",
}
