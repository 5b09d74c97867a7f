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

# of an error that ends a command, or a call of the library
SETTINGS_INVALID = "SettingsInvalid"  # a setting is not known, or has a value that it can't have
INPUT_INVALID = "InputInvalid"  # the input can't be read, or breaks a rule
OTHER_TOOL = "InputOfOtherTool"  # it is of another tool than was said
OUTPUT_EXISTS = "OutputExists"  # a file that was asked for is there already
OUTPUT_FAILED = "OutputFailed"  # a file that was asked for can't be written
RUN_DIRECTORY = "RunDirectoryUnusable"  # of another place, not there, not readable
IN_USE = "RunDirectoryInUse"  # another process holds it
OTHER_RUN = "OtherRun"  # the run in the directory was begun with another input or meaning
HOOK_REFUSED = "HookRefused"  # a hook that has to succeed did not
AWS_UNUSABLE = "AwsUnusable"  # AWS does not let the work go on
UNTRUSTED = "EndpointUntrusted"  # TLS with the endpoint can't be agreed on
NOT_SENT = "NotSent"  # requests can't leave this machine
CREDENTIALS_UNUSABLE = "CredentialsUnusable"  # missing, expired or refused
TARGET_AWAY = "TargetAway"  # it answered nothing but faults for too long
CREDENTIALS_AWAY = "CredentialsAway"  # it refused credentials for too long
NOT_SENT_AWAY = "TargetOutOfReach"  # nothing reached it for too long
JOURNAL_FAILED = "JournalFailed"  # results can't be put on disk any more
DAMAGED = "FileDamaged"  # a file of a run directory is not as it was written
QUEUE_AWAY = "QueueAway"  # it can't be reached, or refuses
QUEUE_MISSING = "QueueMissing"  # there is none at that place
QUEUE_UNUSABLE = "QueueUnusable"  # its server can't hold it as it is set up
QUEUE_UNANSWERED = "QueueUnanswered"  # no answer came: what was asked may have been done
STATUS_ADDRESS = "StatusAddressUnusable"  # it is taken, or none of this host's
CONTROL_FAILED = "ControlFailed"  # what is at work was not told
UPLOAD_FAILED = "UploadFailed"  # results are not proved to be where they were sent
UPDATES_FAILED = "NotAllDone"  # not every update was done, and somebody asks for that

# of what else ends a command
USAGE = "Usage"  # a flag, an argument or a choice that the command does not have
FILE_MISSING = "FileMissing"
ACCESS_REFUSED = "AccessRefused"  # by the file system
HOST_LIMIT = "HostLimit"  # no room, descriptors, memory or threads left
SYSTEM_ERROR = "SystemError"  # whatever else the operating system refuses
DEFECT = "Defect"  # of batcher's own
