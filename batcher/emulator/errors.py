"""The errors an answer can carry.

Which status each has is in the service model, or in the table below.
"""

FRONT_DOOR = {
    "ExpiredTokenException": 403,
    "IncompleteSignatureException": 400,
    "InvalidSignatureException": 403,
    "MissingAuthenticationTokenException": 403,
    "NotImplementedException": 501,
    "RequestEntityTooLargeException": 413,
    "UnknownOperationException": 404,
    "UnrecognizedClientException": 403,
}
"""Status of what AWS's front door says before a service is reached."""


class ServiceError(Exception):
    """An answer other than success: the error's code, as in the model or FRONT_DOOR, and its
    message.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


def bad_request(message: str) -> ServiceError:
    return ServiceError("BadRequestException", message)


def not_found(what: str) -> ServiceError:
    return ServiceError(
        "ResourceNotFoundException", f"{what} does not exist, or access was denied."
    )
