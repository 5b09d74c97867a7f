"""The errors an answer can carry. The status of each is in the service model or in the table."""

COMMON_ERRORS = {
    "ExpiredTokenException": 403,
    "IncompleteSignatureException": 400,
    "InvalidSignatureException": 403,
    "MissingAuthenticationTokenException": 403,
    "NotImplementedException": 501,
    "RequestEntityTooLargeException": 413,
    "UnknownOperationException": 404,
    "UnrecognizedClientException": 403,
}
"""Status of what AWS answers before a service is reached."""


class ServiceError(Exception):
    """An answer other than success: a code of the model or of COMMON_ERRORS, and a message."""

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
