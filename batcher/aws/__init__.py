"""All that knows botocore, but for the queue of SQS: clients, credentials, attempts, the service
model, S3.
"""
