// Drives the emulator with the AWS SDK for JavaScript: every emulated operation, errors, paging, an assumed role.
// Arguments: endpoint, access key id, secret, account. Prints "ok"; exits non-zero at the first difference.
import assert from "node:assert/strict";
import * as profiles from "@aws-sdk/client-customer-profiles";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const [endpoint, accessKeyId, secretAccessKey, account] = process.argv.slice(2);
const region = "eu-west-1";
const settings = { endpoint, region, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 };
const client = new profiles.CustomerProfilesClient(settings);
const call = (name, input) => client.send(new profiles[`${name}Command`](input));
const refused = async (promise, name, status) => {
  const error = await promise.then(() => assert.fail(`expected ${name}`), (reason) => reason);
  assert.equal(error.name, name);
  assert.equal(error.$metadata.httpStatusCode, status);
  assert.match(error.$metadata.requestId, /^[0-9a-f-]{36}$/);
  return error;
};

const trigger = { DomainName: "js", EventTriggerName: "cart" };
const conditions = [
  {
    EventTriggerDimensions: [
      { ObjectAttributes: [{ Source: "a.b", ComparisonOperator: "CONTAINS", Values: ["ü", "😀"] }] },
    ],
    LogicalOperator: "ANY",
  },
];

const domain = await call("CreateDomain", { DomainName: "js", DefaultExpirationDays: 7, Tags: { team: "crm" } });
assert.ok(domain.CreatedAt instanceof Date);
assert.equal((await call("GetDomain", { DomainName: "js" })).Tags.team, "crm");
assert.ok((await call("ListDomains", {})).Items.some((item) => item.DomainName === "js"));

const created = await call("CreateEventTrigger", {
  ...trigger,
  ObjectTypeName: "Orders",
  EventTriggerConditions: conditions,
});
const limits = { EventExpiration: 600000, Periods: [{ Unit: "DAYS", Value: 1, Unlimited: true }] };
const updated = await call("UpdateEventTrigger", { ...trigger, Description: "new", EventTriggerLimits: limits });
assert.deepEqual(updated.EventTriggerConditions, conditions);
assert.ok(updated.LastUpdatedAt > created.LastUpdatedAt);
const { $metadata: _, ...found } = await call("GetEventTrigger", trigger);
assert.deepEqual(found.EventTriggerLimits, limits);
assert.deepEqual(found.LastUpdatedAt, updated.LastUpdatedAt);

const names = [];
for (const name of ["one", "two", "three"]) {
  await call("CreateEventTrigger", {
    DomainName: "js",
    EventTriggerName: name,
    ObjectTypeName: "Orders",
    EventTriggerConditions: conditions,
  });
}
for await (const page of profiles.paginateListEventTriggers({ client, pageSize: 1 }, { DomainName: "js" })) {
  assert.equal(page.Items.length, 1);
  names.push(page.Items[0].EventTriggerName);
}
assert.deepEqual(names, ["cart", "one", "three", "two"]);

const resourceArn = `arn:aws:profile:${region}:${account}:domains/js/event-triggers/cart`;
await call("TagResource", { resourceArn, tags: { "a/b": "1", c: "2" } });
await call("UntagResource", { resourceArn, tagKeys: ["a/b", "x"] });
assert.deepEqual((await call("ListTagsForResource", { resourceArn })).tags, { c: "2" });

const invalid = await refused(
  call("UpdateEventTrigger", { ...trigger, SegmentFilter: "not a name" }),
  "BadRequestException",
  400,
);
assert.ok(invalid instanceof profiles.BadRequestException);
assert.match(invalid.message, /^1 validation error detected: Value 'not a name' at 'segmentFilter' failed/);
await refused(call("GetEventTrigger", { ...trigger, EventTriggerName: "x" }), "ResourceNotFoundException", 404);
await refused(call("CreateEventTrigger", { ...created, ...trigger }), "BadRequestException", 400);
await refused(call("DeleteDomain", { DomainName: "js" }), "NotImplementedException", 501);

const script = { operation: "UpdateEventTrigger", faults: ["throttle", "internal", "access-denied"] };
await fetch(`${endpoint}/_emulator/script`, { method: "POST", body: JSON.stringify(script) });
await refused(call("UpdateEventTrigger", trigger), "ThrottlingException", 429);
await refused(call("UpdateEventTrigger", trigger), "InternalServerException", 500);
await refused(call("UpdateEventTrigger", trigger), "AccessDeniedException", 403);

const stranger = { accessKeyId, secretAccessKey: "wrong" };
const wrong = new profiles.CustomerProfilesClient({ ...settings, credentials: stranger });
await refused(wrong.send(new profiles.ListDomainsCommand({})), "InvalidSignatureException", 403);

const sts = new STSClient(settings);
assert.equal((await sts.send(new GetCallerIdentityCommand({}))).Account, account);
const role = { RoleArn: "arn:aws:iam::123456789012:role/js", RoleSessionName: "js", DurationSeconds: 900 };
const { Credentials: issued } = await sts.send(new AssumeRoleCommand(role));
const credentials = {
  accessKeyId: issued.AccessKeyId,
  secretAccessKey: issued.SecretAccessKey,
  sessionToken: issued.SessionToken,
};
const assumed = new profiles.CustomerProfilesClient({ ...settings, credentials });
assert.deepEqual((await assumed.send(new profiles.ListDomainsCommand({}))).Items, []);

assert.equal((await call("DeleteEventTrigger", trigger)).Message, "OK");
console.log("ok");
