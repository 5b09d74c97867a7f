"""The service model of the installed botocore is read once a process."""

from batcher.aws.service_model import installed_service_model, model_loader


def test_the_model_is_that_of_customer_profiles_and_is_read_once() -> None:
    model = installed_service_model()
    assert model["metadata"]["serviceId"] == "Customer Profiles"
    assert installed_service_model() is model
    assert model_loader() is model_loader()
