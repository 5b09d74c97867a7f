"""The codes of errors that batcher gives or compares, each under one name.

What AWS's other codes mean is a table in ``accounting.verdicts``.
"""

# AWS's
RESOURCE_NOT_FOUND = "ResourceNotFoundException"  # no such domain or trigger, or none to be seen
TIME_REFUSED = ("RequestExpired", "RequestTimeTooSkewed")  # one of the two clocks is off

# of an update
INVALID = "Invalid"  # it breaks a rule of the input, and was not sent
STALE = "Stale"  # the live trigger is not what the update was based on
PARTIAL = "Partial"  # put back, but for what an update can't take away
NOT_AS_ASKED = "NotAsAsked"  # AWS's answer, or the live trigger, shows something else
MORE_THAN_ASKED = "MoreThanAsked"  # AWS's answer shows a change that nobody asked for
CHANGED_SINCE = "ChangedSince"  # the live trigger is neither as asked nor as it was
INTEGRATION_ATTACHED = "IntegrationAttached"  # not deleted to be created anew: it is in use
NOT_RECREATED = "NotRecreated"  # deleted, and could not be created anew
COPY_INCOMPLETE = "CopyIncomplete"  # created, without the tags or integration of its model
RECREATION_STOPPED = "RecreationStopped"  # not deleted, as another could not be created anew
IN_DOUBT = "InDoubt"  # whether it was applied is not known, so nor what its trigger is now
TARGET_UNUSABLE = "TargetUnusable"  # its target can't be connected to
RESULT_LOST = "ResultLost"  # its result was in a damaged journal, and is lost
INTERRUPTED = "Interrupted"  # its request was under way when the work ended

# of an attempt
NO_CREDENTIALS = "NoCredentials"  # there were none to sign it with
CREDENTIALS_UNAVAILABLE = "CredentialsUnavailable"  # whoever gives them does not for now
WRONG_ACCOUNT = "WrongAccount"  # those to sign it with are not of its target's account
NOT_SENDABLE = "ParamValidationError"  # the SDK makes no request of it
PROXY_REFUSED = "ProxyRefused"  # the proxy lets nothing through
TOO_MANY_OPEN_FILES = "TooManyOpenFiles"  # no descriptor for a connection
TOO_MANY_THREADS = "TooManyThreads"  # none more can be started
OUT_OF_MEMORY = "OutOfMemory"
CONNECTION_CLOSED = "ConnectionClosedError"  # it may have left before the connection broke
READ_TIMEOUT = "ReadTimeoutError"  # it left, and no answer came in time
UNKNOWN_CODE = "UnknownCode"  # AWS's answer has a code that is none of AWS's
UNREADABLE_ANSWER = "UnreadableAnswer"  # no answer to what was asked, or none that can be read
REDIRECTED = "Redirected"  # to another host, to which nothing is sent

# of a message
TOO_MANY_RECEIVES = "TooManyReceives"  # leased again and again, and never settled
