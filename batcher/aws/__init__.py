"""All that knows botocore, but for the queue of SQS; its errors stop here."""
