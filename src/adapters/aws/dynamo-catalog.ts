import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Catalog } from '../../ports/catalog.ts';
import { dynamoBuilds } from './dynamo/builds.ts';
import { dynamoDecisions } from './dynamo/decisions.ts';
import { dynamoEvents } from './dynamo/events.ts';
import { dynamoGrants } from './dynamo/grants.ts';
import { dynamoImages } from './dynamo/images.ts';
import { dynamoLeases } from './dynamo/leases.ts';
import { dynamoVersions } from './dynamo/versions.ts';

/**
 * The catalog in one DynamoDB table (`pk`, `sk`; indexes `group` and `all`). Whatever a step decides on is read strongly
 * consistently; lists over all images come from the indexes, which follow within about a second.
 */
export function dynamoCatalog({ table, client }: { table: string; client: DynamoDBClient }): Catalog {
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  const place = { name: table, client: documents };
  return {
    ...dynamoImages(place),
    ...dynamoBuilds(place),
    ...dynamoVersions(place),
    ...dynamoGrants(place),
    ...dynamoLeases(place),
    ...dynamoEvents(place),
    ...dynamoDecisions(place),
  };
}
